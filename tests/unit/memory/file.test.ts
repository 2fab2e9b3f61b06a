// The memory of rows on a disk: what is written is what is read, in any order, and a file that is not whole is none.

import { describe, expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { createMemoryWriter, type Memory, memoryName, openMemory } from "../../../lib/memory/file.ts";
import { LONGEST_LINE, type RememberedRow, rememberRow, withRemembered } from "../../../lib/memory/row.ts";
import { BLOCK_ROWS } from "../../../lib/memory/schedule.ts";
import { createTemporary } from "../../../lib/output/durable.ts";
import { afterwards, type Opened, openScratch } from "../output/scratch.ts";

const LIST_OF = {
  offering: "a".repeat(32),
  apiUrl: "https://waldur.example.org/api/",
  columns: ["attributes", "project_uuid"],
};
const ABOUT = { writtenAt: 5, owed: 1.5 };

const idOf = (n: number) => Bun.hash.xxHash64(String(n)).toString(16).padStart(16, "0").repeat(2);

function rowOf(n: number, attributes: unknown = { n }): RememberedRow | null {
  const row = { uuid: idOf(n), modified: `2026-01-01T00:00:00.${n}Z`, attributes, project_uuid: idOf(-n) };
  return rememberRow(row, LIST_OF.columns, n);
}

function write(output: Opened, rows: readonly (RememberedRow | null)[]): string {
  const writer = createMemoryWriter(createTemporary(output, "cache"), LIST_OF);
  writer.add([rowOf(77)], BLOCK_ROWS);
  writer.restart();
  writer.add(rows, BLOCK_ROWS);
  writer.publish(ABOUT);
  return join(output.statePath, memoryName(LIST_OF.offering));
}

function read(output: Opened, subject = LIST_OF): Memory {
  const memory = openMemory(output.directory, subject);
  if ("why" in memory) throw new Error(memory.why ?? "missing");
  afterwards(memory.close);
  return memory;
}

const COUNT = 3000;
const rows = Array.from({ length: COUNT }, (_, n) => rowOf(n));

describe("rows", () => {
  const numbers = Array.from({ length: COUNT }, (_, n) => n);
  test.each([
    ["in their order", numbers],
    ["in their order, some gone", numbers.filter((n) => n % 7 !== 0)],
    ["in their order, many gone at once", numbers.filter((n) => n < 10 || n > 900)],
    ["the other way round", [...numbers].reverse()],
    ["by uuid", [...numbers].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))],
    ["with new ones between and behind", numbers.flatMap((n) => [n, -1 - n])],
  ])("are found %s", (_, asked) => {
    const output = openScratch();
    write(output, rows);
    const memory = read(output);
    for (const _again of [0, 1]) {
      for (const n of asked) {
        const found = memory.find(idOf(n));
        expect(found === null).toBe(n < 0);
        if (found !== null) expect([found.checkedAt, found.values[0]]).toEqual([n, { n }]);
      }
      memory.rewind();
    }
    expect(memory.ages).toMatchObject({ rows: COUNT, ...ABOUT });
    expect(memory.ages.oldest).toEqual([0, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
  });

  test("have any JSON in them", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 30 }), (values) => {
        const output = openScratch();
        write(
          output,
          values.map((value, n) => rowOf(n, value)),
        );
        const memory = read(output);
        for (const [n, attributes] of values.entries()) {
          const found = memory.find(idOf(n));
          if (found === null) throw new Error("lost");
          expect(JSON.stringify(withRemembered({}, found, LIST_OF.columns))).toBe(
            JSON.stringify({ attributes, project_uuid: idOf(-n) }),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  test("that are too long are not remembered, the longest that is not is found at every place", () => {
    const output = openScratch();
    const long = (n: number, more: number) => rowOf(n, "ü".repeat(LONGEST_LINE - 110 + more));
    write(output, [rowOf(0), long(1, 500), long(2, 0), long(3, 0), rowOf(4), long(5, 0)]);
    const memory = read(output);
    expect([0, 1, 2, 3, 4, 5].map((n) => memory.find(idOf(n)) !== null)).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  test("whose modified a later row might have too are not remembered", () => {
    for (const modified of [undefined, null, 5, "", "a\tb", "a\nb", "x".repeat(65)])
      expect(
        rememberRow({ uuid: idOf(1), modified, attributes: {}, project_uuid: idOf(2) }, LIST_OF.columns, 1),
      ).toBeNull();
  });

  test("without one of the columns, or with one that is not what it must be, are not kept", () => {
    const row = { uuid: idOf(1), modified: "2026-01-01T00:00:00Z", attributes: {}, project_uuid: idOf(2) };
    expect(rememberRow(row, LIST_OF.columns, 1)).not.toBeNull();
    const { attributes: _attributes, ...rest } = row;
    expect(rememberRow(rest, LIST_OF.columns, 1)).toBeNull();
    for (const project_uuid of [undefined, null, 5, "a token", `${idOf(2)}\n`])
      expect(rememberRow({ ...row, project_uuid }, LIST_OF.columns, 1)).toBeNull();
  });
});

describe("a file", () => {
  test("that is truncated or has another byte anywhere is not used", () => {
    const output = openScratch();
    const path = write(output, rows.slice(0, 20));
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 13) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(path, bytes);
      expect(openMemory(output.directory, LIST_OF)).toHaveProperty("why");
      writeFileSync(path, whole);
      truncateSync(path, at);
      expect(openMemory(output.directory, LIST_OF)).toHaveProperty("why");
      writeFileSync(path, whole);
    }
    expect(read(output).ages.rows).toBe(20);
  });

  test("of another offering, server or set of columns is not used", () => {
    const output = openScratch();
    write(output, rows.slice(0, 20));
    for (const other of [
      { ...LIST_OF, apiUrl: "https://other.example.org/api/" },
      { ...LIST_OF, columns: ["attributes"] },
      { ...LIST_OF, offering: "b".repeat(32) },
    ])
      expect(openMemory(output.directory, other)).toHaveProperty("why");
  });
});
