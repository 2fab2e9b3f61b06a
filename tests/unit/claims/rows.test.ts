// The rules for rows of a list (docs/contract.md, "Mount points"), with a table and without a server.

import { describe, expect, test } from "bun:test";
import { namedPath } from "../../../lib/claims/contenders.ts";
import { createRowClaims, type LiveRow, type RowRules, type Yielding } from "../../../lib/claims/rows.ts";
import {
  BY_ORDER,
  BY_SNAPSHOT,
  type ClaimTable,
  createClaimTable,
  DRAFTED,
  LIVE,
  WANTED,
  WRITTEN,
} from "../../../lib/claims/table.ts";
import { NO_FORM } from "../../../lib/storage/form.ts";
import type { Place } from "../../../lib/storage/place.ts";
import { claimOf, minute, OFFERING, uuidOf } from "./support.ts";

const DAY_MS = 86_400_000;

function place(path: string | undefined, isExplicit = false): Place {
  return {
    path,
    isExplicit,
    problems: [],
    dataType: "store",
    form: NO_FORM,
    suspect: undefined,
    outside: undefined,
  };
}

function rowsOf(table: ClaimTable, rules: Partial<RowRules> = {}, yielding: Yielding = new Map()) {
  const rows = createRowClaims(
    table,
    { offering: OFFERING, nested: "refuse", reuseAfterDays: 7, now: minute(0), repath: false, ...rules },
    yielding,
  );
  const row = (n: number, path: string | undefined, isExplicit = false): LiveRow => ({
    owner: table.resource(uuidOf(n)),
    place: place(path, isExplicit),
  });
  return {
    rows,
    row,
    /** What becomes of a row: its path, or why it has none. */
    ask(n: number, path: string | undefined, isExplicit = false) {
      const choice = rows.choose(row(n, path, isExplicit));
      return typeof choice === "string" ? choice : choice.path;
    },
    decide(n: number, path: string, isExplicit = false) {
      const wanted = row(n, path, isExplicit);
      rows.listed();
      const obstacle = rows.obstacle(wanted);
      if (obstacle === null) return rows.take(wanted).path;
      const { contender, freeFrom } = obstacle;
      const own = namedPath(table, wanted.owner);
      const keeps = own < 0 ? undefined : table.path(own);
      return { keeps, holder: contender.owner, relation: contender.relation, freeFrom };
    },
  };
}

/** Resource n holds the path by a file. */
function held(table: ClaimTable, n: number, path: string, marks = BY_SNAPSHOT): number {
  const record = table.claim(table.resource(uuidOf(n)), claimOf(path, { marks }));
  table.makePresent(record);
  return record;
}

describe("a path that a file names", () => {
  test("is kept, whatever the names of the resource give now", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    const { ask, rows } = rowsOf(table);
    expect([ask(0, "/b"), ask(0, undefined), ask(0, "/a")]).toEqual(["/a", "/a", "/a"]);
    expect(rows.kept).toEqual({ count: 1, examples: ["/a (its slugs now give /b)"] });
  });

  test("is counted as kept each time, with ten examples", () => {
    const table = createClaimTable();
    for (let n = 0; n < 12; n++) held(table, n, `/a${n}`);
    const { ask, rows } = rowsOf(table);
    for (let n = 0; n < 12; n++) ask(n, `/b${n}`);
    expect([rows.kept.count, rows.kept.examples.length]).toEqual([12, 10]);
  });

  test("moves by an absolute backend id; the old one stays claimed", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    const { ask, rows } = rowsOf(table);
    expect(ask(0, "/b", true)).toBe("/b");
    rows.wrote(0, { path: "/b", bits: 0, isPending: false });
    expect([table.path(table.present(0)), rows.moved]).toEqual(["/b", 1]);
    expect(ask(1, "/a")).toBe("aside");
    expect(rowsOf(table).decide(1, "/a")).toMatchObject({ holder: 0, relation: "same", freeFrom: null });
  });

  test("counts as moved only where another one is named", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    const { rows, row } = rowsOf(table);
    const write = (n: number, path: string) => {
      const choice = rows.choose(row(n, path, true));
      if (typeof choice === "string") throw new Error(choice);
      rows.wrote(n, { ...choice, bits: 0, isPending: false });
    };
    write(1, "/new");
    write(0, "/a");
    expect([rows.moved, [...table.moved()]]).toEqual([0, []]);
    write(0, "/b");
    expect([rows.moved, [...table.moved()]]).toEqual([1, [[0, 0]]]);
    expect(table.path(table.present(0))).toBe("/b");
  });

  test("stays while the one that the backend id names is held", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    held(table, 1, "/b");
    const { ask, decide } = rowsOf(table);
    expect([ask(1, "/b"), ask(0, "/b", true)]).toEqual(["/b", "/a"]);
    expect(decide(0, "/b", true)).toMatchObject({ keeps: "/a", holder: 1 });
  });

  test("with repath the template is taken again, unless an order file names the path", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    held(table, 1, "/b", BY_SNAPSHOT | BY_ORDER);
    const { ask } = rowsOf(table, { repath: true });
    expect([ask(0, "/new/a"), ask(1, "/new/b")]).toEqual(["/new/a", "/b"]);
  });

  test("of an entry that is pending does not count", () => {
    const table = createClaimTable();
    const { ask, rows } = rowsOf(table);
    ask(0, "/a");
    rows.wrote(0, { path: "/a", bits: 0, isPending: true });
    expect([table.now(0), table.marks(0)]).toEqual([LIVE | WRITTEN, WANTED]);
  });
});

describe("a path that no file names", () => {
  test("is the present one only while its row asks for no other", () => {
    const table = createClaimTable();
    const { ask } = rowsOf(table);
    for (const path of ["/a", "/b", "/a"]) {
      expect(ask(0, path)).toBe(path);
      expect(table.path(table.present(0))).toBe(path);
    }
  });

  test("is the older row's", () => {
    const { ask, decide } = rowsOf(createClaimTable());
    expect([ask(0, "/a"), ask(1, "/a")]).toEqual(["/a", "aside"]);
    expect(decide(1, "/a")).toEqual({ keeps: undefined, holder: 0, relation: "same", freeFrom: null });
  });

  test("gives way to an absolute backend id: the list is read again, and then the template waits", () => {
    const yielding: Yielding = new Map();
    const table = createClaimTable();
    const first = rowsOf(table, {}, yielding);
    expect([first.ask(0, "/a"), first.ask(1, "/a", true), first.rows.mustRestart]).toEqual([
      "/a",
      "/a",
      true,
    ]);
    expect([...yielding]).toEqual([["/a", "templates"]]);
    const again = createClaimTable();
    const second = rowsOf(again, {}, yielding);
    expect([second.ask(0, "/a"), second.ask(1, "/a", true), second.rows.mustRestart]).toEqual([
      "aside",
      "/a",
      false,
    ]);
    expect(second.decide(0, "/a")).toMatchObject({ keeps: undefined, holder: 1 });
  });

  test("gives way also where its entry is in the draft already", () => {
    const table = createClaimTable();
    const { ask, rows } = rowsOf(table);
    ask(0, "/a");
    rows.wrote(0, { path: "/a", bits: 0, isPending: false });
    expect([ask(1, "/a", true), rows.mustRestart]).toEqual(["/a", true]);
    table.turnOver();
    expect(table.marks(0) & (DRAFTED | BY_SNAPSHOT)).toBe(BY_SNAPSHOT);
  });

  test("does not give way to another absolute backend id, nor to one where a file names it", () => {
    const table = createClaimTable();
    held(table, 5, "/b");
    const { ask, rows } = rowsOf(table);
    expect([ask(0, "/a", true), ask(1, "/a", true), ask(2, "/b", true)]).toEqual(["/a", "aside", "aside"]);
    expect(rows.mustRestart).toBe(false);
  });

  test("of a row that is not in this list loses the path without reading the list again", () => {
    const table = createClaimTable();
    const theirs = claimOf("/a", { marks: WANTED, offering: "e".padStart(32, "0") });
    table.makePresent(table.claim(table.resource(uuidOf(0)), theirs));
    const { ask, rows } = rowsOf(table);
    expect([ask(1, "/a", true), rows.mustRestart]).toEqual(["/a", false]);
  });

  test("is free once its row has another one", () => {
    const table = createClaimTable();
    table.claim(table.resource(uuidOf(0)), claimOf("/a", { marks: WANTED }));
    table.forgetWanted(OFFERING);
    expect(rowsOf(table).ask(1, "/a")).toBe("/a");
  });

  test("of a row that cannot be placed does not count", () => {
    expect(rowsOf(createClaimTable()).ask(0, undefined)).toBe("none");
  });

  test("of an ambiguous backend id does not count, unless a file names the resource", () => {
    const table = createClaimTable();
    held(table, 1, "/b");
    const { rows } = rowsOf(table);
    const suspect: Place = { ...place("/a"), suspect: { code: "x", field: "backend_id", message: "x" } };
    expect(rows.choose({ owner: table.resource(uuidOf(0)), place: suspect })).toBe("none");
    expect(rows.choose({ owner: table.find(uuidOf(1)), place: suspect })).toMatchObject({ path: "/b" });
  });
});

describe("one inside the other", () => {
  test("of a new pair the one that holds no path yet is left out, whichever is inside", () => {
    const table = createClaimTable();
    held(table, 0, "/a/b");
    const { ask, decide } = rowsOf(table);
    expect([ask(0, "/a/b"), ask(1, "/a"), ask(2, "/a/b/c")]).toEqual(["/a/b", "aside", "aside"]);
    expect(decide(1, "/a")).toMatchObject({ holder: 0, relation: "inner" });
    expect(decide(2, "/a/b/c")).toMatchObject({ holder: 0, relation: "outer" });
  });

  test("where neither holds one the outer is left out, also when it is the older", () => {
    const yielding: Yielding = new Map();
    const outerFirst = rowsOf(createClaimTable(), {}, yielding);
    expect([outerFirst.ask(0, "/a"), outerFirst.ask(1, "/a/b"), outerFirst.rows.mustRestart]).toEqual([
      "/a",
      "/a/b",
      true,
    ]);
    expect([...yielding]).toEqual([["/a", "all"]]);
    const innerFirst = rowsOf(createClaimTable());
    expect([innerFirst.ask(0, "/a/b"), innerFirst.ask(1, "/a")]).toEqual(["/a/b", "aside"]);
    expect(innerFirst.rows.mustRestart).toBe(false);
  });

  test("pairs that files name already stay", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    held(table, 1, "/a/b");
    const { ask } = rowsOf(table);
    expect([ask(0, "/a"), ask(1, "/a/b")]).toEqual(["/a", "/a/b"]);
  });

  test("a longer name beside it is not inside", () => {
    const { ask } = rowsOf(createClaimTable());
    expect([ask(0, "/a/b"), ask(1, "/a/bc"), ask(2, "/ab")]).toEqual(["/a/b", "/a/bc", "/ab"]);
  });

  test("is allowed where the setting says so, but the same path is not", () => {
    const { ask } = rowsOf(createClaimTable(), { nested: "allow" });
    expect([ask(0, "/a"), ask(1, "/a/b"), ask(2, "/a")]).toEqual(["/a", "/a/b", "aside"]);
  });
});

describe("a holder that is not in the list", () => {
  const ended = (days: number, at = minute(0).getTime()) => {
    const table = createClaimTable();
    held(table, 0, "/a");
    table.end(0, { at, days });
    return table;
  };

  test("keeps its path until the day, and not longer", () => {
    const free = minute(0).getTime() + 7 * DAY_MS;
    for (const [now, expected] of [
      [free - 1, { keeps: undefined, freeFrom: free }],
      [free, "/a"],
      [free + 1, "/a"],
    ] as const) {
      const { ask, decide } = rowsOf(ended(7), { now: new Date(now) });
      const found: unknown = [ask(1, "/a"), decide(1, "/a")];
      expect(found).toMatchObject(["aside", expected]);
    }
  });

  test("with 0 days is free at once, and then the path is the other's alone", () => {
    const table = ended(0);
    const { ask, decide } = rowsOf(table);
    ask(1, "/a");
    expect(decide(1, "/a")).toBe("/a");
    expect([table.recordsOf(0), [...table.claimants("/a", -1).same].map(table.owner)]).toEqual([[], [1]]);
  });

  test("but comes later in it keeps its path", () => {
    const { ask, decide, rows, row } = rowsOf(ended(0));
    expect([ask(1, "/a"), rows.obstacle(row(1, "/a"))?.contender.owner]).toEqual(["aside", 0]);
    expect(ask(0, "/a")).toBe("/a");
    expect(decide(1, "/a")).toMatchObject({ holder: 0, freeFrom: null });
  });

  test("its days are those that held when its end was found", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    rowsOf(table, { reuseAfterDays: 7 }).rows.noteTerminated(0);
    rowsOf(table, { reuseAfterDays: 0, now: minute(5) }).rows.noteTerminated(0);
    expect(table.ended(0)).toEqual({ at: minute(0).getTime(), days: 7 });
  });

  test("that is not known to have ended, as after a 404, keeps its path for ever", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    const { ask, decide } = rowsOf(table, { now: new Date("2036-01-01") });
    ask(1, "/a");
    expect(decide(1, "/a")).toEqual({ keeps: undefined, holder: 0, relation: "same", freeFrom: null });
  });

  test("is queried: those of the offering, and those that block a row; none whose end is known", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    held(table, 1, "/b");
    const other = table.claim(table.resource(uuidOf(2)), claimOf("/c", { offering: "9".repeat(32) }));
    table.makePresent(other);
    held(table, 3, "/d");
    table.end(3, { at: 0, days: 7 });
    held(table, 4, "/e");
    table.setMarks(table.present(4), WANTED);
    const { ask, rows, row } = rowsOf(table);
    ask(0, "/a");
    expect(rows.gone([])).toEqual([1]);
    expect(rows.gone([row(5, "/c")]).toSorted()).toEqual([1, 2]);
  });

  test("that is live after all has no end", () => {
    const table = ended(0);
    const { ask, decide } = rowsOf(table);
    expect([ask(0, "/a"), ask(1, "/a")]).toEqual(["/a", "aside"]);
    expect(decide(1, "/a")).toMatchObject({ holder: 0, freeFrom: null });
  });

  test("that lives but cannot be read keeps its path, whatever is known of its end", () => {
    const table = ended(0);
    table.addNow(0, LIVE);
    const { ask, decide } = rowsOf(table);
    ask(1, "/a");
    expect(decide(1, "/a")).toMatchObject({ holder: 0, freeFrom: null });
  });
});

describe("a path that was released", () => {
  test("is asked for again by the row, which gets it when it is free", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    table.release(0, "/a", minute(0).getTime());
    const { ask, rows } = rowsOf(table, { now: minute(1) });
    expect(ask(0, "/b")).toBe("/b");
    rows.wrote(0, { path: "/b", bits: 0, isPending: false });
    expect([table.path(table.present(0)), ask(1, "/a")]).toEqual(["/b", "/a"]);
  });

  test("is not free for an entry that would be carried over", () => {
    const table = createClaimTable();
    held(table, 0, "/a");
    table.release(0, "/a", minute(0).getTime());
    const { rows } = rowsOf(table);
    expect([
      rows.hasNoRival(0, "/a"),
      rows.hasNoRival(0, "/b"),
      rows.hasNoRival(table.resource(uuidOf(1)), "/a"),
    ]).toEqual([false, true, true]);
  });
});
