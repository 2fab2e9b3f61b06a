import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  asNobody,
  attempt,
  CANARY,
  configYaml,
  createSite,
  OTHER_UUID,
  offeringYaml,
  onlyOffering,
  temporaryDirectory,
  UUID,
} from "./site.ts";

const valid = configYaml(offeringYaml());

describe("the file", () => {
  test("a missing one is reported by its name", async () => {
    const { issues } = await attempt("/nonexistent/config.yaml", {});
    expect(issues).toMatchObject([
      { file: "/nonexistent/config.yaml", message: "the configuration file does not exist" },
    ]);
    expect(issues[0]?.hint).toContain("--config");
  });

  test("a relative name is taken from the working directory", async () => {
    const site = createSite();
    site.write("config.yaml", valid);
    const { config } = await attempt("config.yaml", { cwd: site.directory });
    expect(config?.path).toBe(join(site.directory, "config.yaml"));
  });

  test("a directory is not a file", async () => {
    const { issues } = await attempt(temporaryDirectory(), {});
    expect(issues[0]?.message).toContain("is a directory");
  });

  test("a path through a file does not exist", async () => {
    const site = createSite();
    const { issues } = await attempt(join(site.write("plain", ""), "config.yaml"), {});
    expect(issues[0]?.message).toContain("does not exist");
  });

  test("an unreadable one says so", async () => {
    const { issues } = await asNobody(() => attempt("/etc/shadow", {}));
    expect(issues[0]?.message).toContain("permission denied");
  });

  test("a failing disk is reported by its code", async () => {
    const { issues } = await attempt("/proc/self/mem", {});
    expect(issues[0]?.message).toContain("cannot be read: EIO");
  });

  test.each([
    ["", "nothing"],
    ["\n\n# only a comment\n", "a comment"],
    ["---\n", "a marker"],
    ["~\n", "null"],
  ])("an empty one is refused: %p", async (yaml) => {
    const { issues } = await createSite().load(yaml);
    expect(issues).toMatchObject([{ message: "the configuration file is empty" }]);
  });

  test("5 MB are refused at once", async () => {
    const site = createSite();
    const { issues } = await site.load(`${valid}# ${"x".repeat(5_000_000)}\n`);
    expect(issues[0]?.message).toBe("the configuration file is larger than 1 MiB");
  });

  test("an endless device is not read to its end", async () => {
    const { issues } = await attempt("/dev/zero", {});
    expect(issues[0]?.message).toBe("the configuration file is larger than 1 MiB");
  });

  test("exactly 1 MiB is accepted", async () => {
    const filler = `# ${"x".repeat(1_048_576 - valid.length - 3)}\n`;
    expect(onlyOffering(await createSite().load(valid + filler)).uuid).toBe(UUID);
    const { issues } = await createSite().load(`${valid + filler}\n`);
    expect(issues[0]?.message).toContain("larger than 1 MiB");
  });

  test("other encodings are refused, with the place", async () => {
    const latin1 = Buffer.from("offerings:\n  - name: Z\xfcrich\n", "latin1");
    const { issues } = await createSite().load(latin1);
    expect(issues).toMatchObject([
      { line: 2, column: 12, message: "the configuration file is not UTF-8 text" },
    ]);
    const utf16 = await createSite().load(Buffer.from(`\ufeff${valid}`, "utf16le"));
    expect(utf16.issues[0]?.message).toContain("not UTF-8");
  });

  test("a NUL byte is refused, with the place", async () => {
    const { issues } = await createSite().load("timezone: UTC\na: \0\n");
    expect(issues).toMatchObject([
      { line: 2, column: 4, message: "the configuration file contains a NUL byte" },
    ]);
  });

  test("a byte order mark and Windows line ends are fine", async () => {
    expect(onlyOffering(await createSite().load(`\ufeff${valid}`)).uuid).toBe(UUID);
    expect(onlyOffering(await createSite().load(valid.replaceAll("\n", "\r\n"))).uuid).toBe(UUID);
  });

  test("loading creates nothing", async () => {
    const site = createSite();
    mkdirSync(join(site.directory, "work"));
    await site.load(configYaml(offeringYaml({ settings: [] })), { cwd: join(site.directory, "work") });
    expect(readdirSync(site.directory).toSorted()).toEqual(["config.yaml", "work"]);
    expect(readdirSync(join(site.directory, "work"))).toEqual([]);
  });
});

describe("a file that everybody can read", () => {
  test("is refused when a token is in it", async () => {
    const { issues, shown } = await createSite().load(valid, { mode: 0o644 });
    expect(issues).toMatchObject([{ line: 4, path: "offerings[0].waldur_api_token" }]);
    expect(issues[0]?.hint).toMatch(/^chmod 640 .*config\.yaml$/);
    expect(shown).not.toContain(CANARY);
  });

  test("is refused when the token of an offering of another backend is in it", async () => {
    const own = offeringYaml({ without: ["waldur_api_token"] });
    const yaml = `${configYaml(own)}  - name: Slurm\n    backend_type: slurm\n    waldur_api_token: ${CANARY}\n`;
    const { issues, shown } = await createSite().load(yaml, { mode: 0o644, env: { WALDUR_API_TOKEN: "x" } });
    expect(issues).toMatchObject([{ path: "offerings[1].waldur_api_token" }]);
    expect(shown).not.toContain(CANARY);
  });

  test.each([0o640, 0o600, 0o660])("is not one of mode %o", async (mode) => {
    const { config, issues } = await createSite().load(valid, { mode });
    expect(issues).toEqual([]);
    expect(config?.warnings).toEqual([]);
  });

  test("passes with a warning when the user insists", async () => {
    const { config } = await createSite().load(valid, { mode: 0o644, allowInsecure: true });
    expect(config?.warnings).toMatchObject([{ path: "offerings[0].waldur_api_token" }]);
  });

  test("is fine when the token is elsewhere", async () => {
    const yaml = configYaml(offeringYaml({ without: ["waldur_api_token"] }));
    const { config } = await createSite().load(yaml, { mode: 0o644, env: { WALDUR_API_TOKEN: CANARY } });
    expect(config?.warnings).toEqual([]);
  });
});

describe("YAML", () => {
  test.each([
    ["a tab", "offerings:\n\t- name: x\n", 2, "tab"],
    [
      "two documents",
      `${valid}---\nofferings: []\n`,
      valid.split("\n").length,
      "more than one YAML document",
    ],
    ["an open quote", "offerings:\n  - name: 'x\n", 3, "missing"],
    ["an open bracket", "offerings: [\n", 2, ""],
    ["a tag", "offerings:\n  - name: !vault x\n", 2, "tag"],
    ["a reserved character", "offerings:\n  - name: @x\n", 2, "not allowed here"],
    ["a duplicate key", "timezone: UTC\ntimezone: UTC\nofferings: []\n", 2, "the key timezone appears twice"],
    ["a foreign duplicate key", "x1: 1\nx1: 2\n", 2, "this key appears twice"],
    ["an alias without anchor", "offerings: *nowhere\n", 1, "no anchor"],
    ["a loop", "offerings: &all\n  - *all\n", 2, "contains itself"],
    ["a merge loop", "offerings:\n  - &one\n    <<: *one\n", 3, "contains itself"],
    ["a merge of a list of text", "offerings:\n  - <<: [a]\n", 2, "`<<` needs a map"],
    ["a map as a key", "? {a: 1}\n: 2\n", 1, "a key must be plain text"],
  ])("%s is refused at its line", async (_, yaml, line, message) => {
    const { issues } = await createSite().load(yaml);
    expect(issues[0]?.line).toBe(line);
    expect(issues[0]?.message).toContain(message);
  });

  test("an alias bomb is refused before it is expanded", async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const item = level === 0 ? "x" : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 9 }, () => item).join(", ")}]\n`;
    });
    const { issues } = await createSite().load(`${levels.join("")}${valid}`);
    expect(issues[0]?.message).toContain("stands for more than 100000 values");
    expect(issues[0]?.line).toBe(7);
  });

  test("a bomb of merge keys is refused, too", async () => {
    const levels = Array.from({ length: 30 }, (_, level) =>
      level === 0 ? "m0: &m0 {a: 1}\n" : `m${level}: &m${level} {<<: [*m${level - 1}, *m${level - 1}]}\n`,
    );
    const { issues } = await createSite().load(`${levels.join("")}offerings: [*m29]\n`);
    expect(issues[0]?.message).toContain("stands for more than");
  });

  test("hundreds of offerings may share one anchor", async () => {
    const shared = "shared: &shared {backend_type: cscs-hpc-storage, waldur_api_url: 'https://w.example/'}\n";
    const offerings = Array.from({ length: 300 }, (_, n) =>
      [
        "  - <<: *shared",
        `waldur_offering_uuid: "${String(n).padStart(32, "0")}"`,
        `waldur_api_token: ${CANARY}`,
        `backend_settings: {output_directory: /srv/${n}}\n`,
      ].join("\n    "),
    );
    const { config } = await createSite().load(`${shared}offerings:\n${offerings.join("")}`);
    expect(config?.offerings.length).toBe(300);
  });

  // What grew with their square would not end within the time of the test.
  test("many keys or aliases or levels do not take long", async () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `key${n}: 1\n`).join("");
    await createSite().load(keys + valid);
    await createSite().load(`a: &a 1\nb: [${"*a,".repeat(20_000)}]\n${valid}`);
    await createSite().load(`a: ${"[".repeat(20_000)}\n`);
  }, 30_000);

  test("deep nesting is an error, not a crash", async () => {
    for (const depth of [500, 2_000, 10_000]) {
      const { issues, config } = await createSite().load(
        `a: ${"[".repeat(depth)}${"]".repeat(depth)}\n${valid}`,
      );
      expect(issues.length + (config?.offerings.length ?? 0)).toBeGreaterThan(0);
    }
  });

  test("anchors, merge keys and overrides work", async () => {
    const yaml = [
      "common: &common",
      "  waldur_api_url: https://waldur.example.com",
      `  waldur_api_token: ${CANARY}`,
      "  backend_type: cscs-hpc-storage",
      "  backend_settings: &settings {output_directory: /srv/a, keep_snapshots: 3, storage_file_system: gpfs}",
      "offerings:",
      `  - {<<: *common, name: A, waldur_offering_uuid: ${UUID}}`,
      "  - <<: *common",
      "    name: B",
      `    waldur_offering_uuid: ${OTHER_UUID}`,
      "    backend_settings:",
      "      output_directory: /srv/b",
      "      <<: [{keep_snapshots: 9}, *settings]",
      "",
    ].join("\n");
    const { config } = await createSite().load(yaml);
    expect(
      config?.offerings.map(({ name, settings }) => [
        name,
        settings.outputDirectory,
        settings.keepSnapshots,
        settings.storageFileSystem,
      ]),
    ).toEqual([
      ["A", "/srv/a", 3, "gpfs"],
      ["B", "/srv/b", 9, "gpfs"],
    ]);
  });

  test("an error in a merged map is shown at its position, under the path of the offering", async () => {
    const yaml = `common: &common\n  verify_ssl: maybe\nofferings:\n${offeringYaml({ offering: ["<<: *common"] })}`;
    const { issues } = await createSite().load(yaml);
    expect(issues).toMatchObject([{ line: 2, column: 15, path: "offerings[0].verify_ssl" }]);
  });

  test.each([
    `offerings:\n  - waldur_api_token: "${CANARY}\n`,
    `offerings:\n  - waldur_api_token: @${CANARY}\n`,
    `offerings:\n  - waldur_api_token: *${CANARY}\n`,
    `offerings:\n  - waldur_api_token: !${CANARY} x\n`,
    `offerings:\n  - waldur_api_token: "\\q${CANARY}"\n`,
    `offerings:\n  - waldur_api_token: ${CANARY}: x\n`,
    `offerings:\n  - waldur_api_token: ${CANARY} ]\n   }\n`,
    `offerings:\n  - waldur_api_token: [${CANARY}\n`,
    `offerings:\n  - waldur_api_token\n    ${CANARY}\n  x\n`,
    `offerings:\n  - waldur_api_token: &a ${CANARY}\n    ${CANARY}: 1\n    ${CANARY}: 2\n`,
    `offerings:\n\t- waldur_api_token: ${CANARY}\n`,
    `%${CANARY}\n---\nofferings: [] # ${CANARY}\n...\n${CANARY}`,
    `${CANARY}\n`,
    `- ${CANARY}\n`,
    `offerings: ${CANARY}\n`,
    `offerings:\n  - ${CANARY}\n`,
  ])("a broken line with a token is not quoted: %#", async (yaml) => {
    const { issues, shown } = await createSite().load(yaml);
    expect(issues.length).toBeGreaterThan(0);
    expect(issues.every(({ line }) => line !== undefined)).toBe(true);
    expect(shown).not.toContain(CANARY);
  });
});

describe("the top level", () => {
  test.each([
    ["- a\n", 1, "", "must be a map of keys and values"],
    ["just text\n", 1, "", "must be a map of keys and values"],
    ["timezone: UTC\n", 1, "offerings", "is missing"],
    ["timezone: UTC\nofferings:\n", 2, "offerings", "is missing"],
    ["timezone: UTC\nofferings: []\n", 2, "offerings", "is empty"],
    ["offerings: {a: 1}\n", 1, "offerings", "must be a list"],
    ["offerings:\n  - text\n", 2, "offerings[0]", "must be a map of keys and values"],
    ["offerings:\n  - a: 1\n  -\n", 3, "offerings[1]", "must be a map of keys and values"],
  ])("%p is refused", async (yaml, line, path, message) => {
    const { issues } = await createSite().load(yaml);
    expect(issues).toContainEqual(expect.objectContaining({ line, path, message }));
  });

  test.each([["UTC"], ["Europe/Zurich"], ["America/New_York"]])("the time zone %s is known", async (zone) => {
    const { config } = await createSite().load(`timezone: "${zone}"\n${valid}`);
    expect(config?.timezone).toBe(zone);
  });

  test.each(["", 'timezone: ""\n', "timezone:\n"])("without a time zone it is null: %p", async (line) => {
    expect((await createSite().load(line + valid)).config?.timezone).toBeNull();
  });

  test.each(["Europe/Zuerich", "+01:00", "2", "Mars"])("the time zone %s is refused", async (zone) => {
    const { issues } = await createSite().load(`timezone: ${zone}\n${valid}`);
    expect(issues).toMatchObject([{ line: 1, column: 11, path: "timezone" }]);
  });

  test("all mistakes come at once, in the order of the file", async () => {
    const bad = offeringYaml({
      offering: ["verify_ssl: 3", "waldur_offering_uuid: x", "waldur_api_url: x", "backend_components: []"],
      settings: ["keep_snapshots: -1", "output_directory: ~/out", "mount_point: x"],
    });
    const { issues } = await createSite().load(`timezone: Mars\n${configYaml(bad, bad)}`);
    expect(issues.map(({ path }) => path?.replace(/.*\./, "")).slice(0, 8)).toEqual([
      "timezone",
      "verify_ssl",
      "waldur_offering_uuid",
      "waldur_api_url",
      "backend_components",
      "keep_snapshots",
      "output_directory",
      "mount_point",
    ]);
    expect(issues.length).toBe(15);
    const lines = issues.map(({ line }) => line ?? 0);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });
});
