import { describe, expect, test } from "bun:test";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CANARY, configYaml, createSite, OTHER_UUID, offeringYaml, onlyOffering, UUID } from "./site.ts";

const load = (offering: string[], settings?: string[]) =>
  createSite().load(configYaml(offeringYaml({ offering, ...(settings && { settings }) })));

const FIXTURES = join(import.meta.dir, "../../fixtures/config");

describe("which offerings are ours", () => {
  test.each([
    ["cscs-hpc-storage", "cscs-hpc-storage", true, true],
    ["CSCS-HPC-Storage", '" Cscs-hpc-storage "', true, true],
    ["cscs-hpc-storage", '""', true, false],
    ["slurm", "cscs-hpc-storage", false, true],
  ])("backend_type %s, order_processing_backend %s", async (type, backend, sync, orders) => {
    const outcome = await load([`backend_type: ${type}`, `order_processing_backend: ${backend}`]);
    expect(onlyOffering(outcome)).toMatchObject({ sync, orders });
  });

  test("those of other backends are left out, whatever they say", async () => {
    const foreign =
      "  - {backend_type: slurm, waldur_offering_uuid: 7, verify_ssl: 3, backend_settings: []}\n";
    const outcome = await createSite().load(configYaml(foreign, offeringYaml(), "  - {}\n"));
    expect(onlyOffering(outcome).uuid).toBe(UUID);
    expect(outcome.config?.warnings).toEqual([]);
  });

  test("none of ours is an error", async () => {
    const { issues } = await createSite().load(configYaml("  - {backend_type: slurm}\n"));
    expect(issues).toMatchObject([{ path: "offerings", message: "no offering is for this program" }]);
  });

  test("a backend that is nearly ours is worth a warning", async () => {
    const { config } = await load(["order_processing_backend: cscs_hpc_storage"]);
    expect(config?.warnings).toMatchObject([
      { path: "offerings[0].order_processing_backend", hint: "did you mean cscs-hpc-storage?" },
    ]);
  });
});

describe("an offering", () => {
  test.each([
    [UUID, UUID],
    ["D629D5E4-5567-425D-A9CD-B4A1D5A1F5D0", UUID],
    ["d629d5e4-5567-425d-a9cd-b4a1d5a1f5d0", UUID],
  ])("takes the UUID %s", async (text, uuid) => {
    expect(onlyOffering(await load([`waldur_offering_uuid: ${text}`])).uuid).toBe(uuid);
  });

  test.each([
    "d629d5e4",
    `${UUID}0`,
    "d629-d5e45567425da9cdb4a1d5a1f5d0",
    `"x${UUID.slice(1)}"`,
    "12",
    '""',
    "[]",
  ])("refuses the UUID %s", async (text) => {
    const { issues } = await load([`waldur_offering_uuid: ${text}`]);
    expect(issues).toMatchObject([{ path: "offerings[0].waldur_offering_uuid" }]);
  });

  test.each(["waldur_api_url", "waldur_offering_uuid"])("needs %s", async (key) => {
    const { issues } = await createSite().load(configYaml(offeringYaml({ without: [key] })));
    expect(issues).toMatchObject([
      { line: 2, column: 5, path: `offerings[0].${key}`, message: "is missing" },
    ]);
  });

  test("is called by its UUID when it has no name", async () => {
    expect(onlyOffering(await load(["name:"])).name).toBe(UUID);
    expect(onlyOffering(await load(['name: ""'])).name).toBe(UUID);
    expect(onlyOffering(await load(["name: Store"])).name).toBe("Store");
  });

  test("has its address in one spelling", async () => {
    expect(onlyOffering(await load(["waldur_api_url: https://h.example/x"])).apiUrl).toBe(
      "https://h.example/x/api/",
    );
  });

  test.each(["h.example", `https://${CANARY}@h.example/`, `https://h.example/?${CANARY}`, "5"])(
    "refuses the address %s",
    async (url) => {
      const { issues, shown } = await load([`waldur_api_url: ${url}`]);
      expect(issues).toMatchObject([{ path: "offerings[0].waldur_api_url" }]);
      expect(shown).not.toContain(CANARY);
    },
  );

  test("two with one UUID are refused, and both are named", async () => {
    const other = offeringYaml({
      offering: ["name: Other", "waldur_offering_uuid: D629D5E4-5567-425D-A9CD-B4A1D5A1F5D0"],
      settings: ["output_directory: /srv/other"],
    });
    const { issues } = await createSite().load(configYaml(offeringYaml(), other));
    expect(issues).toMatchObject([{ path: "offerings[1].waldur_offering_uuid" }]);
    expect(issues[0]?.message).toContain("offerings[0] (Storage)");
    expect(issues[0]?.message).toContain("offerings[1] (Other)");
  });
});

describe("the directory of acks", () => {
  const answered = (settings: string[], offering: string[] = []) =>
    offeringYaml({ offering, settings: ["completion: on-ack", ...settings] });
  const second = (settings: string[]) =>
    answered(["output_directory: /srv/other", ...settings], [`waldur_offering_uuid: ${OTHER_UUID}`]);
  const first = answered(["output_directory: /srv/out"]);

  test.each(["/srv/out/acks", "/srv/out/acks/", "/srv/./x/../out/acks"])(
    "may not be that of an offering with another output directory: %s",
    async (directory) => {
      const { issues } = await createSite().load(configYaml(first, second([`acks_directory: ${directory}`])));
      expect(issues).toMatchObject([{ path: "offerings[1].backend_settings.acks_directory" }]);
      expect(issues[0]?.message).toContain("offerings[0] (Storage)");
    },
  );

  test("may be reached by a link, and is the same all the same", async () => {
    const site = createSite();
    symlinkSync(site.directory, join(site.directory, "link"));
    const one = answered(["output_directory: /srv/out", `acks_directory: ${site.directory}`]);
    const { issues } = await site.load(
      configYaml(one, second([`acks_directory: ${join(site.directory, "link")}`])),
    );
    expect(issues).toMatchObject([{ path: "offerings[1].backend_settings.acks_directory" }]);
  });

  test("may be shared by offerings of orders that share the output directory, or where nothing reads it", async () => {
    const sharing = offeringYaml({
      offering: [`waldur_offering_uuid: ${OTHER_UUID}`, "backend_type: slurm"],
      settings: ["completion: on-ack", "output_directory: /srv/out", "storage_system: other"],
    });
    const unread = second(["acks_directory: /srv/out/acks"]).replace(
      "completion: on-ack",
      "completion: external",
    );
    for (const other of [sharing, unread])
      expect((await createSite().load(configYaml(first, other))).issues).toEqual([]);
  });

  test.each(["/srv/out", "/srv/x/../out/"])("may not be the output directory: %s", async (directory) => {
    const yaml = answered(["output_directory: /srv/out", `acks_directory: ${directory}`]);
    const { issues } = await createSite().load(configYaml(yaml));
    expect(issues).toMatchObject([{ path: "offerings[0].backend_settings.acks_directory" }]);
  });
});

describe("the output directory of two offerings", () => {
  const other = (directory: string, more: string[] = []) =>
    offeringYaml({
      offering: [`waldur_offering_uuid: ${OTHER_UUID}`, ...more],
      settings: [`output_directory: ${directory}`],
    });

  test.each(["/srv/out", "/srv/out/", "/srv/./x/../out", "out"])(
    "may not be the same: %s",
    async (directory) => {
      const { issues } = await createSite().load(configYaml(offeringYaml(), other(directory)), {
        cwd: "/srv",
      });
      expect(issues).toMatchObject([{ path: "offerings[1].backend_settings.output_directory" }]);
      expect(issues[0]?.message).toContain("/srv/out");
    },
  );

  test("may not be the same by default", async () => {
    const first = offeringYaml({ settings: [] });
    const second = offeringYaml({
      offering: [`waldur_offering_uuid: ${OTHER_UUID}`],
      settings: ["keep_snapshots: 1"],
    });
    const { issues } = await createSite().load(configYaml(first, second));
    expect(issues).toMatchObject([{ path: "offerings[1].backend_settings.output_directory" }]);
  });

  test("may not be the same through a link", async () => {
    const site = createSite();
    symlinkSync(site.directory, join(site.directory, "link"));
    const first = offeringYaml({ settings: [`output_directory: ${site.directory}/new`] });
    const { issues } = await site.load(configYaml(first, other(join(site.directory, "link", "new"))));
    expect(issues.length).toBe(1);
  });

  test("may be the same when only one of them is for sync", async () => {
    const { config } = await createSite().load(
      configYaml(offeringYaml(), other("/srv/out", ["backend_type: slurm"])),
    );
    expect(config?.offerings.length).toBe(2);
  });
});

describe("the connection", () => {
  test("plain HTTP beyond loopback is warned about, on loopback it is not", async () => {
    const far = await load(["waldur_api_url: http://waldur.example.com/api/"]);
    expect(far.config?.warnings).toMatchObject([{ path: "offerings[0].waldur_api_url" }]);
    const near = await load(["waldur_api_url: http://localhost:8081/api/"]);
    expect(near.config?.warnings).toEqual([]);
  });

  test("verify_ssl: false works, and is warned about", async () => {
    const outcome = await load(["verify_ssl: false"]);
    expect(onlyOffering(outcome).verifyTls).toBe(false);
    expect(outcome.config?.warnings).toMatchObject([{ path: "offerings[0].verify_ssl" }]);
    for (const word of ["no", "No", "off", "OFF"]) {
      expect(onlyOffering(await load([`verify_ssl: ${word}`])).verifyTls).toBe(false);
    }
    expect(onlyOffering(await load(["verify_ssl: true"])).verifyTls).toBe(true);
    expect(onlyOffering(await load(["verify_ssl: yes"])).verifyTls).toBe(true);
    expect(onlyOffering(await load([])).verifyTls).toBe(true);
  });

  test.each(['"false"', '"no"', "0"])("verify_ssl: %s is refused", async (value) => {
    const { issues } = await load([`verify_ssl: ${value}`]);
    expect(issues).toMatchObject([{ path: "offerings[0].verify_ssl", message: "must be true or false" }]);
  });

  test("ca_file is read from beside the configuration file", async () => {
    const pem = readFileSync(join(FIXTURES, "ca.pem"), "utf8");
    const site = createSite();
    site.write("ca.pem", pem);
    const yaml = configYaml(offeringYaml({ offering: ["ca_file: ca.pem"] }));
    expect(onlyOffering(await site.load(yaml, { cwd: "/" })).caPem).toBe(pem);
    expect(onlyOffering(await load(['ca_file: ""'])).caPem).toBeNull();
    expect(onlyOffering(await load([])).caPem).toBeNull();
  });

  test.each([
    ["no certificate", "hello"],
    ["a damaged one", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ["an open one", "-----BEGIN CERTIFICATE-----\nAAAA\n"],
    ["nothing", ""],
  ])("ca_file with %s is refused", async (_, pem) => {
    const site = createSite();
    site.write("ca.pem", pem);
    const { issues } = await site.load(configYaml(offeringYaml({ offering: ["ca_file: ca.pem"] })));
    expect(issues).toMatchObject([{ path: "offerings[0].ca_file" }]);
    expect(issues[0]?.message).toContain("is not a PEM file");
  });

  test("ca_file that is missing is refused", async () => {
    const { issues } = await load(["ca_file: /nonexistent/ca.pem"]);
    expect(issues[0]?.message).toBe("/nonexistent/ca.pem does not exist");
  });

  const withProxy = (proxy: string) =>
    createSite().load(`global_proxy: ${proxy}\n${configYaml(offeringYaml())}`);

  test.each([
    ["http://proxy.example:3128", "http://proxy.example:3128/"],
    ["https://user:pw@proxy.example", "https://user:pw@proxy.example/"],
    ['""', null],
  ])("global_proxy %s is used", async (proxy, expected) => {
    expect(onlyOffering(await withProxy(proxy)).proxy).toBe(expected);
  });

  test.each([
    ["socks5://proxy.example:1080", "SOCKS"],
    ["SOCKS5H://proxy.example:1080", "SOCKS"],
    ["proxy.example:3128", "http://"],
    ["ftp://proxy.example", "http://"],
  ])("global_proxy %s is refused", async (proxy, message) => {
    const { issues } = await withProxy(proxy);
    expect(issues).toMatchObject([{ path: "global_proxy" }]);
    expect(issues[0]?.message).toContain(message);
  });
});

describe("keys of the site agent", () => {
  test.each(["stomp_enabled", "mqtt_enabled", "stomp_membership_sync_enabled"])(
    "%s does nothing here",
    async (key) => {
      const { config } = await load([`${key}: true`]);
      expect(config?.warnings).toMatchObject([{ path: `offerings[0].${key}` }]);
      expect((await load([`${key}: false`])).config?.warnings).toEqual([]);
    },
  );

  test("others are accepted without a message", async () => {
    const yaml = [
      'sentry_dsn: ""',
      "log_shipping: {enabled: true}",
      "elastic_apm_server_url: x",
      "x-notes: [1, 2]",
      configYaml(
        offeringYaml({
          offering: [
            "reporting_backend: cscs-hpc-storage",
            "membership_sync_backend: slurm",
            "username_management_backend: base",
            "websocket_use_tls: false",
            "resource_import_enabled: false",
            "oidc_client_id: a",
            "backend_components: {storage: {measured_unit: TB, label: x, limit: 5, min_value: 1, description: y}}",
          ],
          settings: [
            "output_directory: /srv/out",
            "storage_systems: {a: b}",
            "hpc_user_api_url: x",
            "hpc_user_client_secret: x",
            "customer_prefix: hpc_",
            "check_backend_id_uniqueness: true",
            "backend_id_max_retries: 3",
          ],
        }),
      ),
    ].join("\n");
    const { config, shown } = await createSite().load(yaml);
    expect(config).not.toBeNull();
    expect(shown).toBe("");
  });
});

describe("the example of the Python plugin", () => {
  const example = readFileSync(join(FIXTURES, "example.yaml"), "utf8");

  test("is refused for its empty tokens and UUIDs only", async () => {
    const { issues } = await createSite().load(example);
    expect(issues.map(({ line, path, message }) => [line, path, message])).toEqual([
      [6, "offerings[0].waldur_api_token", "there is no token"],
      [7, "offerings[0].waldur_offering_uuid", "is empty"],
      [28, "offerings[1].waldur_api_token", "there is no token"],
      [29, "offerings[1].waldur_offering_uuid", "is empty"],
    ]);
  });

  test("loads when it is filled in", async () => {
    const uuids = [UUID, OTHER_UUID];
    const filled = example
      .replaceAll('waldur_api_token: ""', `waldur_api_token: "${CANARY}"`)
      .replaceAll('waldur_offering_uuid: ""', () => `waldur_offering_uuid: "${uuids.shift()}"`);
    const { config } = await createSite().load(filled, { cwd: "/srv" });
    expect(config?.timezone).toBe("UTC");
    expect(config?.offerings).toMatchObject([
      { name: "CSCS HPC Storage Offering", apiUrl: "http://localhost:8081/api/", sync: true, orders: true },
      {
        name: "Research Storage Offering",
        sync: true,
        orders: false,
        component: { name: "storage", unitFactor: 1 },
      },
    ]);
    expect(config?.offerings.map(({ settings }) => settings)).toMatchObject([
      {
        outputDirectory: "/srv/cscs-storage-orders",
        storageFileSystem: "lustre",
        inodeSoftCoefficient: 1.33,
      },
      {
        outputDirectory: "/srv/research-storage-orders",
        storageFileSystem: "gpfs",
        useMockTargetItems: true,
      },
    ]);
    expect(config?.warnings.map(({ path }) => path)).toEqual([
      "offerings[0].backend_settings.output_directory",
      "offerings[1].backend_settings.output_directory",
    ]);
  });
});
