// Whatever a server writes where a slug, a name, a type, a state or a uuid should be: nothing is created outside the
// output directory, names of files are of the fixed forms, the run ends with a documented code, and neither terminals
// nor logs get what they should not (docs/contract.md, "Publishing" and "Logs"). FUZZ_SEED chooses other strings.

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { dirname, join } from "pathe";
import { EXIT } from "../../lib/errors.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import type { Wire } from "../../lib/simulator/model.ts";
import { inTurns } from "../faults/in-turns.ts";
import { complaintsOfFile, STATE_NAME } from "../faults/outcome.ts";
import { openStage, type Ran, type Stage } from "../stage.ts";
import { listingOf } from "./program.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_801);
const WORLDS = Number(process.env.FUZZ_WORLDS ?? 24);

/** Of a person who must be named nowhere but in documents. */
const PERSON = "Ada Canary-Lovelace";
const ESCAPE = `escape-${process.pid}`;
/** Stands for the token in what the server says; no test may know the real one in advance. */
const TOKEN_HERE = "<token>";

const HOSTILE: readonly string[] = [
  ...["", " ", ".", "..", "../..", "-", "--", "-rf", "~", "$HOME", "`id`", "a/b", "/", "//", "/etc/passwd"],
  ...[`../${ESCAPE}`, `../../${ESCAPE}`, `x/../../../${ESCAPE}`, `/tmp/${ESCAPE}`, `..\\..\\${ESCAPE}`],
  ...[
    "a\0b",
    "\0",
    "a\nb",
    "a\r\nwarn forged line",
    "\u001b[2J\u001b[31mred",
    "\u0007\b\u007f",
    "\u009b2J",
    "\u0085",
  ],
  ...[
    "\u2028\u2029",
    "\u202egnp.exe",
    "\u2066hidden\u2069",
    "\u200b",
    "\ufeff",
    "\ud800",
    "e\u0301",
    "ü",
    "日本",
    "🗄️",
    "ﷺ",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "null",
    "undefined",
    "NaN",
    "true",
    "0",
    "-1",
    "1e999",
  ],
  ...[
    "%2e%2e%2f",
    "?a=b#c",
    "{tenant}",
    "$" + "{x}",
    "%s%n",
    "<script>",
    '"quoted"',
    "'",
    "\\",
    "create_",
    "all.json",
  ],
  ...[
    "x".repeat(255),
    "x".repeat(256),
    "ü".repeat(200),
    "x".repeat(10_000),
    "\u001b".repeat(10_000),
    "../".repeat(3000),
  ],
  ...[
    "00000000000000000000000000000000",
    "ABCDEF00ABCDEF00ABCDEF00ABCDEF00",
    "00000000-0000-4000-8000-000000000000",
  ],
  ...[
    "2026-01-01T00:00:00Z",
    "2026-13-45T99:99:99Z",
    "+275760-09-13T00:00:00Z",
    "Create",
    "Terminate",
    "executing",
    "OK",
  ],
  ...[`/mnt/../${TOKEN_HERE}`, `Token ${TOKEN_HERE}\n`],
];

const texts = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 300 }) },
);
const keys = fc.constantFrom(
  "__proto__",
  "constructor",
  "storage",
  "permissions",
  "storage_data_type",
  "",
  "\0",
  "\u001b[2J",
);
const tables = fc.array(fc.tuple(keys, texts), { maxLength: 3 }).map(ownProperties);
const scalars = fc.constantFrom<unknown>(null, true, false, 0, -1, 0.1, 1e300, Number.MAX_SAFE_INTEGER + 2);
/** Mostly texts; else what should be a text and is none. */
const values: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: texts },
  { weight: 1, arbitrary: scalars },
  { weight: 1, arbitrary: tables },
  { weight: 1, arbitrary: fc.array(texts, { maxLength: 2 }) },
);

/** With a property of its own called `__proto__`, as a parser of JSON makes it. */
function ownProperties(entries: readonly (readonly [string, unknown])[]): unknown {
  return JSON.parse(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
  );
}

/** Tables of a resource or an order whose values the program looks at. */
const inner = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), fc.oneof(values, tables), { maxKeys: 3 });
const tablesOfWire = {
  limits: inner(["storage", "other"]),
  attributes: inner(["permissions", "storage_data_type", "new_options", "old_limits", "old_options", "name"]),
  options: inner(["permissions", "soft_quota_space", "hard_quota_space", "soft_quota_inodes"]),
  backend_metadata: inner(["project_item", "tenant_item", "customer_item"]),
};

/** Fields of one thing, one or two of them replaced. */
function wires(names: readonly string[]): fc.Arbitrary<Wire> {
  const field = fc.constantFrom(...names).chain((name) => {
    const deep = new Map<string, fc.Arbitrary<unknown>>(Object.entries(tablesOfWire)).get(name);
    const value = deep === undefined ? values : fc.oneof(values, deep, deep);
    return value.map((one): [string, unknown] => [name, one]);
  });
  return fc.array(field, { minLength: 1, maxLength: 2 }).map((entries) => Object.fromEntries(entries));
}

const HIERARCHY = [
  "project_slug",
  "project_name",
  "project_uuid",
  "customer_slug",
  "customer_name",
  "customer_uuid",
];
const RESOURCE = [
  "slug",
  "state",
  "limits",
  "attributes",
  "options",
  "backend_id",
  "backend_metadata",
  ...HIERARCHY,
];
const ORDER = [
  "type",
  "state",
  "created",
  "limits",
  "attributes",
  "provider_reviewed_at",
  "resource_uuid",
  ...HIERARCHY,
];
const PROJECT = ["name", "slug", "customer_name", "customer_slug"];

/** What ends a whole run is put only into few worlds, else nothing behind it would be tried. */
const rarely = (names: readonly string[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant<Wire>({}) }, { weight: 1, arbitrary: wires(names) });

type Fuzzed = { resources: readonly Wire[]; orders: readonly Wire[]; offering: Wire; project: Wire };

/** One string in every field, of a thing of its own each. */
function everywhere(text: string): Fuzzed {
  const each = (names: readonly string[]) => names.map((name): Wire => ({ [name]: text }));
  const inside = (table: string, names: readonly string[]) =>
    names.map((name): Wire => ({ [table]: { [name]: text, [text]: name } }));
  return {
    resources: [
      ...each(RESOURCE),
      ...inside("attributes", ["permissions", "storage_data_type"]),
      ...inside("options", ["permissions", "hard_quota_space"]),
      ...inside("backend_metadata", ["project_item"]),
      ...inside("limits", ["storage"]),
    ],
    orders: [
      { marketplace_resource_uuid: null },
      ...each(ORDER),
      ...inside("limits", ["storage"]),
      ...inside("attributes", ["new_options"]),
    ],
    offering: {},
    project: {},
  };
}

const ROOTS = [
  ...["uuid", "project_uuid", "customer_uuid", "offering_uuid"].map((name) => ["resource", name] as const),
  ...["uuid", "marketplace_resource_uuid", "offering_uuid"].map((name) => ["order", name] as const),
  ...["uuid", "slug", "type", "customer_uuid"].map((name) => ["offering", name] as const),
  ...PROJECT.map((name) => ["project", name] as const),
];

/** One string where it may well end the whole run; the places come in turn. */
function atTheRoot(text: string, nth: number): Fuzzed {
  const [place, name] = ROOTS[nth % ROOTS.length] ?? ["resource", "uuid"];
  const on = (one: string): Wire => (one === place ? { [name]: text } : {});
  return {
    resources: [on("resource"), {}],
    orders: [on("order"), {}, {}],
    offering: on("offering"),
    project: on("project"),
  };
}

const worlds: fc.Arbitrary<Fuzzed> = fc.record({
  resources: fc
    .tuple(
      rarely(["uuid", "project_uuid"]),
      fc.array(wires(RESOURCE), { minLength: 8, maxLength: 8, size: "max" }),
    )
    .map(([first, rest]) => [first, ...rest]),
  orders: fc
    .tuple(
      rarely(["uuid", "offering_uuid", "marketplace_resource_uuid"]),
      fc.array(wires(ORDER), { minLength: 8, maxLength: 8, size: "max" }),
    )
    .map(([first, rest]) => [first, ...rest]),
  offering: rarely(["slug", "type", "uuid", "customer_uuid"]),
  project: rarely(PROJECT),
});

describe("whatever a server says", () => {
  test("each hostile string in every field does no harm", async () => {
    expect(await tryWorlds(HOSTILE.map(everywhere))).toEqual(new Set([EXIT.problems]));
  }, 300_000);

  test("each hostile string in place of a uuid, or about the offering, does no harm", async () => {
    const codes = await tryWorlds(HOSTILE.map(atTheRoot), ONCE);
    expect(codes).toContain(EXIT.answer);
  }, 300_000);

  test(`strings and other things in ${WORLDS} worlds of seed ${SEED} do no harm`, async () => {
    const codes = await tryWorlds(fc.sample(fc.noBias(worlds), { seed: SEED, numRuns: WORLDS }));
    // Some went through with problems, some were refused, or this has tried only one thing.
    expect(codes).toContain(EXIT.problems);
    expect(codes.size).toBeGreaterThan(1);
  }, 300_000);
});

/** Returns the codes that runs ended with. The server is of either generation in turn. */
async function tryWorlds(worlds: readonly Fuzzed[], commands = COMMANDS): Promise<Set<number>> {
  const codes = new Set<number>();
  const complaints = await inTurns([...worlds.entries()], async ([nth, fuzzed]) => {
    const generation = nth % 2 === 0 ? "current" : "2024";
    const found = await tryWorld(fuzzed, { generation, commands, codes });
    return found.map((complaint) => `${complaint}\n  in ${JSON.stringify(fuzzed).slice(0, 4000)}`);
  });
  expect(complaints.flat()).toEqual([]);
  return codes;
}

/** Both modes, dry and real, and orders once more over what they have left. */
const COMMANDS = [
  ["sync", "--dry-run", "-v", "--allow-shrink"],
  ["orders", "--dry-run", "-v", "--log-format", "json"],
  ["sync", "--json", "-v", "--log-format", "json", "--allow-shrink"],
  ["orders", "--json", "-v"],
  ["orders", "--json", "-v", "--log-format", "json"],
];

const ONCE = [
  ["sync", "--json", "-v"],
  ["orders", "--json", "-v", "--log-format", "json"],
];

type Trial = {
  generation: "current" | "2024";
  commands: readonly (readonly string[])[];
  /** Collects the codes that runs ended with. */
  codes: Set<number>;
};

async function tryWorld(fuzzed: Fuzzed, { generation, commands, codes }: Trial): Promise<string[]> {
  const stage = await openStage({ generation, settings: { latest_link: true } });
  try {
    spoil(stage, fuzzed);
    const outside = listOutside(stage);
    const complaints: string[] = [];
    for (const args of commands) {
      const ran = await stage.run([
        ...args,
        "--retries",
        "0",
        "--metrics-file",
        join(stage.directory, `${args[0]}.prom`),
      ]);
      codes.add(ran.code);
      complaints.push(...complaintsOfRun(stage, args, ran));
    }
    complaints.push(...complaintsOfFiles(stage, outside));
    return complaints.map((complaint) => `${generation}: ${complaint}`);
  } finally {
    await stage.close();
  }
}

function spoil(stage: Stage, fuzzed: Fuzzed): void {
  const { world } = stage;
  // Names of projects and resources are shown on purpose.
  for (const place of world.customers) place.name = PERSON;
  for (const [nth, wire] of fuzzed.resources.entries()) {
    world.addResource({ slug: `data-${nth}`, wire: withToken(stage, wire) });
  }
  for (const [nth, wire] of fuzzed.orders.entries()) {
    const type = TYPES[nth % TYPES.length] ?? "Create";
    const resource = world.addResource({ slug: `ordered-${nth}` });
    const on = type === "Create" ? { name: `order-${nth}` } : { resource };
    const order = world.addOrder({ type, limits: { storage: 3 }, errorMessage: PERSON, ...on });
    order.wire = withToken(stage, wire);
  }
  world.offering.wire = withToken(stage, fuzzed.offering);
  const [project] = world.projects;
  if (project !== undefined) project.wire = withToken(stage, fuzzed.project);
}

const TYPES = ["Create", "Update", "Terminate"] as const;

function withToken({ simulator }: Stage, wire: Wire): Wire {
  return JSON.parse(JSON.stringify(wire).replaceAll(TOKEN_HERE, simulator.providerToken));
}

const DOCUMENTED: ReadonlySet<number> = new Set(Object.values(EXIT).filter((code) => code !== EXIT.bug));
/** All that moves a cursor, starts a line, or turns the direction of the text; the ends of our own lines aside. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function complaintsOfRun(stage: Stage, args: readonly string[], { code, stdout, stderr }: Ran): string[] {
  const isDry = args.includes("--dry-run");
  const name = args.join(" ");
  const complaints = [
    ...(DOCUMENTED.has(code) ? [] : [`ended with ${code}: ${stderr.slice(-2000)}`]),
    ...stderr
      .split("\n")
      .filter((line) => CONTROL.test(line))
      .map((line) => `a control character in ${JSON.stringify(line.slice(0, 400))}`),
    ...complaintsOfText("standard error", stderr, [stage.simulator.providerToken, PERSON]),
    // With --dry-run the documents are there, and in them the names.
    ...complaintsOfText("standard output", stdout, [
      stage.simulator.providerToken,
      ...(isDry ? [] : [PERSON]),
    ]),
  ];
  return complaints.map((complaint) => `${name}: ${complaint}`);
}

function complaintsOfText(what: string, text: string, words: readonly string[]): string[] {
  return words
    .filter((word) => text.includes(word))
    .map((word) => {
      const at = text.indexOf(word);
      return `${what} holds ${JSON.stringify(text.slice(Math.max(0, at - 200), at + 60))}`;
    });
}

/** Everything beside the output directory, and where else the hostile paths lead. */
function listOutside(stage: Stage): string[] {
  const strays = [tmpdir(), dirname(stage.directory), "/", "/etc", process.cwd()]
    .map((place) => join(place, ESCAPE))
    .filter((path) => existsSync(path));
  return [
    ...listingOf(stage.directory).filter((name) => !name.startsWith("out/") && !name.endsWith(".prom")),
    ...strays,
  ];
}

function complaintsOfFiles(stage: Stage, outside: readonly string[]): string[] {
  const state = stage.everything().filter((path) => path.startsWith(`${STATE_DIRECTORY}/`));
  const secrets = [stage.simulator.providerToken, PERSON];
  return [
    ...listOutside(stage)
      .filter((name) => !outside.includes(name))
      .map((name) => `${name} was made`),
    ...stage.files().flatMap((name) => complaintsOfFile(stage, name)),
    ...state
      .filter((path) => !isStateName(path.slice(STATE_DIRECTORY.length + 1)))
      .map((path) => `${path} was made`),
    ...state.flatMap((path) =>
      complaintsOfText(path, readFileSync(join(stage.out, path), "latin1"), secrets),
    ),
    ...["sync", "orders"].flatMap((mode) =>
      complaintsOfText("the metrics", readFileSync(join(stage.directory, `${mode}.prom`), "utf8"), secrets),
    ),
  ];
}

/** Receipts of orders that are still open are there too. */
function isStateName(name: string): boolean {
  return STATE_NAME.test(name) || /^receipts\/[0-9a-f]{32}\.json$/.test(name);
}
