import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readGidFile } from "../../../lib/config/gids.ts";
import { configYaml, createSite, OTHER_UUID, offeringYaml, onlyOffering } from "./site.ts";

const read = (name: string, content: string) => readGidFile(createSite().write(name, content));

function entriesOf(map: ReturnType<typeof readGidFile>) {
  if ("gids" in map) return Object.fromEntries(map.gids);
  return "issues" in map ? map.issues : map;
}

describe("a GID map", () => {
  test.each([
    ["gids.json", '{"climate": 30001, "-200": 0, "a-b.c_D" : 4294967294\n}\n'],
    ["gids.json", '\ufeff  {\n  "climate": 30001,\n  "-200": 0,\n  "a-b.c_D": 4294967294}'],
    ["gids", '{"climate": 30001, "-200": 0, "a-b.c\\u005fD": 4294967294}'],
    ["gids.yaml", "---\n# GIDs\nclimate: 30001\n\n-200: 0 # root\n'a-b.c_D': 4294967294\n"],
    ["gids.yml", 'climate:   30001\r\n"-200": 0\r\na-b.c_D : 4294967294'],
    ["gids.csv", 'project,gid\nclimate,30001\n"-200",0\n\n# x\na-b.c_D, 4294967294\n'],
    ["gids.CSV", "climate,30001\r\n-200,0\r\na-b.c_D,4294967294\r\n"],
  ])("is read: %s", (name, content) => {
    expect(entriesOf(read(name, content))).toEqual({ climate: 30_001, "-200": 0, "a-b.c_D": 4_294_967_294 });
  });

  test("keeps slugs that look like numbers as they are", () => {
    const expected = { "0123": 1, "1e5": 2, true: 3, null: 4, "--": 5 };
    expect(entriesOf(read("a.yaml", "0123: 1\n1e5: 2\ntrue: 3\nnull: 4\n--: 5\n"))).toEqual(expected);
    expect(entriesOf(read("a.csv", "0123,1\n1e5,2\ntrue,3\nnull,4\n--,5\n"))).toEqual(expected);
  });

  test.each([
    ["a.json", " {\n}\n"],
    ["a.yaml", ""],
    ["a.csv", "slug,gid\n"],
  ])("may be empty: %s", (name, content) => {
    expect(entriesOf(read(name, content))).toEqual({});
  });

  test.each([
    ["a.json", '{\n  "a": 1,\n  "b": "2"\n}', 3, 3, "a GID must be a whole number"],
    ["a.json", '{"a": 1,\n "b": {"c": 1}}', 2, 2, "flat JSON object"],
    ["a.json", '{"a": 1,\n}', 2, 1, "flat JSON object"],
    ["a.json", '{"a": 1', 1, 2, "flat JSON object"],
    ["a.json", '{"a": 1} {"b": 2}', 1, 9, "flat JSON object"],
    ["a.json", "[1]", 1, 1, "flat JSON object"],
    ["a.json", '{"a": 1,\n "a": 1}', 2, 2, "the project a is there twice"],
    ["a.json", '{"a": 1.5}', 1, 2, "a GID must be a whole number"],
    ["a.json", '{"a": null}', 1, 2, "a GID must be a whole number"],
    ["a.yaml", "a: 1\nb: 2\na: 3\n", 3, 1, "the project a is there twice"],
    ["a.yaml", "a: 1\nb: -1\n", 2, 1, "a GID must be a whole number from 0 to 4294967294"],
    ["a.yaml", "a: 4294967295\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "a: 0x10\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "a: 010\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "a: 1e3\n", 1, 1, "a GID must be a whole number"],
    ["a.yaml", "projects:\n  a: 1\n", 1, 1, "expected a project slug and its GID"],
    ["a.yaml", "a:1\n", 1, 1, "expected a project slug and its GID"],
    ["a.yaml", "'a/b': 1\n", 1, 1, "this is not a project slug"],
    ["a.csv", "a,1\nb\n", 2, 1, "expected a project slug and its GID"],
    ["a.csv", "a,1,2\n", 1, 1, "expected a project slug and its GID"],
    ["a.csv", "a,1\nproject,gid\n", 2, 1, "a GID must be a whole number"],
    ["a.csv", "a,\n", 1, 1, "a GID must be a whole number"],
  ])("shows the place of a mistake: %s %p", (name, content, line, column, message) => {
    const map = read(name, content);
    const issues = "issues" in map ? map.issues : [];
    expect(issues[0]).toMatchObject({ line, column });
    expect(issues[0]?.message).toContain(message);
    expect(issues[0]?.file).toEndWith(name);
  });

  test("shows its mistakes in the order of the file", () => {
    const map = read("a.yaml", "a: x\nb\nc: 1\nc: 2\nd\n");
    expect("issues" in map && map.issues.map(({ line }) => line)).toEqual([1, 2, 4, 5]);
  });

  test("complains ten times at most", () => {
    const map = read("a.csv", "a,x\n".repeat(1_000));
    expect("issues" in map && map.issues.length).toBe(10);
  });

  test("of 100 000 projects is read quickly", () => {
    const slugs = Array.from({ length: 100_000 }, (_, n) => `project-${n}`);
    const started = performance.now();
    for (const [name, content] of [
      ["a.json", `{${slugs.map((slug, n) => `"${slug}": ${n}`).join(",\n")}}`],
      ["a.yaml", slugs.map((slug, n) => `${slug}: ${n}\n`).join("")],
      ["a.csv", slugs.map((slug, n) => `${slug},${n}\n`).join("")],
    ] as const) {
      const map = read(name, content);
      expect("gids" in map && map.gids.size).toBe(100_000);
    }
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test("of more than 16 MiB is refused, and so is a missing one", () => {
    expect(entriesOf(read("a.csv", "x".repeat(16 * 1_048_576 + 1)))).toMatchObject({
      problem: "is larger than 16 MiB",
    });
    expect(entriesOf(readGidFile("/nonexistent/a.csv"))).toMatchObject({ problem: "does not exist" });
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

  test("reports the mistakes of the map once, between those of the configuration", async () => {
    const site = createSite();
    site.write("gids.yaml", "climate: x\n");
    const second = using("gids.yaml", [`waldur_offering_uuid: ${OTHER_UUID}`, "verify_ssl: 3"]);
    const { issues } = await site.load(`timezone: Mars\n${configYaml(using("gids.yaml"), second)}`);
    expect(issues.map(({ file, path }) => path ?? file)).toEqual([
      "timezone",
      join(site.directory, "gids.yaml"),
      "offerings[1].verify_ssl",
    ]);
  });
});
