// Imports run one way; the compiler does not hold this, so a test does.

import { expect, test } from "bun:test";
import { dirname, relative, resolve } from "pathe";
import { codeIn, filesIn, importsIn, processUsesIn, textOf } from "../source-text.ts";

const root = resolve(import.meta.dir, "../..");

/** What each room may import, besides itself and what is in `lib` itself; `type` imports are listed apart. */
const RULES: Readonly<Record<string, { values: readonly string[]; types: readonly string[] }>> = {
  places: { values: [], types: [] },
  yaml: { values: [], types: [] },
  keys: { values: ["yaml"], types: [] },
  "gid-map": { values: ["places"], types: [] },
  config: { values: ["keys", "yaml", "gid-map", "places"], types: [] },
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
  run: {
    values: ["gids", "gid-map", "config", "waldur", "output", "report", "history", "places"],
    types: ["storage"],
  },
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
  components: {
    values: ["config", "keys", "yaml", "history", "output", "waldur", "run"],
    types: ["places", "report"],
  },
  show: { values: ["claims", "history", "output", "storage", "waldur"], types: ["config"] },
  status: { values: ["claims", "orders", "output", "waldur"], types: ["config", "report"] },
  page: { values: ["documents", "output", "places", "report", "status", "storage"], types: ["config"] },
  simulator: { values: [], types: [] },
  demo: { values: ["report", "simulator"], types: ["run"] },
};

const SHARED = [
  "collect",
  "errors",
  "gid",
  "json",
  "key-set",
  "nearest",
  "segment",
  "table",
  "time",
  "unsafe-text",
  "uuid",
].map((name) => `lib/${name}.ts`);

type Import = { file: string; room: string; target: string; isType: boolean };

function importsOf(directory: string): Import[] {
  return filesIn(directory).flatMap((file) =>
    importsIn(textOf(file))
      .filter(({ path }) => path.startsWith("."))
      .map(({ path, isType }) => ({
        file,
        room: file.split("/")[1] ?? "",
        target: relative(root, resolve(root, dirname(file), path)),
        isType,
      })),
  );
}

/** Whether an import goes where it may not. */
function isWrong({ room, target, isType }: Import): boolean {
  if (SHARED.includes(target)) return false;
  // What is in lib itself is for all rooms, so it may know none of them, not even their types.
  if (room.endsWith(".ts")) return true;
  const other = target.split("/")[1] ?? "";
  const rule = RULES[room];
  if (other === room) return false;
  if (rule === undefined || !target.startsWith("lib/")) return true;
  return !(rule.values.includes(other) || (isType && rule.types.includes(other)));
}

test("finds the imports that it is to judge", () => {
  expect(importsOf("lib").length).toBeGreaterThan(100);
});

test("finds every way to import, and which ones are of types alone", () => {
  const source = `
    import type { A } from "./type.ts";
    import { type B } from "./inline-type.ts";
    export type { C } from "./type-again.ts";
    type D = import("./type-of-import.ts").D;
    import {
      type E,
      f,
    } from "./mixed.ts";
    import "./effect.ts";
    export * from "./all.ts";
    const g = () => import(
      "./dynamic.ts"
    );
    const h = () => import(/* why */ "./commented.ts");
    const i = () => import(\`./template.ts\`);
    console.log(f, g, h, i);
    // import "./comment.ts";
  `;
  const of = (isType: boolean) =>
    importsIn(source).flatMap((one) => (one.isType === isType ? [one.path] : []));
  expect(of(true).toSorted()).toEqual([
    "./inline-type.ts",
    "./type-again.ts",
    "./type-of-import.ts",
    "./type.ts",
  ]);
  expect(of(false).toSorted()).toEqual([
    "./all.ts",
    "./commented.ts",
    "./dynamic.ts",
    "./effect.ts",
    "./mixed.ts",
    "./template.ts",
  ]);
});

test("every dynamic import names its file", () => {
  const computed = [...filesIn("lib"), ...filesIn("cmd")].filter((file) =>
    /\bimport\s*\((?!\s*["'])/.test(codeIn(textOf(file))),
  );
  expect(computed).toEqual([]);
});

test("what is in lib itself is known as shared", () => {
  const own = filesIn("lib").filter((file) => file.split("/").length === 2);
  expect(own.toSorted()).toEqual(SHARED.toSorted());
});

test("imports in lib run one way", () => {
  expect(importsOf("lib").filter(isWrong)).toEqual([]);
});

test.each([
  ["a shared file imports a room", "json.ts", "lib/sync/sync.ts", false],
  ["a shared file imports a type of a room", "json.ts", "lib/config/config.ts", true],
  ["a shared file imports a command", "json.ts", "cmd/main.ts", true],
  ["a room imports one above it", "storage", "lib/sync/sync.ts", true],
  ["a room imports values where types are permitted", "waldur", "lib/config/config.ts", false],
  ["a room imports a command", "sync", "cmd/main.ts", false],
  ["a room that has no rule imports anything", "new", "lib/config/config.ts", true],
])("is wrong: %s", (_, room, target, isType) => {
  expect(isWrong({ file: `lib/${room}`, room, target, isType })).toBe(true);
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

/** Besides cmd/main.ts, which gives the environment, arguments and signals to all others. */
const PROCESS_USES: Record<string, string[]> = {
  // The user of the process decides which files it may trust, and never changes.
  "lib/places/owners.ts": ["process.geteuid"],
  // The lock names its holder.
  "lib/output/holder.ts": ["process.pid"],
  // It runs while the program is built, and starts the bundler by the name of the runtime.
  "lib/page/bundle.ts": ["Bun.argv"],
  // How much code of the engine a long list may make; there is no other way to say it.
  "lib/sync/listing.ts": ["Bun.unsafe"],
};

test("only main.ts touches the process, but for what is listed with its reason", () => {
  const found = [...filesIn("lib"), ...filesIn("cmd")]
    .filter((file) => file !== "cmd/main.ts")
    .map((file) => [file, processUsesIn(textOf(file))] as const)
    .filter(([, uses]) => uses.length > 0);
  expect(Object.fromEntries(found)).toEqual(PROCESS_USES);
});

test.each([
  "const { env } = process;",
  "use(process);",
  'import { env } from "node:process";',
  'import { env } from "process";',
  'import { env } from "bun";',
  "process.env.HOME",
  "process?.env",
  'process["env"]',
  "globalThis.process.env",
  "Bun.env.HOME",
  "const { env } = Bun;",
  'Bun["env"]',
  "Bun.unsafe.gcAggressionLevel(1)",
  "import.meta.env.HOME",
])("notices %s", (code) => {
  expect(processUsesIn(`${code}\n`)).not.toEqual([]);
});

test("tests of modules, and those against the simulated Waldur, need no build", () => {
  const needing = ["tests/unit", "tests/waldur"].flatMap((directory) =>
    filesIn(directory)
      .filter((file) => file !== "tests/unit/imports.test.ts")
      .filter((file) =>
        /\b(?:runSubject|SUBJECT|BINARY)\b|\bstage\.run\(|(?:kind: |play\()"binary"/.test(
          codeIn(textOf(file)),
        ),
      ),
  );
  expect(needing).toEqual([]);
});

test("lines of comments have at most 120 characters", () => {
  const long = ["lib", "cmd", "tests", "scripts"].flatMap((directory) =>
    filesIn(directory)
      .flatMap((file) => textOf(file).split("\n"))
      .filter((line) => line.length > 120 && /^ *(?:\/\/|\/?\*)/.test(line)),
  );
  expect(long).toEqual([]);
});

/** Longer than this a file says why in its opening comment. */
const LONGEST = 250;

test("a file of more than 250 lines says why it is one", () => {
  const silent = ["lib", "cmd", "scripts", "examples"]
    .flatMap((directory) => filesIn(directory, /\.(?:ts|css|sh|bash)$/))
    .filter((file) => textOf(file).split("\n").length - 1 > LONGEST)
    .filter((file) => !openingOf(textOf(file)).includes("One file because"));
  expect(silent).toEqual([]);
});

/** The comment at the top, in a line. */
function openingOf(source: string): string {
  const lines = source.split("\n");
  const end = lines.findIndex((line) => !/^\s*(?:\/\/|\/?\*|#)/.test(line));
  return lines
    .slice(0, end)
    .join(" ")
    .replace(/\s+(?:\/\/|\*|#)\s+/g, " ");
}
