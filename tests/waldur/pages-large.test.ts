// Rows too large to be read: whatever their size, they are in the way of no other row of the list.

import { describe, expect, test } from "bun:test";
import { LARGEST_BODY_BYTES } from "../../lib/waldur/body.ts";
import { MOST_BRACKETS, MOST_LEVELS } from "../../lib/waldur/depth.ts";
import { MOST_ROWS } from "../../lib/waldur/pages.ts";
import { failureOf, use } from "./connection.ts";
import { read, rowId, rowIds, startList } from "./list-server.ts";

const KIB = 1024;
const LARGE = "x".repeat(LARGEST_BODY_BYTES);

describe("a row that is too large alone", () => {
  test.each([0, 1, 149, 150, 299, 300, 449, 651])("as row %d is the only one not read", async (at) => {
    const list = await use(startList(652));
    list.pad = (uuid) => (uuid === rowId(at) ? LARGE : undefined);
    expect(await read(list.url)).toEqual({
      rows: rowIds(0, 652),
      unread: [`${rowId(at)} (row) is larger than 4 MiB`],
      count: 652,
      tries: 1,
    });
    // Three pages, and the parts of one: 2 of 150, 2 of 75, 3 of 25, 5 of 5, 5 of 1, its outline.
    expect(list.asked.length).toBeWithin(9, 3 + 2 + 2 + 3 + 5 + 5 + 2);
  });

  test.each([1, 7, 64, 100, 299])("of a server that clamps pages at %d rows too", async (clamp) => {
    const size = Math.min(2 * clamp + 1, 250);
    const list = await use(startList(size, clamp));
    const large = [...new Set([rowId(0), rowId(Math.min(clamp, 120)), rowId(size - 1)])];
    list.pad = (uuid) => (large.includes(uuid) ? LARGE : undefined);
    const got = await read(list.url);
    expect([got.rows, got.unread.length, got.count]).toEqual([rowIds(0, size), large.length, size]);
  });

  test.each([2, 8])("keeps no other one out with %d requests at once", async (parallel) => {
    const list = await use(startList(95, 10));
    list.pad = (uuid) => (uuid.endsWith("3") ? LARGE : undefined);
    const got = await read(list.url, { parallel });
    expect([got.rows, got.unread.length]).toEqual([rowIds(0, 95), 6]);
  });

  test("is still one of the rows that prove the list complete", async () => {
    const list = await use(startList(9, 3));
    list.pad = (uuid) => (uuid === rowId(4) ? LARGE : undefined);
    list.before = (_page, nth, attempt) => {
      if (attempt === 1 && nth === 6) list.rows.shift();
    };
    const got = await read(list.url);
    expect([got.rows, got.tries]).toEqual([rowIds(1, 9), 2]);
  });

  test("and has too large an outline ends the reading with 65", async () => {
    const list = await use(startList(3));
    list.spoil = (page) => {
      page.rows = [{ uuid: rowId(0), attributes: LARGE }];
    };
    const error = await failureOf(read(list.url));
    expect([error.exitCode, error.code]).toEqual([65, "too-large"]);
  });
});

test("rows that are too large together are all read", async () => {
  const list = await use(startList(301));
  list.pad = () => "x".repeat(30 * KIB);
  expect(await read(list.url)).toEqual({ rows: rowIds(0, 301), unread: [], count: 301, tries: 1 });
  expect(list.asked.length).toBe(1 + 2 + 4 + 1);
});

test("pages that are asked for at once share what two may have", async () => {
  const list = await use(startList(61, 10));
  list.pad = () => "x".repeat(60 * KIB);
  await read(list.url, { parallel: 1 });
  const alone = list.asked.length;
  await read(list.url, { parallel: 12 });
  expect([alone, list.asked.length - alone > alone]).toEqual([7, false]);
  list.pad = () => "x".repeat(100 * KIB);
  list.asked.length = 0;
  expect((await read(list.url, { parallel: 12 })).rows).toEqual(rowIds(0, 61));
  expect(list.asked.length).toBe(6 * 3 + 1);
});

describe("structure", () => {
  // The list and the row are two levels of those that an answer may have.
  test.each([
    [MOST_LEVELS - 2, []],
    [MOST_LEVELS - 1, [`${rowId(1)} (row) is nested more than 128 levels deep`]],
    [50_000, [`${rowId(1)} (row) is nested more than 128 levels deep`]],
    [100_000, [`${rowId(1)} (row) has more than ${MOST_BRACKETS} objects and lists`]],
  ])("of %d levels in one row", async (levels, unread) => {
    const list = await use(startList(3));
    list.pad = (uuid) => (uuid === rowId(1) ? `raw:${"[".repeat(levels)}${"]".repeat(levels)}` : undefined);
    const got = await read(list.url);
    expect([got.rows, got.unread]).toEqual([rowIds(0, 3), [...unread]]);
  });

  test("in many rows is read in parts", async () => {
    const list = await use(startList(300));
    list.pad = () => Array.from({ length: 1000 }, () => ({}));
    expect(await read(list.url)).toEqual({ rows: rowIds(0, 300), unread: [], count: 300, tries: 1 });
  });
});

describe("a list without end", () => {
  test("whose count grows with each page ends with 65", async () => {
    const list = await use(startList(6, 3));
    list.before = () => {
      const { length } = list.rows;
      list.rows.push(...rowIds(length, length + 300));
      list.clamp = 300;
    };
    const error = await failureOf(read(list.url));
    expect([error.exitCode, error.message]).toEqual([
      65,
      "the list of GET things/ grows while it is read, to 1806 rows by now",
    ]);
  });

  test("may become twice as long, and 1000 rows longer", async () => {
    const list = await use(startList(300, 100));
    list.before = (_page, nth) => {
      if (nth === 1) list.rows.push(...rowIds(300, 1600));
    };
    expect(await read(list.url)).toMatchObject({ rows: rowIds(0, 1600), count: 1600, tries: 1 });
  });

  test("in the words of its count is refused at once", async () => {
    const list = await use(startList(300));
    list.spoil = (page) => {
      page.count = String(MOST_ROWS + 1);
    };
    const error = await failureOf(read(list.url));
    expect([error.exitCode, error.message, list.asked.length]).toEqual([
      65,
      "the list of GET things/ has a count of 2000001 rows, and at most 2000000 are read",
      1,
    ]);
  });
});
