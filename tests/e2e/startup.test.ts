// What is loaded when. Each module at the start costs every run of every command, so the lists are held here: those of
// the entry, which `--version`, `--help` and every mistake on the command line pay, and those of the two modes.

import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "pathe";

const root = resolve(import.meta.dir, "../..");

type Imported = { path: string; kind: string; original?: string };
type Graph = {
  inputs: Record<string, { imports: Imported[] }>;
  outputs: Record<string, { entryPoint?: string; imports: Imported[]; inputs: Record<string, unknown> }>;
};

let graph: Graph = { inputs: {}, outputs: {} };

/** The binary's chunks, bundled as it is but not compiled. */
beforeAll(async () => {
  const outdir = mkdtempSync(join(tmpdir(), "chunks-"));
  try {
    const built = await Bun.build({
      entrypoints: [join(root, "cmd/main.ts")],
      root,
      outdir,
      target: "bun",
      format: "esm",
      splitting: true,
      minify: true,
      metafile: true,
    });
    if (built.metafile !== undefined) graph = built.metafile;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}, 30_000);

type Loaded = { modules: string[]; packages: string[]; builtins: string[] };

/** Everything that is loaded with a module: its chunk, and what that imports other than by `import()`. */
function loadedWith(module: string): Loaded {
  const chunks = new Set<string>();
  const follow = (chunk: string) => {
    if (chunks.has(chunk)) return;
    chunks.add(chunk);
    for (const { path } of staticOnly(graph.outputs[chunk]?.imports)) follow(path);
  };
  for (const [chunk, { entryPoint = "", inputs }] of Object.entries(graph.outputs)) {
    if (nameOf(entryPoint) === module || Object.keys(inputs).map(nameOf).includes(module)) follow(chunk);
  }
  const inputs = [...chunks].flatMap((chunk) => Object.keys(graph.outputs[chunk]?.inputs ?? {}));
  const names = inputs.map(nameOf);
  const outside = inputs
    .flatMap((input) => staticOnly(graph.inputs[input]?.imports))
    .filter(({ path }) => !(path in graph.inputs));
  return {
    modules: names.filter((name) => !name.startsWith("node_modules/")).sort(),
    packages: unique(names.flatMap((name) => /^node_modules\/([^/]+)/.exec(name)?.[1] ?? [])),
    builtins: unique(outside.map(({ path, original = path }) => original)),
  };
}

function staticOnly(imports: readonly Imported[] = []): Imported[] {
  return imports.filter(({ kind }) => kind === "import-statement");
}

/** Below the root of the project; the graph gives paths from the working directory. */
function nameOf(path: string): string {
  return relative(root, resolve(path));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

test("the start loads two small modules and nothing of Bun", () => {
  expect(loadedWith("cmd/main.ts")).toEqual({
    modules: ["cmd/main.ts", "lib/errors.ts"],
    packages: ["pathe"],
    builtins: [],
  });
});

test("finding the command loads the tree, and none of its commands", () => {
  expect(loadedWith("cmd/line.ts")).toEqual({
    modules: [
      ...["cmd/command.ts", "cmd/common.ts", "cmd/line.ts", "cmd/tree.ts"],
      ...["lib/errors.ts", "lib/nearest.ts"],
    ],
    packages: [],
    builtins: [],
  });
});

test("help of the program loads no command either", () => {
  const { modules, packages, builtins } = loadedWith("cmd/help.ts");
  expect(modules).toContain("cmd/exit-codes.ts");
  expect(modules.filter((name) => !/^cmd\/(?:command|common|exit-codes|help|tree)\.ts$/.test(name))).toEqual([
    "lib/errors.ts",
    "lib/table.ts",
    "lib/unsafe-text.ts",
  ]);
  expect({ packages, builtins }).toEqual({ packages: [], builtins: [] });
});

test("reading flags loads no more than the parser of Bun", () => {
  const { modules, packages, builtins } = loadedWith("cmd/arguments.ts");
  // What finding the command has loaded is there already, in whichever chunks it lies.
  const before = loadedWith("cmd/line.ts").modules;
  expect(modules.filter((name) => !before.includes(name))).toEqual(["cmd/arguments.ts"]);
  expect({ packages, builtins }).toEqual({ packages: [], builtins: ["node:util"] });
});

describe.each(["orders", "sync"])("%s", (mode) => {
  const other = mode === "orders" ? "sync" : "orders";

  test("loads nothing of the other mode, of the page, of the demo or of the simulator", () => {
    const { modules } = loadedWith(`cmd/${mode}.ts`);
    const strangers = [
      `cmd/${other}.ts`,
      `lib/${other}/`,
      "cmd/demo.ts",
      "lib/demo/",
      "lib/simulator/",
      "cmd/page.ts",
      "lib/page/",
    ];
    expect(modules.length).toBeGreaterThan(30);
    expect(modules.filter((name) => strangers.some((stranger) => name.startsWith(stranger)))).toEqual([]);
  });

  test("has the parser of the configuration, the client, help and metrics come when they are used", () => {
    const { modules, packages } = loadedWith(`cmd/${mode}.ts`);
    expect(packages.filter((name) => ["citty", "ofetch", "yaml"].includes(name))).toEqual([]);
    const later = ["lib/config/load.ts", "lib/waldur/client.ts", "lib/report/metrics.ts"];
    expect(modules.filter((name) => later.includes(name))).toEqual([]);
  });

  test("has the history come with the first thing that there is to record", () => {
    const { modules } = loadedWith(`cmd/${mode}.ts`);
    const writing = ["lib/history/lines.ts", "lib/history/record.ts", "lib/history/writer.ts"];
    const loaded = modules.filter((name) => name.startsWith("lib/history/") || name.startsWith("lib/show/"));
    // Every sync publishes, or nearly.
    expect(loaded).toEqual(mode === "orders" ? [] : writing);
  });

  test("has sources of GIDs come when a project is asked about", () => {
    const whole = [`cmd/${mode}.ts`, "lib/config/load.ts", "lib/waldur/client.ts", "lib/orders/order.ts"];
    const modules = whole.flatMap((name) => loadedWith(name).modules);
    const later = /^lib\/(?:gids\/|config\/hpc-user|run\/settle-gids|orders\/late-gid|output\/gid-memory)/;
    expect(modules.filter((name) => later.test(name))).toEqual([]);
  });

  test("loads these packages and these parts of Bun", () => {
    const { packages, builtins } = loadedWith(`cmd/${mode}.ts`);
    expect(packages.filter((name) => name !== "pathe")).toEqual(["consola", "valibot"]);
    expect(builtins).toEqual(["bun:jsc", "bun:sqlite", "node:fs", "node:os", "node:path", "node:util"]);
  });
});

test("of the YAML library the configuration takes what it uses, not the whole in CommonJS", () => {
  const parts = Object.keys(graph.inputs)
    .map(nameOf)
    .filter((name) => name.startsWith("node_modules/yaml/"));
  expect(parts).toContain("node_modules/yaml/browser/dist/index.js");
  expect(parts.filter((name) => !name.startsWith("node_modules/yaml/browser/dist/"))).toEqual([]);
});
