// What `demo` shows, and that it leaves everything in one place.

import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";
import { type DemoOptions, runDemo } from "../../lib/demo/demo.ts";
import { OutputError, UsageError } from "../../lib/errors.ts";
import { checkShown } from "../check-here.ts";
import { listAll, listPublic, runHere } from "../stage.ts";

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "demo-"));
  directories.push(directory);
  return directory;
}

async function show(
  options: Partial<DemoOptions>,
  { interrupted = new AbortController().signal, cwd = newDirectory() } = {},
) {
  let shown = "";
  const code = await runDemo(
    { resources: 30, orders: 3, keep: "kept", fault: null, servePort: null, ...options },
    {
      cwd,
      interrupted,
      show: async (text) => {
        shown += text;
      },
      run: async (mode, configPath) => (await runHere(mode, configPath, { retries: 0 })).report,
      look: async (command, [path = ""]) =>
        command === "check" ? checkShown(path) : { text: `${command} was asked\n`, exitCode: 0 },
    },
  );
  return { code, shown, kept: join(cwd, "kept") };
}

test("shows both modes, one order of each type, and one document", async () => {
  const { code, shown, kept } = await show({});
  expect(code).toBe(0);
  const files = listPublic(join(kept, "out"));
  expect(files.map((name) => name.slice(17).replace(/_.*/, ""))).toEqual([
    "all.json",
    "create",
    "terminate",
    "update",
  ]);
  for (const name of files) expect(shown).toContain(`wrote  ${name}`);
  expect(shown).toContain('"storageResources"');
  expect(shown).toMatch(
    /\$ waldur-cscs-storage check -c \S+\nok +configuration[\s\S]*no problems; exit code 0\n/,
  );
  expect(shown).toMatch(/\$ waldur-cscs-storage diff \S+before\.json \S+-all\.json\ndiff was asked\n/);
  expect(shown).toMatch(/\$ waldur-cscs-storage status --local -c \S+\nstatus was asked\n/);
  expect(shown).toContain(`everything is in ${kept}`);
});

test("shows a fault, its error, and ends with the code of the run", async () => {
  const { code, shown, kept } = await show({ resources: 700, fault: "500-on-page-2" });
  expect(code).toBe(75);
  expect(shown).toContain("with the fault 500-on-page-2");
  expect(shown).toMatch(/error {2}.*answered with 500/);
  expect(shown).toMatch(/without a fault:[\s\S]*exit {3}0[\s\S]*with 500-on-page-2:[\s\S]*exit {3}75/);
  expect(listPublic(join(kept, "out")).filter((name) => name.endsWith("all.json"))).toHaveLength(1);
});

test("names the faults that there are when one is not", async () => {
  expect(show({ fault: "5OO" })).rejects.toThrow("500-on-page-2");
});

test("a port that is taken and a directory that cannot be are reported, and nothing is left running", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  try {
    expect(show({ servePort: server.port ?? 0 })).rejects.toThrow(UsageError);
    expect(show({ keep: "/proc/nowhere" })).rejects.toThrow(OutputError);
  } finally {
    await server.stop(true);
  }
});

test("--keep works again with unchanged files of an earlier demo", async () => {
  const cwd = newDirectory();
  for (let time = 1; time <= 3; time++) {
    const { shown, kept } = await show({}, { cwd });
    expect(shown).toContain(`everything is in ${kept}`);
    writeFileSync(join(kept, "notes.txt"), "of somebody");
  }
});

test.each([
  ["a configuration in use", { "config.yaml": "offerings: []\n" }, "config.yaml was not made by demo"],
  ["other files", { "notes.txt": "x" }, "is not empty"],
  ["an output directory", { "out/a.json": "{}" }, "is not empty"],
  ["a link to a configuration", { "config.yaml": "-> elsewhere.yaml" }, "config.yaml was not made by demo"],
] as const)("--keep refuses a directory with %s, and leaves it as it is", async (_, files, words) => {
  const cwd = newDirectory();
  const kept = join(cwd, "kept");
  mkdirSync(join(kept, "out"), { recursive: true });
  if (!("out/a.json" in files)) rmSync(join(kept, "out"), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), join(kept, name));
    else writeFileSync(join(kept, name), text);
  }
  const before = listAll(kept);
  const refused = await show({}, { cwd }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OutputError);
  expect(refused instanceof OutputError && refused.message).toContain(words);
  expect(listAll(kept)).toEqual(before);
  for (const [name, text] of Object.entries(files)) {
    if (!text.startsWith("-> ")) expect(readFileSync(join(kept, name), "utf8")).toBe(text);
  }
});

test("--keep refuses the configuration of a demo that was changed since", async () => {
  const cwd = newDirectory();
  const { kept } = await show({}, { cwd });
  const path = join(kept, "config.yaml");
  const changed = readFileSync(path, "utf8").replace("Demo storage", "Capstor");
  writeFileSync(path, changed);
  expect(show({}, { cwd })).rejects.toThrow("was changed");
  expect(readFileSync(path, "utf8")).toBe(changed);
});

test("without --keep the files are in a new directory of their own", async () => {
  const { shown } = await show({ keep: null });
  const directory = /everything is in (\S+)/.exec(shown)?.[1] ?? "";
  directories.push(directory);
  expect(listAll(directory)).toContain("config.yaml");
});

test("--serve keeps the simulated Waldur up until a signal, with a configuration that works", async () => {
  const controller = new AbortController();
  const cwd = newDirectory();
  let shown = "";
  const up = Promise.withResolvers<void>();
  const ended = runDemo(
    { resources: 30, orders: 3, keep: "kept", fault: null, servePort: 0 },
    {
      cwd,
      interrupted: controller.signal,
      show: async (text) => {
        shown += text;
        up.resolve();
      },
      run: () => Promise.reject(new Error("nothing is run")),
      look: () => Promise.reject(new Error("nothing is looked at")),
    },
  );
  await up.promise;
  const { report } = await runHere("sync", join(cwd, "kept", "config.yaml"), {});
  expect(report).toMatchObject({ exitCode: 0, offerings: [{ resources: 31 }] });
  const [, token = "", url = ""] = /Authorization: (Token \S+)' '(\S+)'/.exec(shown) ?? [];
  const answer = await fetch(url, { headers: { Authorization: token } });
  expect(await answer.json()).toHaveLength(3);
  controller.abort();
  expect(await ended).toBe(0);
  expect(fetch(url)).rejects.toThrow();
});
