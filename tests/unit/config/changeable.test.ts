import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates } from "../../waldur/certificates.ts";
import { CANARY, configYaml, createSite, offeringYaml, type Site } from "./site.ts";

const IS_ROOT = process.getuid?.() === 0;
const OTHER = 4242;

/** A site whose configuration names such a file. */
function siteWith(kind: "config" | "token" | "map" | "ca"): {
  site: Site;
  path: string;
  yaml: string;
  key: string;
} {
  const site = createSite();
  if (kind === "config") {
    return { site, path: join(site.directory, "config.yaml"), yaml: configYaml(offeringYaml()), key: "" };
  }
  if (kind === "token") {
    const path = site.write("token", `${CANARY}\n`);
    const lines = { offering: ["waldur_api_token_file: token"], without: ["waldur_api_token"] };
    return { site, path, yaml: configYaml(offeringYaml(lines)), key: "offerings[0].waldur_api_token_file" };
  }
  if (kind === "map") {
    const path = site.write("gids.yaml", "a: 30001\n");
    const settings = ["output_directory: /srv/out", "unix_gid: file:gids.yaml"];
    return {
      site,
      path,
      yaml: configYaml(offeringYaml({ settings })),
      key: "offerings[0].backend_settings.unix_gid",
    };
  }
  const path = site.write("ca.pem", CA);
  return {
    site,
    path,
    yaml: configYaml(offeringYaml({ offering: ["ca_file: ca.pem"] })),
    key: "offerings[0].ca_file",
  };
}

const CA = makeCertificates().ca;

describe.each(["config", "token", "map", "ca"] as const)("a file that others can change (%s)", (kind) => {
  test("because everybody can write it is refused with what to do, or a warning where that is accepted", async () => {
    const { site, path, yaml, key } = siteWith(kind);
    site.write("config.yaml", yaml);
    chmodSync(path, 0o642);
    const options = kind === "config" ? { mode: 0o642 } : {};
    const { issues } = await site.load(yaml, options);
    expect(issues).toMatchObject([
      { message: `everybody on this machine can write to ${path}: mode 0642`, hint: `chmod o-w ${path}` },
    ]);
    expect(issues[0]?.path).toBe(key);
    const { config } = await site.load(yaml, { ...options, allowInsecure: true });
    expect(config?.warnings.map(({ hint }) => hint)).toContain(`chmod o-w ${path}`);
  });

  test.skipIf(!IS_ROOT)("because a group can is refused where root runs", async () => {
    const { site, path, yaml } = siteWith(kind);
    site.write("config.yaml", yaml);
    chownSync(path, 0, OTHER);
    chmodSync(path, 0o660);
    const { issues } = await site.load(yaml, kind === "config" ? { mode: 0o660 } : {});
    expect(issues).toMatchObject([
      {
        message: `this runs as root, and group ${OTHER} can write to ${path}: mode 0660`,
        hint: `chmod g-w ${path}`,
      },
    ]);
  });

  test.skipIf(!IS_ROOT)("because it is another user's is refused", async () => {
    const { site, path, yaml } = siteWith(kind);
    site.write("config.yaml", yaml);
    chownSync(path, OTHER, 0);
    const { issues } = await site.load(yaml);
    expect(issues).toMatchObject([
      { message: `another user owns ${path}: uid ${OTHER}`, hint: `chown root ${path}` },
    ]);
  });

  test("is followed where it is a symlink, as a mounted secret is", async () => {
    const { site, path, yaml } = siteWith(kind);
    site.write("config.yaml", yaml);
    symlinkSync(path, join(site.directory, "link"));
    const linked = yaml.replace(/(token_file: |file:|ca_file: )\S+/, "$1link");
    const { config } = await site.load(linked);
    expect(config?.warnings).toEqual([]);
  });
});
