import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { claimsIdentity, readClaims, writeClaims } from "../../../lib/claims/store.ts";
import {
  BY_ORDER,
  BY_SNAPSHOT,
  type ClaimTable,
  createClaimTable,
  EXPLICIT,
  WANTED,
} from "../../../lib/claims/table.ts";
import { orderFileName } from "../../../lib/output/names.ts";
import { openScratch } from "../output/scratch.ts";
import { claimOf, OFFERING, uuidOf } from "./support.ts";

const LISTED = "2026-01-05T09:00:00.000Z";
const SOURCE = {
  snapshot: { file: "2026-01-05-09-00-all.json", inode: "12" },
  listedAt: LISTED,
  listed: [OFFERING],
};

/** All that can be asked of a table, as one value. */
function factsOf(table: ClaimTable) {
  return Array.from({ length: table.resources }, (_, owner) => ({
    uuid: table.uuid(owner),
    number: table.find(table.uuid(owner)),
    was: table.was(owner),
    ended: table.ended(owner),
    present: table.present(owner),
    records: table
      .recordsOf(owner)
      .toSorted((one, other) => one - other)
      .map((record) => ({
        record,
        path: table.path(record),
        same: [...table.claimants(table.path(record), owner).same].sort(),
        above: [...table.above(table.path(record), owner)].sort(),
        marks: table.marks(record),
        since: table.since(record),
        offering: table.offering(record),
        file: table.file(record),
        isReleased: table.isReleased(owner, table.path(record), 5000),
      })),
  }));
}

const part = fc.constantFrom("a", "b", "ab", "\u00e9", "e\u0301", "\u65e5\u672c", "x".repeat(200));
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const deed = fc.record({
  n: fc.nat(12),
  path,
  marks: fc.constantFrom(BY_SNAPSHOT, BY_ORDER, WANTED, BY_ORDER | EXPLICIT),
  since: fc.nat(2_000_000_000).map((seconds) => seconds * 1000),
  offering: fc.constantFrom("x".repeat(32), "y".repeat(32)),
  file: fc.option(
    fc.constantFrom(
      orderFileName("2026-01-05-09-00", "create", "1".repeat(32)),
      orderFileName("2026-01-05-09-00", "terminate", "2".repeat(32)),
    ),
    { nil: undefined },
  ),
  next: fc.constantFrom("nothing", "present", "end", "release"),
});

type Deed = typeof deed extends fc.Arbitrary<infer One> ? One : never;

function tableOf(deeds: readonly Deed[]): ClaimTable {
  const table = createClaimTable();
  for (const { n, next, file, ...claim } of deeds) {
    const owner = table.resource(uuidOf(n));
    const record = table.claim(owner, { ...claim, ...(file === undefined ? {} : { file }) });
    table.setWas(owner, n % 16);
    if (next === "present") table.makePresent(record);
    if (next === "end") table.end(owner, { at: claim.since, days: n });
    if (next === "release") table.release(owner, claim.path, claim.since);
  }
  return table;
}

test("what was written is read back", () => {
  const output = openScratch();
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      const table = tableOf(deeds);
      writeClaims(output, table, SOURCE);
      const read = readClaims(output.directory);
      expect(read === null ? null : factsOf(read.table)).toEqual(factsOf(table));
      expect(read).toMatchObject(SOURCE);
    }),
    { numRuns: 150 },
  );
});

test("keeps growing after it was read back, past the room that was left", () => {
  const output = openScratch();
  const add = (table: ClaimTable, from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const record = table.claim(table.resource(uuidOf(n)), claimOf(`/p${n % 900}/caf\u00e9-${n}`));
      table.makePresent(record);
    }
  };
  const grown = createClaimTable();
  add(grown, 0, 700);
  writeClaims(output, grown, SOURCE);
  const read = readClaims(output.directory);
  if (read === null) throw new Error("lost");
  add(read.table, 700, 3000);
  add(grown, 700, 3000);
  expect(factsOf(read.table)).toEqual(factsOf(grown));
});

test("an empty table counts as a table, a missing file does not", () => {
  const output = openScratch();
  expect([readClaims(output.directory), claimsIdentity(output.directory)]).toEqual([null, null]);
  writeClaims(output, createClaimTable(), { snapshot: null, listedAt: LISTED, listed: [] });
  const read = readClaims(output.directory);
  expect([read?.table.resources, read?.snapshot, read?.listed]).toEqual([0, null, []]);
});

test("every writing changes the identity, and removes the index of 0.1.0", () => {
  const output = openScratch();
  writeFileSync(join(output.statePath, "mount-points"), "old");
  writeClaims(output, createClaimTable(), SOURCE);
  const first = claimsIdentity(output.directory);
  expect([first, existsSync(join(output.statePath, "mount-points"))]).toEqual([
    readClaims(output.directory)?.identity ?? "",
    false,
  ]);
  writeClaims(output, createClaimTable(), SOURCE);
  expect(claimsIdentity(output.directory)).not.toBe(first);
});

/** Reads what may be broken and asks it everything; null is right, and so is an answer, but no error. */
function askAll(directory: string): void {
  const read = readClaims(directory);
  if (read === null) return;
  factsOf(read.table);
  read.table.doubled();
  read.table.claim(read.table.resource(uuidOf(99)), claimOf("/new"));
  expect(Number.isNaN(Date.parse(read.listedAt))).toBe(false);
}

test("a file that was cut reads as lost, wherever it was cut", () => {
  const output = openScratch();
  writeClaims(output, tableOf(fc.sample(deed, { numRuns: 30, seed: 1 })), SOURCE);
  const file = join(output.statePath, "claims");
  const bytes = readFileSync(file);
  for (let length = 0; length < bytes.length; length += 7) {
    writeFileSync(file, bytes.subarray(0, length));
    expect(readClaims(output.directory)).toBeNull();
  }
  writeFileSync(file, Buffer.concat([bytes, Buffer.from([0])]));
  expect(readClaims(output.directory)).toBeNull();
});

test("a file with other bytes in it reads as lost or as some table, and never fails", () => {
  const output = openScratch();
  const file = join(output.statePath, "claims");
  const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.array(deed, { minLength: 1, maxLength: 12 }),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (deeds, changes) => {
        writeClaims(output, tableOf(deeds), SOURCE);
        const bytes = readFileSync(file);
        for (const { at, byte } of changes) bytes[Math.floor(at * (bytes.length - 1))] = byte;
        writeFileSync(file, bytes);
        askAll(output.directory);
      },
    ),
    { numRuns: 400 },
  );
});

test.each([
  ["files", [[0, 7]]],
  ["files", [0]],
  ["files", [[1, "x"]]],
  ["spellings", [[-1, "x"]]],
  ["spellings", [[0, null]]],
  ["ended", [[0, { at: "soon", days: 1 }]]],
  ["ended", [[1, { at: 1, days: 1 }]]],
  ["ended", {}],
  ["depths", [null]],
  ["hasTwins", 1],
  ["released", [[0, [{ path: 1, at: 1 }]]]],
  ["released", [[0, {}]]],
  ["offerings", [1]],
  ["offerings", []],
  ["snapshot", { file: "x" }],
  ["listedAt", "soon"],
  ["resources", 1e15],
  ["records", -1],
  ["bytes", 0.5],
  ["version", 2],
])("a first line whose %s is %j reads as lost", (key, value) => {
  const output = openScratch();
  const table = createClaimTable();
  table.claim(table.resource(uuidOf(0)), claimOf("/a"));
  writeClaims(output, table, SOURCE);
  const file = join(output.statePath, "claims");
  const bytes = readFileSync(file);
  const end = bytes.indexOf("\n");
  const header = JSON.parse(bytes.subarray(0, end).toString());
  const line = Buffer.from(JSON.stringify({ ...header, [key]: value }));
  writeFileSync(file, Buffer.concat([line, bytes.subarray(end)]));
  expect(readClaims(output.directory)).toBeNull();
});
