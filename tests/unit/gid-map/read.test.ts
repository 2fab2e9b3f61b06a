import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isCutMap, type ReadGidMap, readGidFile } from "../../../lib/gid-map/read.ts";
import { configYaml, createSite, OTHER_UUID, offeringYaml, onlyOffering } from "../config/site.ts";

const read = (name: string, content: string) => readGidFile(createSite().write(name, content));

function entriesOf(map: ReadGidMap) {
  if ("problem" in map) return map;
  return map.issues.length > 0 ? map.issues : Object.fromEntries(map.gids);
}

describe("a GID map", () => {
  test.each([
    ["gids.json", '{"climate": 30001, "-200": 7, "a-b.c_D" : 4294967294\n}\n'],
    ["gids.json", '\ufeff  {\n  "climate": 30001,\n  "-200": 7,\n  "a-b.c_D": 4294967294}'],
    ["gids", '{"climate": 30001, "-200": 7, "a-b.c\\u005fD": 4294967294}'],
    ["gids.yaml", "---\n# GIDs\nclimate: 30001\n\n-200: 7 # seven\n'a-b.c_D': 4294967294\n"],
    ["gids.yml", 'climate:   30001\r\n"-200": 7\r\na-b.c_D : 4294967294'],
    ["gids.yaml", "# GIDs\n--- # of today\nclimate: 30001\n-200: 7\na-b.c_D: 4294967294\n...\n# end\n"],
    ["gids.csv", "# GIDs\nproject,gid\nclimate,30001\n-200,7\na-b.c_D,4294967294\n"],
    ["gids.csv", 'project,gid\nclimate,30001\n"-200",7\n\n# x\na-b.c_D, 4294967294\n'],
    ["gids.CSV", "climate,30001\r\n-200,7\r\na-b.c_D,4294967294\r\n"],
  ])("is read: %s", async (name, content) => {
    expect(entriesOf(await read(name, content))).toEqual({
      climate: 30_001,
      "-200": 7,
      "a-b.c_D": 4_294_967_294,
    });
  });

  test("keeps slugs that look like numbers as they are", async () => {
    const expected = { "0123": 1, "1e5": 2, true: 3, null: 4, "--": 5 };
    expect(entriesOf(await read("a.yaml", "0123: 1\n1e5: 2\ntrue: 3\nnull: 4\n--: 5\n"))).toEqual(expected);
    expect(entriesOf(await read("a.csv", "0123,1\n1e5,2\ntrue,3\nnull,4\n--,5\n"))).toEqual(expected);
  });

  test.each([
    ["a.json", ""],
    ["a.json", " {\n}\n"],
    ["a.yaml", ""],
    ["a.yaml", "\n# GIDs\n"],
    ["a.csv", ""],
    ["a.csv", "slug,gid\n"],
    ["a.csv", "\n"],
  ])("without an entry has a fault: %s %p", async (name, content) => {
    const map = await read(name, content);
    expect(map).toMatchObject({ gids: new Map(), entries: 0, issues: [{ line: 1, column: 1 }] });
    if (content.includes("\n"))
      expect("issues" in map && map.issues[0]?.message).toBe("the GID map has no entry");
  });

  test.each([
    ["a.csv", "a,30001\nb,30002\n", 2, true],
    ["a.csv", "a,30001\nb,300", 2, false],
    ["a.csv", "a,30001\r\n", 1, true],
    ["a.yaml", "a: 30001\nb: 300", 2, false],
    ["a.yaml", "a: 30001\n", 1, true],
    ["a.json", '{"a": 30001}', 1, true],
    ["gids", '{"a": 30001}', 1, true],
  ])("knows its size and whether its last line may be cut: %s %p", async (name, content, entries, whole) => {
    expect(await read(name, content)).toMatchObject({ entries, endsWithLineBreak: whole, issues: [] });
  });

  test.each([
    [5, 12, false, true],
    [11, 12, false, true],
    [12, 12, false, false],
    [13, 12, false, false],
    [5, 12, true, false],
    [5, null, false, false],
  ])("with %p entries after %p, line break %p: cut is %p", (now, before, whole, isCut) => {
    expect(isCutMap(now, before, whole)).toBe(isCut);
  });

  test.each([
    ["a.json", '{\n  "a": 1,\n  "b": "2"\n}', 3, 3, "a GID must be a whole number"],
    ["a.json", '{"a": 1,\n "b": {"c": 1}}', 2, 2, "flat JSON object"],
    ["a.json", '{"a": 1,\n}', 2, 1, "flat JSON object"],
    ["a.json", '{"a": 1', 1, 2, "flat JSON object"],
    ["a.json", '{"a": 1} {"b": 2}', 1, 9, "flat JSON object"],
    ["a.json", "[1]", 1, 1, "flat JSON object"],
    ["a.json", '{"a": 1,\n "a": 1}', 2, 2, "the project a appears twice"],
    ["a.json", '{"a": 1.5}', 1, 2, "a GID must be a whole number"],
    ["a.json", '{"a": null}', 1, 2, "a GID must be a whole number"],
    ["a.yaml", "a: 1\nb: 2\na: 3\n", 3, 1, "the project a appears twice"],
    ["a.yaml", "a: 1\nb: -1\n", 2, 1, "a GID must be a whole number from 1 to 4294967294"],
    ["a.yaml", "a: 0\n", 1, 1, "a GID must be a whole number from 1"],
    ["a.csv", "a,1\nb", 2, 1, "must be a project slug and its GID"],
    ["a.yaml", "a: 4294967295\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "a: 0x10\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "a: 010\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "a: 1e3\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "projects:\n  a: 1\n", 1, 1, "must be a project slug and its GID"],
    ["a.yaml", "a:1\n", 1, 1, "must be a project slug and its GID"],
    ["a.yaml", "'a/b': 1\n", 1, 1, "this is not a project slug"],
    ["a.csv", "a,1\nb\n", 2, 1, "must be a project slug and its GID"],
    ["a.csv", "a,1,2\n", 1, 1, "must be a project slug and its GID"],
    ["a.csv", "a,1\nproject,gid\n", 2, 1, "a GID must be a whole number"],
    ["a.csv", "# x\nproject,gid\nproject,gid\n", 3, 1, "a GID must be a whole number"],
    ["a.csv", "climate;30001\n", 1, 1, "must be a project slug and its GID, as in climate,30001"],
    ["a.yaml", "climate=30001\n", 1, 1, "must be a project slug and its GID, as in climate: 30001"],
    ["a.yaml", "a: 1\n---\nb: 2\n", 2, 1, "must be a project slug and its GID"],
    ["a.yaml", "a: 1\n...\nb: 2\n", 3, 1, "must be a project slug and its GID"],
    ["a.csv", "a,\n", 1, 1, "a GID must be a whole number"],
  ])("shows the place of a mistake: %s %p", async (name, content, line, column, message) => {
    const map = await read(name, content);
    const issues = "issues" in map ? map.issues : [];
    expect(issues[0]).toMatchObject({ line, column });
    expect(issues[0]?.message).toContain(message);
    expect(issues[0]?.file).toEndWith(name);
  });

  test("shows its mistakes in the order of the file", async () => {
    const map = await read("a.yaml", "a: x\nb\nc: 1\nc: 2\nd\n");
    expect("issues" in map && map.issues.map(({ line }) => line)).toEqual([1, 2, 4, 5]);
  });

  test("complains ten times at most", async () => {
    const map = await read("a.csv", "a,x\n".repeat(1_000));
    expect("issues" in map && map.issues.length).toBe(10);
  });

  // What grew with their square would not end within the time of the test.
  test("of 100 000 projects is read quickly", async () => {
    const slugs = Array.from({ length: 100_000 }, (_, n) => `project-${n}`);
    for (const [name, content] of [
      ["a.json", `{${slugs.map((slug, n) => `"${slug}": ${n + 1}`).join(",\n")}}`],
      ["a.yaml", slugs.map((slug, n) => `${slug}: ${n + 1}\n`).join("")],
      ["a.csv", slugs.map((slug, n) => `${slug},${n + 1}\n`).join("")],
    ] as const) {
      const map = await read(name, content);
      expect("gids" in map && map.gids.size).toBe(100_000);
    }
  }, 30_000);

  test("of more than 16 MiB is refused, and so is a missing one", async () => {
    expect(entriesOf(await read("a.csv", "x".repeat(16 * 1_048_576 + 1)))).toMatchObject({
      problem: "is larger than 16 MiB",
    });
    expect(entriesOf(await readGidFile("/nonexistent/a.csv"))).toMatchObject({ problem: "does not exist" });
  });
});

describe("unix_gid: file:PATH", () => {
  const using = (path: string, more: string[] = []) =>
    offeringYaml({
      offering: more,
      settings: [`unix_gid: file:${path}`, `output_directory: /srv/${more.length}`],
    });

  test("is relative to the configuration file, and read", async () => {
    const site = createSite();
    site.write("gids.yaml", "climate: 30001\n");
    const outcome = await site.load(configYaml(using("gids.yaml")), { cwd: "/" });
    expect(onlyOffering(outcome).settings.unixGid).toEqual({
      kind: "file",
      path: join(site.directory, "gids.yaml"),
      gids: new Map([["climate", 30_001]]),
      entries: 1,
      endsWithLineBreak: true,
      issues: [],
    });
  });

  test("says at its place that there is no such map", async () => {
    const site = createSite();
    const { issues } = await site.load(configYaml(using("gids.yaml")));
    const message = `names ${join(site.directory, "gids.yaml")}, which does not exist`;
    expect(issues).toMatchObject([{ path: "offerings[0].backend_settings.unix_gid", message }]);
    expect(issues[0]?.line).toBeGreaterThan(1);
    expect(issues[0]?.hint).toContain(site.directory);
  });

  test("is loaded with its errors: the other offerings of the file are not affected", async () => {
    const site = createSite();
    site.write("gids.yaml", "climate: x\n");
    const second = offeringYaml({
      offering: [`waldur_offering_uuid: ${OTHER_UUID}`],
      settings: ["output_directory: /srv/other"],
    });
    const { config } = await site.load(configYaml(using("gids.yaml"), second));
    const [faulty, fine] = config?.offerings.map(({ settings }) => settings.unixGid) ?? [];
    expect(faulty).toMatchObject({
      kind: "file",
      gids: new Map(),
      issues: [{ file: join(site.directory, "gids.yaml"), line: 1, column: 1 }],
    });
    expect(fine).toEqual({ kind: "metadata" });
  });

  test("warns once of a last line that may be cut, however many offerings use the map", async () => {
    const site = createSite();
    site.write("gids.csv", "a,30001\nb,300");
    const second = using("gids.csv", [`waldur_offering_uuid: ${OTHER_UUID}`]);
    const { config } = await site.load(configYaml(using("gids.csv"), second));
    const message = `the last line of ${join(site.directory, "gids.csv")} has no line break: it may be incomplete`;
    expect(config?.warnings.filter(({ path }) => path?.endsWith("unix_gid"))).toMatchObject([
      { path: "offerings[0].backend_settings.unix_gid", message },
    ]);
    expect(config?.offerings.map(({ settings }) => settings.unixGid)).toMatchObject([
      { entries: 2, endsWithLineBreak: false },
      { entries: 2, endsWithLineBreak: false },
    ]);
  });
});
