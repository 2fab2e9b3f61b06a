import { describe, expect, test } from "bun:test";
import { CANARY, configYaml, createSite, OTHER_UUID, offeringYaml, UUID } from "../config/site.ts";

const OUT = "output_directory: /srv/out";
const load = (offering: string[], settings = [OUT], without: string[] = []) =>
  createSite().load(configYaml(offeringYaml({ offering, settings, without })));

describe("a key that is nearly one of ours", () => {
  test.each([
    ["output_dir: /srv/x", "output_directory"],
    ["Output_Directory: /srv/x", "output_directory"],
    ["keep_snapshot: 3", "keep_snapshots"],
    ["mount_piont: /x", "mount_point"],
    ["hard_coefficient: 3", "inode_hard_coefficient"],
  ])("is refused in the settings: %s", async (line, meant) => {
    const settings = meant === "output_directory" ? [line] : [OUT, line];
    const { issues } = await load([], settings);
    const path = `offerings[0].backend_settings.${line.split(":")[0]}`;
    expect(issues).toMatchObject([
      { column: 7, path, message: "unknown key", hint: `did you mean ${meant}?` },
    ]);
  });

  test.each([
    ["verfy_ssl: false", "verify_ssl", []],
    ["waldur_url: https://waldur.example.com", "waldur_api_url", ["waldur_api_url"]],
    ["waldur_api_tokenfile: token", "waldur_api_token_file", ["waldur_api_token"]],
    ["waldur_token: x", "waldur_api_token", ["waldur_api_token"]],
    [`offering_uuid: ${UUID}`, "waldur_offering_uuid", ["waldur_offering_uuid"]],
    ["backend_setting: {}", "backend_settings", []],
  ])("is the only complaint of an offering that lacks it: %s", async (line, meant, without) => {
    const { issues } = await load([line], meant === "backend_settings" ? [] : [OUT], without);
    const path = `offerings[0].${line.split(":")[0]}`;
    expect(issues).toMatchObject([{ path, message: "unknown key", hint: `did you mean ${meant}?` }]);
  });

  test.each([
    ["output_directory: /srv/x", "output_directory of backend_settings", []],
    ["output_dir: /srv/x", "output_directory of backend_settings", []],
    ["global_proxy: http://p.example", "global_proxy of the top level of the file", [OUT]],
  ])("at the wrong level is refused: %s", async (line, meant, settings) => {
    const { issues } = await load([line], settings);
    expect(issues).toMatchObject([
      { path: `offerings[0].${line.split(":")[0]}`, message: "is not a key of an offering" },
    ]);
    expect(issues[0]?.hint).toBe(`did you mean ${meant}?`);
  });

  test("instead of `offerings` is the only complaint", async () => {
    const { issues } = await createSite().load(`offering:\n${offeringYaml()}`);
    expect(issues).toMatchObject([{ line: 1, path: "offering", hint: "did you mean offerings?" }]);
  });
});

describe("is a warning only", () => {
  test("where the right key is there, too", async () => {
    const { config } = await load(["verfy_ssl: false", "verify_ssl: true"], [OUT, "output_dir: /srv/x"]);
    expect(config?.warnings).toMatchObject([
      { line: 8, column: 5, message: "unknown key, ignored", hint: "did you mean verify_ssl?" },
      { message: "unknown key, ignored", hint: "did you mean output_directory?" },
    ]);
    const above = await load(["output_directory: /srv/x"]);
    expect(above.config?.warnings.map(({ message }) => message)).toEqual([
      "ignored here: it is a key of backend_settings",
    ]);
  });

  test("where other keys of the file take its value by an anchor", async () => {
    const { config } = await load(["verify_ssls: &off false", "order_note: *off"]);
    expect(config?.warnings).toMatchObject([{ path: "offerings[0].verify_ssls" }]);
    expect(config?.offerings[0]?.verifyTls).toBe(true);
  });

  test("at the top level, which no offering needs", async () => {
    const { config } = await createSite().load(`time_zone: UTC\n${configYaml(offeringYaml())}`);
    expect(config?.warnings).toMatchObject([{ path: "time_zone", hint: "did you mean timezone?" }]);
  });

  test("in an offering that the command does not take", async () => {
    const other = offeringYaml({
      offering: [`waldur_offering_uuid: ${OTHER_UUID}`],
      settings: ["output_directory: /srv/other", "keep_snapshot: 1"],
    });
    const yaml = configYaml(offeringYaml(), other);
    const { config } = await createSite().load(yaml, { takes: ({ uuid }) => uuid === UUID });
    expect(config?.warnings).toMatchObject([{ path: "offerings[1].backend_settings.keep_snapshot" }]);
    expect((await createSite().load(yaml)).issues).toMatchObject([{ hint: "did you mean keep_snapshots?" }]);
  });

  test("no other: keys of the site agent and of its plugin are accepted without a message", async () => {
    const { config } = await load(["stomp_ws_path: /x"], [OUT, "storage_systems: {a: b}"]);
    expect(config?.warnings).toEqual([]);
  });
});

test("a token in the place of a key is not shown", async () => {
  const { shown } = await load([`${CANARY}: 1`, "verfy_ssl: false"]);
  expect(shown).not.toContain(CANARY);
});
