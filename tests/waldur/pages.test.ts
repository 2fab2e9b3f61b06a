// Lists: read to their end and in order, or an error; never a row missed without a message.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ExitCode } from "../../lib/errors.ts";
import type { Reader } from "../../lib/waldur/client.ts";
import { ListMoved } from "../../lib/waldur/page-source.ts";
import { countList } from "../../lib/waldur/pages.ts";
import { clientFor, failureOf, use } from "./connection.ts";
import { type ListServer, type Page, read, rowId, rowIds, startList } from "./list-server.ts";

describe("a list that does not change", () => {
  test.each([0, 1, 9, 299, 300, 301, 600, 601])(
    "of %d rows is read once, whole and in order",
    async (size) => {
      const list = await use(startList(size));
      expect(await read(list.url)).toEqual({ rows: rowIds(0, size), unread: [], count: size, tries: 1 });
      const pages = Math.max(1, Math.ceil(size / 300));
      expect(list.asked).toEqual(Array.from({ length: pages }, (_, n) => n + 1));
    },
  );

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "is in order with %d requests at once, whichever page comes first",
    async (parallel) => {
      const list = await use(startList(29, 3));
      // Even pages take longer, so that later ones overtake them.
      list.before = (page) => (page % 2 === 0 ? Bun.sleep(8) : undefined);
      expect(await read(list.url, { parallel })).toEqual({
        rows: rowIds(0, 29),
        unread: [],
        count: 29,
        tries: 1,
      });
      expect(list.asked.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(list.mostAtOnce()).toBeLessThanOrEqual(parallel);
      if (parallel > 1) expect(list.mostAtOnce()).toBeGreaterThan(1);
    },
  );

  test("has one request in flight by default, and the next page is asked for before a page is handed over", async () => {
    const list = await use(startList(9, 3));
    const events: string[] = [];
    await read(list.url, {
      onAsk: ({ page }) => events.push(`ask ${page}`),
      onPage: ({ seen, count }) => events.push(`${seen} of ${count}`),
    });
    expect(events).toEqual(["ask 1", "ask 2", "3 of 9", "ask 3", "6 of 9", "9 of 9"]);
    expect(list.mostAtOnce()).toBe(1);
  });

  test.each([1, 7, 100, 299])(
    "of a server that clamps pages at %d rows is read just as well",
    async (clamp) => {
      const list = await use(startList(clamp * 3 + 1, clamp));
      expect((await read(list.url)).rows).toEqual(rowIds(0, clamp * 3 + 1));
      expect(list.asked).toEqual([1, 2, 3, 4]);
    },
  );

  test("is asked for with every parameter on every page", async () => {
    const list = await use(startList(5, 3));
    const queries: unknown[] = [];
    await read(list.url, { onAsk: (query) => queries.push(query) });
    expect(queries).toEqual([1, 2].map((page) => ({ colour: "red", page, page_size: 300 })));
  });

  test("survives trouble on the way of one page", async () => {
    const list = await use(startList(9, 3));
    list.spoil = (page, number, nth) => {
      if (number === 2 && nth < 3) page.status = 503;
    };
    expect((await read(list.url, { retries: 2 })).rows).toEqual(rowIds(0, 9));
    expect(list.asked).toEqual([1, 2, 2, 2, 3]);
  });
});

type Spoil = (page: Page, number: number, list: ListServer) => void;
type Fault = [name: string, spoil: Spoil, words: RegExp];

const onPage =
  (wanted: number, spoil: (page: Page) => void): Spoil =>
  (page, number) => {
    if (number === wanted) spoil(page);
  };
const withRows =
  (change: (rows: unknown[]) => unknown) =>
  (page: Page): void => {
    if (Array.isArray(page.rows)) page.rows = change(page.rows);
  };
const withCount =
  (by: number) =>
  (page: Page): void => {
    if (page.count !== null) page.count = String(Number(page.count) + by);
  };

/** Of a list of nine rows in pages of three: what looks as if it had moved. */
const MOVED: readonly Fault[] = [
  ["the count falls", onPage(2, withCount(-1)), /the count fell from 9 to 8/],
  ["the count falls on the last page", onPage(3, withCount(-1)), /the count fell from 9 to 8/],
  ["the count falls to nothing", onPage(2, withCount(-9)), /the count fell from 9 to 0/],
  ["the count grows, and no row comes of it", onPage(3, withCount(1)), /page 4 is gone/],
  ["the count is one too many", withCount(1), /page 4 is gone/],
  ["the count is one too few", withCount(-1), /page 3 has 3 rows instead of 2/],
  ["a row appears twice on one page", withRows(([a, b]) => [a, b, b]), /thing 0+1 was listed twice/],
  [
    "a row comes again on a later page",
    onPage(
      3,
      withRows(([a, b]) => [a, b, { uuid: rowId(0) }]),
    ),
    /thing 0+ was listed twice/,
  ],
  [
    "a row comes again, with dashes and in capitals",
    onPage(
      3,
      withRows(([a, b]) => [a, b, { uuid: "00000000-0000-0000-0000-000000000000" }]),
    ),
    /listed twice/,
  ],
  [
    "a page lacks a row",
    onPage(
      2,
      withRows(([a, b]) => [a, b]),
    ),
    /page 2 has 2 rows instead of 3/,
  ],
  [
    "the last page lacks a row",
    onPage(
      3,
      withRows(([a, b]) => [a, b]),
    ),
    /page 3 has 2 rows instead of 3/,
  ],
  ["every page lacks a row", withRows(([a, b]) => [a, b]), /instead of 1|is gone|has 2 rows/],
  [
    "a page has a row too many",
    onPage(
      2,
      withRows((rows) => [...rows, { uuid: rowId(99) }]),
    ),
    /has 4 rows/,
  ],
  [
    "the first page has more rows than there are",
    onPage(1, (page) => (page.count = "2")),
    /has 3 rows instead/,
  ],
  [
    "a page is empty",
    onPage(
      2,
      withRows(() => []),
    ),
    /page 2 has 0 rows instead of 3/,
  ],
  [
    "a page is gone",
    onPage(3, (page) => {
      page.status = 404;
    }),
    /page 3 is gone/,
  ],
  [
    "pages are clamped lower from the second on",
    (_page, number, list) => {
      list.clamp = number === 1 ? 2 : 3;
    },
    /page 2 has 2 rows instead of 3/,
  ],
];

describe("a list that seems to move", () => {
  test.each(MOVED)("because %s: three tries, then 75", async (_name, spoil, words) => {
    const list = await use(startList(9, 3));
    list.spoil = (page, number) => spoil(page, number, list);
    for (const parallel of [1, 4]) {
      let begun = 0;
      const error = await failureOf(read(list.url, { parallel, begin: () => void begun++ }));
      expect([error.exitCode, error.code, begun]).toEqual([75, "moving", 3]);
      expect(error.message).toMatch(words);
      expect(error.message).toStartWith("the thing list changed each of the 3 times it was read (last: ");
      expect(error.hint).toBe("nothing was published; the next run reads it again");
    }
  });

  test.each(MOVED)("because %s is read again, and right the next time", async (_name, spoil) => {
    const list = await use(startList(9, 3));
    let tries = 0;
    list.spoil = (page, number) => {
      if (tries < 3) spoil(page, number, list);
    };
    const begin = () => {
      tries++;
      list.clamp = 3;
    };
    const got = await read(list.url, { begin });
    expect(got).toEqual({ rows: rowIds(0, 9), unread: [], count: 9, tries: 3 });
  });

  test("is not accepted when it gives all rows at once, whatever the page size", async () => {
    const list = await use(startList(301));
    list.spoil = (page) => {
      page.rows = rowIds(0, 301).map((uuid) => ({ uuid }));
    };
    expect((await failureOf(read(list.url))).code).toBe("moving");
  });

  test("by other evidence than its pages is read again too", async () => {
    const list = await use(startList(4, 3));
    let ended = 0;
    const end = (count: number) => {
      expect(count).toBe(4);
      if (++ended < 3) throw new ListMoved("one was terminated in the meantime");
    };
    expect((await read(list.url, { end })).tries).toBe(3);
    ended = -99;
    const error = await failureOf(read(list.url, { end }));
    expect(error.message).toContain("(last: one was terminated in the meantime)");
  });
});

/** Answers that no second reading makes better. */
const UNUSABLE: readonly [...Fault, ExitCode][] = [
  ...[1, 3].flatMap((number): [...Fault, ExitCode][] => [
    [
      `page ${number} has no count`,
      onPage(number, (page) => {
        page.count = null;
      }),
      /came without X-Result-Count/,
      65,
    ],
    [
      `page ${number} has a count that is no number`,
      onPage(number, (page) => {
        page.count = "many";
      }),
      /came without X-Result-Count/,
      65,
    ],
    ...([{}, null, "rows", 5, true] as const).map((rows): [...Fault, ExitCode] => [
      `page ${number} is ${JSON.stringify(rows)}`,
      onPage(number, (page) => {
        page.rows = rows;
      }),
      new RegExp(`gave ${rows === null ? "null" : typeof rows} instead of a list`),
      65,
    ]),
    ...[{}, null, [], { uuid: "" }, { uuid: 5 }, { uuid: "../../etc/passwd" }, { uuid: "0".repeat(33) }].map(
      (row): [...Fault, ExitCode] => [
        `page ${number} has ${JSON.stringify(row)} for a row`,
        onPage(
          number,
          withRows(([a, b]) => [a, b, row]),
        ),
        /answer about a thing is unusable/,
        65,
      ],
    ),
    [
      `page ${number} is forbidden`,
      onPage(number, (page) => {
        page.status = 403;
      }),
      /was answered with 403/,
      77,
    ],
    [
      `page ${number} is a 400`,
      onPage(number, (page) => {
        page.status = 400;
      }),
      /was answered with 400/,
      65,
    ],
    [
      `page ${number} is a page of HTML`,
      onPage(number, (page) => {
        page.type = "text/html";
      }),
      /instead of JSON/,
      65,
    ],
    [
      `page ${number} is no endpoint`,
      onPage(number, (page) => {
        page.status = 404;
        page.type = "text/html";
      }),
      /no such endpoint/,
      69,
    ],
    [
      `page ${number} is a 500`,
      onPage(number, (page) => {
        page.status = 500;
      }),
      /was answered with 500/,
      75,
    ],
  ]),
  [
    "page 1 is a 404",
    onPage(1, (page) => {
      page.status = 404;
    }),
    /does not exist, or the token has no access/,
    65,
  ],
  [
    "page 1 is empty although there are rows",
    onPage(
      1,
      withRows(() => []),
    ),
    /gave no rows where its count/,
    65,
  ],
];

describe("a list that cannot be used", () => {
  test.each(UNUSABLE)("because %s ends at once", async (_name, spoil, words, exitCode) => {
    const list = await use(startList(9, 3));
    list.spoil = (page, number) => spoil(page, number, list);
    for (const parallel of [1, 4]) {
      let begun = 0;
      const error = await failureOf(read(list.url, { parallel, begin: () => void begun++ }));
      expect(error.message).toMatch(words);
      expect([error.exitCode, begun]).toEqual([exitCode, 1]);
    }
  });

  test("leaves no request behind that was sent ahead", async () => {
    const list = await use(startList(30, 3));
    const hanging = Promise.withResolvers<void>();
    const allAsked = Promise.withResolvers<void>();
    // Page 2 is refused only when the others have arrived: they travel on connections of their own.
    list.before = (page) => {
      if (list.asked.length === 5) allAsked.resolve();
      return page > 2 ? hanging.promise : page === 2 ? allAsked.promise : undefined;
    };
    list.spoil = (page, number) => {
      if (number === 2) page.status = 401;
    };
    const error = await failureOf(read(list.url, { parallel: 4 }));
    expect([error.exitCode, list.asked]).toEqual([77, expect.arrayContaining([1, 2, 3, 4, 5])]);
    for (let waited = 0; list.givenUp() < 3 && waited < 100; waited++) await Bun.sleep(10);
    expect(list.givenUp()).toBe(3);
    hanging.resolve();
  });
});

describe("a list that grows", () => {
  test("at its end is read on to the new end", async () => {
    const list = await use(startList(8, 3));
    list.before = (page) => {
      if (page === 2) list.rows.push(rowId(100), rowId(101), rowId(102));
    };
    const got = await read(list.url);
    expect(got).toEqual({ rows: [...rowIds(0, 8), ...rowIds(100, 103)], unread: [], count: 11, tries: 1 });
  });

  test("with every request is given up, or read to some end, but not for ever", async () => {
    const list = await use(startList(4, 3));
    list.before = (_page, nth) => {
      if (nth < 50) list.rows.push(rowId(100 + nth), rowId(200 + nth), rowId(300 + nth));
    };
    const got = await read(list.url);
    expect(got.rows).toEqual(list.rows);
  });
});

/** What happens to the list before a request: so many rows removed, so many inserted, at places from 0 to 1. */
type Change = { removals: readonly number[]; insertions: readonly number[] };

const places = (most: number) =>
  fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: most });
/** Changes that the count gives away: fewer insertions than removals, or none of the latter. */
const change: fc.Arbitrary<Change> = fc
  .record({ removals: places(3), insertions: places(3) })
  .filter(({ removals, insertions }) => removals.length === 0 || insertions.length < removals.length);
const nothing = fc.constant<Change>({ removals: [], insertions: [] });

const scenario = fc.record({
  size: fc.nat(24),
  clamp: fc.integer({ min: 1, max: 6 }),
  parallel: fc.integer({ min: 1, max: 8 }),
  changes: fc.array(fc.oneof({ weight: 2, arbitrary: nothing }, change), { maxLength: 40, size: "max" }),
});

/** Reads the list while it changes; `throughout` are the rows that were there all through the try that counted. */
async function readMoving(
  list: ListServer,
  { size, clamp, parallel, changes }: typeof scenario extends fc.Arbitrary<infer Value> ? Value : never,
) {
  list.rows = rowIds(0, size);
  list.clamp = clamp;
  const ever = new Set(list.rows);
  const throughout = new Set<string>();
  const pending = changes.values();
  let current = 0;
  list.before = (_page, _nth, attempt) => {
    // What was sent ahead in a try that was given up may still arrive; a change then would stand between no two pages.
    if (attempt !== current) return;
    const { value } = pending.next();
    if (value !== undefined) apply(value, list.rows, { ever, throughout });
  };
  try {
    const got = await read(list.url, {
      parallel,
      begin() {
        current++;
        throughout.clear();
        for (const uuid of list.rows) throughout.add(uuid);
      },
    });
    return { ...got, ever, throughout };
  } catch (error) {
    return { error: await failureOf(Promise.reject(error)) };
  }
}

function apply(
  { removals, insertions }: Change,
  rows: string[],
  { ever, throughout }: { ever: Set<string>; throughout: Set<string> },
): void {
  for (const place of removals) {
    const [gone] = rows.splice(Math.floor(place * rows.length), 1);
    if (gone !== undefined) throughout.delete(gone);
  }
  for (const place of insertions) {
    const uuid = rowId(1000 + ever.size);
    ever.add(uuid);
    rows.splice(Math.ceil(place * rows.length), 0, uuid);
  }
}

test("a list that moves is read with every row that was there throughout, or is an error", async () => {
  let complete = 0;
  let again = 0;
  let given = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (moving) => {
      const list = startList(0);
      try {
        const got = await readMoving(list, moving);
        if ("error" in got) {
          given++;
          expect([got.error.exitCode, got.error.code]).toEqual([75, "moving"]);
          return;
        }
        complete++;
        if (got.tries > 1) again++;
        expect(new Set(got.rows).size).toBe(got.rows.length);
        expect(got.rows).toHaveLength(got.count);
        expect([...got.throughout].filter((uuid) => !got.rows.includes(uuid))).toEqual([]);
        expect(got.rows.filter((uuid) => !got.ever.has(uuid))).toEqual([]);
      } finally {
        await list.stop();
      }
    }),
    { numRuns: 300 },
  );
  // The scenarios are no use if they all end the same way.
  expect(Math.min(complete, again, given)).toBeGreaterThan(5);
}, 120_000);

test("admitted limit: a removal that an insertion between the same two pages makes up for hides a row", async () => {
  for (const inserted of [1, 2]) {
    const list = await use(startList(9, 3));
    list.before = (_page, nth) => {
      if (nth === 1) {
        list.rows.shift();
        for (let n = 0; n < inserted; n++) list.rows.push(rowId(100 + n));
      }
    };
    const got = await read(list.url);
    expect(got.tries).toBe(1);
    expect(list.rows.filter((uuid) => !got.rows.includes(uuid))).toEqual([rowId(3)]);
  }
});

describe("counting a list", () => {
  test("costs one row", async () => {
    const list = await use(startList(7));
    const queries: unknown[] = [];
    const client = clientFor(list.url);
    const reader: Reader = {
      get(path, query) {
        queries.push(query);
        return client.get(path, query);
      },
    };
    expect(await countList(reader, { path: "things/", query: { state: "Terminated" }, what: "thing" })).toBe(
      7,
    );
    expect(queries).toEqual([{ state: "Terminated", field: "uuid", page_size: 1 }]);
  });

  test("fails without a count, and on what is not a list", async () => {
    const list = await use(startList(7));
    for (const [spoil, words] of [
      [{ count: null }, "without X-Result-Count"],
      [{ rows: {} }, "gave object instead of a list"],
    ] as const) {
      list.spoil = (page) => Object.assign(page, spoil);
      const error = await failureOf(
        countList(clientFor(list.url), { path: "things/", query: {}, what: "thing" }),
      );
      expect([error.exitCode, error.message]).toEqual([65, expect.stringContaining(words)]);
    }
  });
});
