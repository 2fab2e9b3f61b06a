import { describe, expect, test } from "bun:test";
import { BY_ORDER, BY_SNAPSHOT, createClaimTable, LIVE, VOID, WANTED } from "../../../lib/claims/table.ts";
import { claimOf, OFFERING, uuidOf } from "./support.ts";

function tableWith(...paths: string[]) {
  const table = createClaimTable();
  const records = paths.map((path, n) => table.claim(table.resource(uuidOf(n)), claimOf(path)));
  return { table, records };
}

describe("claim", () => {
  test("a path that the resource claims already gets the marks and the file added", () => {
    const { table, records } = tableWith("/a");
    const again = table.claim(0, claimOf("/a", { marks: BY_ORDER, file: "f.json", since: 9000 }));
    expect([again, table.records]).toEqual([records[0] ?? -1, 1]);
    expect(table.marks(again)).toBe(BY_SNAPSHOT | BY_ORDER);
    expect([table.file(again), table.since(again)]).toEqual(["f.json", 1000]);
  });

  test("its time is that of the first file, not of the row that asked before", () => {
    const table = createClaimTable();
    const owner = table.resource(uuidOf(0));
    for (const [marks, since, expected] of [
      [WANTED, 1000, 1000],
      [WANTED, 2000, 1000],
      [BY_ORDER, 3000, 3000],
      [BY_SNAPSHOT, 4000, 3000],
    ] as const) {
      expect(table.since(table.claim(owner, claimOf("/a", { marks, since })))).toBe(expected);
    }
  });

  test("times are kept in whole seconds, and the offering by its uuid", () => {
    const table = createClaimTable();
    const record = table.claim(table.resource(uuidOf(0)), claimOf("/a", { since: 5999, offering: "x" }));
    expect([table.since(record), table.offering(record), table.offeringOf(0)]).toEqual([5000, "x", "x"]);
    expect(table.offeringOf(table.resource(uuidOf(1)))).toBeUndefined();
  });

  test("a void claim does not count: the same path gets a new record", () => {
    const { table, records } = tableWith("/a");
    table.setMarks(records[0] ?? -1, VOID);
    expect(table.claim(0, claimOf("/a"))).not.toBe(records[0] ?? -1);
    expect(table.recordsOf(0)).toHaveLength(1);
  });

  test("nor does a void one beside the present path", () => {
    const { table } = tableWith("/a");
    const other = table.claim(0, claimOf("/b"));
    table.setMarks(other, VOID);
    const again = table.claim(0, claimOf("/b"));
    expect([again === other, table.recordsOf(0)]).toEqual([false, [0, again]]);
  });

  test("resources have numbers in the order in which they were asked for", () => {
    const table = createClaimTable();
    for (let n = 0; n < 2000; n++) expect(table.resource(uuidOf(n))).toBe(n);
    expect([table.find(uuidOf(1234)), table.find(uuidOf(5000)), table.uuid(77)]).toEqual([
      1234,
      -1,
      uuidOf(77),
    ]);
    expect(table.present(1999)).toBe(-1);
  });
});

describe("the present path", () => {
  test("is the first one, until another is made so; the others stay the resource's own", () => {
    const table = createClaimTable();
    const owner = table.resource(uuidOf(0));
    const [a, b, c] = ["/a", "/b", "/c"].map((path) => table.claim(owner, claimOf(path)));
    expect([table.present(owner), table.recordsOf(owner)]).toEqual([a as number, [a, b, c] as number[]]);
    for (const record of [b, c, b, b] as number[]) {
      table.makePresent(record);
      expect(table.present(owner)).toBe(record);
      expect(table.recordsOf(owner)[0]).toBe(record);
      expect(table.recordsOf(owner).toSorted()).toEqual([a, b, c] as number[]);
    }
  });

  test("does not count once it is void", () => {
    const { table, records } = tableWith("/a");
    table.makePresent(records[0] ?? -1);
    table.setMarks(0, VOID);
    expect([table.present(0), table.recordsOf(0)]).toEqual([-1, []]);
  });
});

describe("claimants", () => {
  test("are other resources' claims on the path, above it and below it, void ones left out", () => {
    const { table } = tableWith("/a", "/a/b", "/a/b/c", "/a/b", "/a/bb", "/a/b");
    table.setMarks(5, VOID);
    const { same, above, below } = table.claimants("/a/b", 1);
    expect([[...same], [...above], [...below]]).toEqual([[3], [0], [2]]);
    expect([...table.claimants("/a/b", -1).same].sort()).toEqual([1, 3]);
    expect(table.above("/a/b/c", 2).sort()).toEqual([0, 1, 3]);
  });

  test("are compared in the composed form, and shown as they are spelled", () => {
    const { table } = tableWith("/caf\u00e9", "/cafe\u0301");
    expect([...table.claimants("/caf\u00e9", 0).same]).toEqual([1]);
    expect([...table.claimants("/cafe\u0301", 1).same]).toEqual([0]);
    expect(table.path(1)).toBe("/cafe\u0301");
  });
});

describe("doubled", () => {
  test("are paths that files give to two resources which both live", () => {
    const { table } = tableWith("/a", "/a", "/b", "/b", "/c", "/c");
    table.setMarks(3, WANTED);
    for (const owner of [0, 1, 2, 3, 4]) table.addNow(owner, LIVE);
    expect(table.doubled().map(({ path, owners }) => [path, owners.toSorted()])).toEqual([["/a", [0, 1]]]);
  });
});

describe("release", () => {
  test("takes the path from that resource alone, whatever the spelling", () => {
    const { table } = tableWith("/caf\u00e9", "/caf\u00e9", "/b");
    table.release(0, "/cafe\u0301", 5000);
    expect([table.recordsOf(0), table.recordsOf(1)]).toEqual([[], [1]]);
  });

  test("covers what is as old as it, and nothing newer, of that resource and path", () => {
    const { table } = tableWith("/a", "/a");
    table.release(0, "/a", 5000);
    expect([4999, 5000, 5001].map((since) => table.isReleased(0, "/a", since))).toEqual([true, true, false]);
    expect([table.isReleased(1, "/a", 0), table.isReleased(0, "/b", 0)]).toEqual([false, false]);
  });
});

describe("ends and marks", () => {
  test("the first finding of an end counts, until the resource is live again", () => {
    const { table } = tableWith("/a");
    table.end(0, { at: 1, days: 7 });
    table.end(0, { at: 2, days: 0 });
    expect(table.ended(0)).toEqual({ at: 1, days: 7 });
    table.revive(0);
    expect(table.ended(0)).toBeUndefined();
  });

  test("what rows want is forgotten; what files say is not", () => {
    const { table } = tableWith("/a");
    table.setMarks(0, BY_ORDER | WANTED);
    table.forgetWanted(OFFERING);
    expect(table.marks(0)).toBe(BY_ORDER);
  });

  test("what the listing wrote becomes what the last snapshot had", () => {
    const { table } = tableWith("/a", "/b");
    table.addNow(0, LIVE);
    table.setWas(1, LIVE);
    table.turnOver();
    expect([table.was(0), table.was(1), table.now(0)]).toEqual([LIVE, 0, 0]);
  });
});

test("columns hold all of it: a table made of them answers the same", () => {
  const { table } = tableWith(...Array.from({ length: 1500 }, (_, n) => `/p${n % 700}/${n}`));
  for (let n = 0; n < 1500; n += 2) table.makePresent(n);
  table.claim(3, claimOf("/older"));
  table.end(5, { at: 7000, days: 3 });
  table.release(8, "/p8/8", 9000);
  const copy = createClaimTable(structuredClone(table.columns()));
  for (let owner = 0; owner < 1500; owner++) {
    expect([copy.uuid(owner), copy.present(owner)]).toEqual([table.uuid(owner), table.present(owner)]);
    expect(copy.recordsOf(owner).toSorted()).toEqual(table.recordsOf(owner).toSorted());
  }
  expect([copy.ended(5), copy.isReleased(8, "/p8/8", 9000)]).toEqual([{ at: 7000, days: 3 }, true]);
});
