// Imports run one way; the compiler does not hold this, so a test does.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "pathe";

const root = resolve(import.meta.dir, "../..");

/** What each room may import, besides itself and what is in `lib` itself; `type` imports are listed apart. */
const RULES: Readonly<Record<string, { values: readonly string[]; types: readonly string[] }>> = {
  places: { values: [], types: [] },
  config: { values: ["places"], types: [] },
  waldur: { values: [], types: ["config"] },
  storage: { values: [], types: ["config", "waldur"] },
  output: { values: ["places"], types: ["report", "storage"] },
  acks: { values: ["places", "output"], types: ["config"] },
  memory: { values: ["output"], types: [] },
  report: { values: ["places"], types: ["waldur"] },
  history: { values: ["places", "output"], types: ["waldur"] },
  claims: { values: ["waldur", "storage", "output", "history"], types: ["config"] },
  documents: { values: ["claims", "storage", "output", "places", "report"], types: ["config"] },
  gids: { values: ["config", "waldur", "storage", "output"], types: [] },
  run: { values: ["gids", "config", "waldur", "output", "report", "history", "places"], types: ["storage"] },
  orders: {
    values: ["acks", "claims", "config", "waldur", "storage", "output", "report", "run"],
    types: ["history"],
  },
  sync: {
    values: ["claims", "config", "documents", "memory", "waldur", "storage", "output", "report", "run"],
    types: ["history"],
  },
  check: {
    values: ["acks", "places", "config", "waldur", "output", "report", "run", "orders", "sync"],
    types: [],
  },
  components: { values: ["config", "history", "output", "waldur", "run"], types: ["places", "report"] },
  show: { values: ["claims", "history", "output", "storage", "waldur"], types: ["config"] },
  status: { values: ["claims", "orders", "output", "waldur"], types: ["config", "report"] },
  page: { values: ["documents", "output", "places", "report", "status", "storage"], types: ["config"] },
  simulator: { values: [], types: [] },
  demo: { values: ["report", "simulator"], types: ["run"] },
};

const SHARED = ["collect", "errors", "json", "key-set", "table", "unsafe-text", "uuid"].map(
  (name) => `lib/${name}.ts`,
);

type Import = { file: string; room: string; target: string; isType: boolean };

function importsOf(directory: string): Import[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = join(directory, name);
      const source = readFileSync(join(root, file), "utf8");
      const statements = source.matchAll(
        /(?:^(import|export)\s+(type\s+)?([^;"]*?)from\s+|import\()"(\.[^"]+)"/gm,
      );
      return [...statements].map(([, , type, names = "", specifier = ""]) => ({
        file,
        room: file.split("/")[1] ?? "",
        target: relative(root, resolve(root, dirname(file), specifier)),
        isType: type !== undefined || (/^\{/.test(names.trim()) && onlyTypes(names)),
      }));
    });
}

function onlyTypes(names: string): boolean {
  const parts = names.replace(/[{}]/g, "").split(",");
  return parts.map((name) => name.trim()).every((name) => name === "" || name.startsWith("type "));
}

test("finds the imports that it is to judge", () => {
  expect(importsOf("lib").length).toBeGreaterThan(100);
});

test("imports in lib run one way", () => {
  const wrong = importsOf("lib").filter(({ room, target, isType }) => {
    if (room.endsWith(".ts") || SHARED.includes(target)) return false;
    const other = target.split("/")[1] ?? "";
    const rule = RULES[room];
    if (other === room) return false;
    if (rule === undefined || !target.startsWith("lib/")) return true;
    return !(rule.values.includes(other) || (isType && rule.types.includes(other)));
  });
  expect(wrong).toEqual([]);
});

test("only the demo reaches the simulator", () => {
  const users = [...importsOf("lib"), ...importsOf("cmd")].filter(({ target }) =>
    target.startsWith("lib/simulator"),
  );
  const outside = users.filter(({ file }) => !file.startsWith("lib/simulator")).map(({ file }) => file);
  expect([...new Set(outside)].sort()).toEqual(["cmd/demo.ts", "lib/demo/demo.ts", "lib/demo/serve.ts"]);
});

test("no imports run in a circle, nor do those of types", () => {
  const edges = Map.groupBy([...importsOf("lib"), ...importsOf("cmd")], ({ file }) => file);
  const done = new Set<string>();
  const circleFrom = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path, file];
    if (done.has(file)) return null;
    for (const { target } of edges.get(file) ?? []) {
      const circle = circleFrom(target, [...path, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  const circles = [...edges.keys()].map((file) => circleFrom(file, []));
  expect(circles.filter((circle) => circle !== null)).toEqual([]);
});

test("only main.ts touches the process", () => {
  const touching = ["lib", "cmd"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(directory, name))
      .filter((file) => /\bprocess\.(?!pid\b|getuid\b|geteuid\b)/.test(codeOf(file))),
  );
  expect(touching).toEqual(["cmd/main.ts"]);
});

test("tests of modules, and those against the simulated Waldur, need no build", () => {
  const needing = ["tests/unit", "tests/waldur"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(directory, name))
      .filter((file) => file !== "tests/unit/imports.test.ts")
      .filter((file) =>
        /\b(?:runSubject|SUBJECT|BINARY)\b|\bstage\.run\(|(?:kind: |play\()"binary"/.test(codeOf(file)),
      ),
  );
  expect(needing).toEqual([]);
});

function codeOf(file: string): string {
  return readFileSync(join(root, file), "utf8").replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
}

test("lines of comments have at most 120 characters", () => {
  const long = ["lib", "cmd", "tests", "scripts"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => readFileSync(join(root, directory, name), "utf8").split("\n"))
      .filter((line) => line.length > 120 && /^ *(?:\/\/|\/?\*)/.test(line)),
  );
  expect(long).toEqual([]);
});
