// Claims as they are found again: stored, lost, or written for a snapshot that never got its name. Real files.

import { describe, expect, test } from "bun:test";
import { readFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadClaims } from "../../../lib/claims/recover.ts";
import { createRowClaims } from "../../../lib/claims/rows.ts";
import { readClaims, writeClaims } from "../../../lib/claims/store.ts";
import { BY_FILE, type ClaimTable, WRITTEN } from "../../../lib/claims/table.ts";
import { STATE_DIRECTORY } from "../../../lib/output/directory.ts";
import { NO_FORM } from "../../../lib/storage/form.ts";
import { type Opened, openScratch } from "../output/scratch.ts";
import {
  inodeText,
  minute,
  type NamedEntry,
  nameSnapshot,
  OFFERING,
  snapshotAt,
  uuidOf,
  writeOrderFile,
  writeReceipt,
  writeSnapshot,
} from "./support.ts";

const load = (directory: string, at = 50) => loadClaims(directory, { reuseAfterDays: 7, now: minute(at) });

/** Paths that files give resource n, the present one first. */
function pathsOf(table: ClaimTable, n: number): string[] {
  return table
    .recordsOf(table.resource(uuidOf(n)))
    .filter((record) => (table.marks(record) & BY_FILE) !== 0)
    .map((record) => table.path(record));
}

/**
 * What `sync` does at that minute, up to the rename of its snapshot: the claims are written, the snapshot is drafted.
 */
function draft(output: Opened, at: number, entries: readonly NamedEntry[]) {
  const { table, snapshot: before } = load(output.directory, at);
  table.forgetWanted(OFFERING);
  const rules = {
    offering: OFFERING,
    nested: "refuse",
    reuseAfterDays: 7,
    now: minute(at),
    repath: false,
  } as const;
  const rows = createRowClaims(table, rules, new Map());
  for (const { n, path, status } of entries) {
    const place = {
      path,
      isExplicit: true,
      problems: [],
      dataType: "store",
      form: NO_FORM,
      suspect: undefined,
      outside: undefined,
    };
    const owner = table.resource(uuidOf(n));
    rows.choose({ owner, place });
    rows.wrote(owner, { path, bits: 0, isPending: status === "pending" });
  }
  table.turnOver();
  const written = `${writeSnapshot(output.directory, at, entries)}.draft`;
  renameSync(written.replace(".draft", ""), written);
  const snapshot = { file: snapshotAt(at), inode: inodeText(written), isFirst: before === null };
  writeClaims(output, table, { snapshot, listedAt: minute(at).toISOString(), listed: [OFFERING] });
  return () => {
    renameSync(written, join(output.directory, snapshotAt(at)));
    nameSnapshot(output.directory, at);
  };
}

const publish = (...args: Parameters<typeof draft>) => draft(...args)();

test("no state and no file: nothing is claimed, and the list has to be asked", () => {
  const { directory } = openScratch();
  expect(load(directory)).toMatchObject({ source: { listed: [] }, snapshot: null, identity: null });
  expect(load(directory).table.resources).toBe(0);
});

test("what was stored is read, and its snapshot is not read again", () => {
  const output = openScratch();
  publish(output, 1, [{ n: 0, path: "/a" }]);
  writeFileSync(join(output.directory, snapshotAt(1)), "{}");
  const loaded = load(output.directory);
  expect([loaded.source.listed, pathsOf(loaded.table, 0), loaded.table.was(0) & WRITTEN]).toEqual([
    [OFFERING],
    ["/a"],
    WRITTEN,
  ]);
  expect(loaded.identity).toBe(readClaims(output.directory)?.identity ?? "");
});

describe("claims that were lost are made of the files", () => {
  test("the newest file gives the path, and older ones stay claimed", () => {
    const { directory } = openScratch();
    writeOrderFile(directory, 20, 1, { n: 0, path: "/old" });
    const file = writeOrderFile(directory, 21, 7, { n: 1, path: "/new" });
    writeSnapshot(directory, 5, [
      { n: 0, path: "/kept" },
      { n: 1, path: "/left" },
    ]);
    writeOrderFile(directory, 19, 6, { n: 2, path: "/only" });
    const { table, source, snapshot } = load(directory);
    expect([source.listed, snapshot]).toEqual([[], join(directory, snapshotAt(5))]);
    expect(pathsOf(table, 0)).toEqual(["/kept", "/old"]);
    expect(pathsOf(table, 1)).toEqual(["/new", "/left"]);
    expect(pathsOf(table, 2)).toEqual(["/only"]);
    expect(table.file(table.present(table.find(uuidOf(1))))).toBe(file);
  });

  test("of two order files of one minute the later name rules", () => {
    const { directory } = openScratch();
    writeOrderFile(directory, 20, 3, { n: 0, path: "/first" });
    writeOrderFile(directory, 21, 3, { n: 0, path: "/second" });
    expect(pathsOf(load(directory).table, 0)).toEqual(["/second", "/first"]);
  });

  test("a receipt counts too, also one that has no file yet", () => {
    const { directory } = openScratch();
    writeSnapshot(directory, 5, [{ n: 0, path: "/a" }]);
    writeReceipt(directory, { order: 30, n: 0, at: 6, mountPoint: "/b" });
    writeReceipt(directory, { order: 31, n: 1, at: 6, mountPoint: "/c" });
    const { table } = load(directory);
    expect([pathsOf(table, 0), pathsOf(table, 1)]).toEqual([["/b", "/a"], ["/c"]]);
  });

  test.each(["tenant", "customer", "other"])("entries of the target type %s do not count", (targetType) => {
    const { directory } = openScratch();
    writeSnapshot(directory, 5, [
      { n: 0, path: "/a", targetType },
      { n: 1, path: "/b" },
    ]);
    writeOrderFile(directory, 20, 1, { n: 2, path: "/c", targetType });
    const { table } = load(directory);
    expect([0, 1, 2].map((n) => pathsOf(table, n))).toEqual([[], ["/b"], []]);
    expect([0, 1].map((n) => table.was(table.resource(uuidOf(n))) & WRITTEN)).toEqual([0, WRITTEN]);
  });

  test("the directory of a user is its resource's, like that of a project", () => {
    const { directory } = openScratch();
    writeSnapshot(directory, 5, [{ n: 0, path: "/a", targetType: "user" }]);
    writeOrderFile(directory, 20, 1, { n: 2, path: "/c", targetType: "user" });
    const { table } = load(directory);
    expect([0, 2].map((n) => pathsOf(table, n))).toEqual([["/a"], ["/c"]]);
  });

  test("an entry that is pending names no path, but its resource was there", () => {
    const { directory } = openScratch();
    writeSnapshot(directory, 5, [{ n: 0, path: "/a", status: "pending" }]);
    const { table } = load(directory);
    expect([pathsOf(table, 0), table.was(0) & WRITTEN]).toEqual([[], WRITTEN]);
  });

  test("a snapshot that was cut does not hide an older one that is whole", () => {
    const { directory } = openScratch();
    const now = Date.now() / 1000;
    utimesSync(writeSnapshot(directory, 4, [{ n: 1, path: "/b" }]), now - 60, now - 60);
    const path = writeSnapshot(directory, 5, [{ n: 0, path: "/a" }]);
    truncateSync(path, readFileSync(path).length - 20);
    const { table, snapshot } = load(directory);
    expect(snapshot).toBe(join(directory, snapshotAt(4)));
    expect([pathsOf(table, 0), pathsOf(table, 1), table.was(table.find(uuidOf(0)))]).toEqual([[], ["/b"], 0]);
  });
});

describe("killed between the claims and the rename", () => {
  test("what only that snapshot named is named by nothing, and the older one holds", () => {
    const output = openScratch();
    publish(output, 1, [{ n: 0, path: "/a" }]);
    draft(output, 2, [
      { n: 0, path: "/b" },
      { n: 1, path: "/c" },
    ]);
    const { table, snapshot } = load(output.directory);
    expect(snapshot).toBe(join(output.directory, snapshotAt(1)));
    expect([pathsOf(table, 0), pathsOf(table, 1)]).toEqual([["/a"], []]);
    expect([table.was(0) & WRITTEN, table.was(1)]).toEqual([WRITTEN, 0]);
  });

  test("also where the name was taken by a snapshot before", () => {
    const output = openScratch();
    publish(output, 1, [{ n: 0, path: "/a" }]);
    draft(output, 1, [{ n: 0, path: "/b" }]);
    // The draft took the file's name for a moment; here the old one is back under it.
    writeSnapshot(output.directory, 1, [{ n: 0, path: "/a" }]);
    expect(pathsOf(load(output.directory).table, 0)[0]).toBe("/a");
  });

  test("a row that had no entry before has no claim either", () => {
    const output = openScratch();
    const before = load(output.directory, 0);
    const rules = {
      offering: OFFERING,
      nested: "refuse",
      reuseAfterDays: 7,
      now: minute(0),
      repath: false,
    } as const;
    const place = {
      path: "/a",
      isExplicit: true,
      problems: [],
      dataType: "store",
      form: NO_FORM,
      suspect: undefined,
      outside: undefined,
    };
    createRowClaims(before.table, rules, new Map()).choose({
      owner: before.table.resource(uuidOf(0)),
      place,
    });
    writeClaims(output, before.table, {
      snapshot: null,
      listedAt: minute(0).toISOString(),
      listed: [OFFERING],
    });
    draft(output, 2, [{ n: 0, path: "/a" }]);
    expect(pathsOf(load(output.directory).table, 0)).toEqual([]);
  });

  test("a snapshot that was deleted with the state, after others, was none of a killed run", () => {
    const output = openScratch();
    for (const at of [1, 2]) publish(output, at, [{ n: 0, path: "/a" }]);
    for (const name of [snapshotAt(1), snapshotAt(2), join(STATE_DIRECTORY, "snapshot.json")])
      rmSync(join(output.directory, name));
    expect(pathsOf(load(output.directory).table, 0)).toEqual(["/a"]);
  });

  test("a move to a path that the resource had before is undone", () => {
    const output = openScratch();
    for (const [at, path] of [
      [1, "/a"],
      [2, "/b"],
      [3, "/a"],
    ] as const)
      publish(output, at, [{ n: 0, path }]);
    draft(output, 4, [{ n: 0, path: "/b" }]);
    expect(pathsOf(load(output.directory).table, 0)).toEqual(["/a", "/b"]);
  });

  test("a move away from what an order file names is undone", () => {
    const output = openScratch();
    publish(output, 1, [{ n: 0, path: "/b" }]);
    publish(output, 2, [{ n: 1, path: "/c" }]);
    writeReceipt(output.directory, { order: 30, n: 0, at: 3, mountPoint: "/a", published: true });
    draft(output, 4, [{ n: 0, path: "/b" }]);
    expect(pathsOf(load(output.directory).table, 0)).toEqual(["/a", "/b"]);
  });

  test("a path that an order file names stays", () => {
    const output = openScratch();
    writeReceipt(output.directory, { order: 30, n: 0, at: 1, mountPoint: "/a", published: true });
    draft(output, 2, [{ n: 0, path: "/a" }]);
    expect(pathsOf(load(output.directory).table, 0)).toEqual(["/a"]);
  });

  test("once the snapshot has its name, all of it holds", () => {
    const output = openScratch();
    publish(output, 1, [{ n: 0, path: "/a" }]);
    const rename = draft(output, 2, [{ n: 0, path: "/b" }]);
    rename();
    expect(pathsOf(load(output.directory).table, 0)).toEqual(["/b", "/a"]);
  });
});

describe("a snapshot that is another than the claims were written for", () => {
  test("is read in addition when it is newer, and takes nothing away", () => {
    const output = openScratch();
    publish(output, 1, [
      { n: 0, path: "/a" },
      { n: 1, path: "/b" },
    ]);
    writeSnapshot(output.directory, 9, [{ n: 0, path: "/c" }]);
    nameSnapshot(output.directory, 9);
    rmSync(join(output.directory, snapshotAt(1)));
    const { table } = load(output.directory);
    expect([pathsOf(table, 0)[0], table.was(1)]).toEqual(["/c", 0]);
  });

  test("that was deleted by hand, while the state names it, was published all the same", () => {
    const output = openScratch();
    publish(output, 1, [{ n: 0, path: "/a" }]);
    publish(output, 2, [{ n: 0, path: "/b" }]);
    rmSync(join(output.directory, snapshotAt(2)));
    const { table, snapshot } = load(output.directory);
    expect([pathsOf(table, 0), snapshot]).toEqual([["/b", "/a"], join(output.directory, snapshotAt(2))]);
  });
});

describe("receipts", () => {
  test("that are open or published name their path, also of a resource without an entry", () => {
    const output = openScratch();
    publish(output, 1, [{ n: 0, path: "/a" }]);
    writeReceipt(output.directory, { order: 30, n: 1, at: 2, mountPoint: "/b" });
    writeReceipt(output.directory, { order: 31, n: 2, at: 2, mountPoint: "/c", published: true });
    const { table } = load(output.directory);
    expect([pathsOf(table, 1), pathsOf(table, 2)]).toEqual([["/b"], ["/c"]]);
  });

  test("that the claims do not know give the present path, whatever the clocks say; known ones do not", () => {
    const output = openScratch();
    writeReceipt(output.directory, { order: 31, n: 1, at: 4, mountPoint: "/old", published: true });
    publish(output, 5, [
      { n: 0, path: "/a" },
      { n: 1, path: "/b" },
    ]);
    writeReceipt(output.directory, { order: 30, n: 0, at: 1, mountPoint: "/new", published: true });
    const { table } = load(output.directory);
    expect([pathsOf(table, 0), pathsOf(table, 1)]).toEqual([
      ["/new", "/a"],
      ["/b", "/old"],
    ]);
  });

  test("whose order ended without a file name nothing, but what a snapshot names stays", () => {
    const output = openScratch();
    const ended = { state: "erred", at: minute(3).toISOString() };
    writeReceipt(output.directory, { order: 30, n: 0, at: 1, mountPoint: "/a" });
    writeReceipt(output.directory, { order: 31, n: 1, at: 1, mountPoint: "/b" });
    publish(output, 2, [{ n: 1, path: "/b" }]);
    expect(pathsOf(load(output.directory).table, 0)).toEqual(["/a"]);
    for (const [order, n, mountPoint] of [[30, 0, "/a"] as const, [31, 1, "/b"] as const]) {
      rmSync(join(output.statePath, "receipts", `${uuidOf(order)}.json`));
      writeReceipt(output.directory, { order, n, at: 1, mountPoint, ended });
    }
    writeReceipt(output.directory, { order: 32, n: 2, at: 1, mountPoint: "/c", ended });
    const { table } = load(output.directory);
    expect([0, 1, 2].map((n) => pathsOf(table, n))).toEqual([[], ["/b"], []]);
  });

  test("whose order ended without a file leave what the file of another order names", () => {
    const output = openScratch();
    const ended = { state: "canceled", at: minute(3).toISOString() };
    for (const [withdrawn, published] of [
      [30, 31],
      [33, 32],
    ] as const) {
      const n = withdrawn;
      writeReceipt(output.directory, { order: published, n, at: 1, mountPoint: "/a", published: true });
      writeReceipt(output.directory, { order: withdrawn, n, at: 2, mountPoint: "/a", ended });
      writeReceipt(output.directory, { order: withdrawn + 10, n, at: 2, mountPoint: "/b", ended });
      expect(pathsOf(load(output.directory).table, n)).toEqual(["/a"]);
    }
  });

  test("of a terminate order that is done end the resource, from then on for its days", () => {
    const output = openScratch();
    publish(
      output,
      1,
      [0, 1, 2, 3].map((n) => ({ n, path: `/p${n}` })),
    );
    const at = minute(4).toISOString();
    const terminate = { type: "terminate", at: 2, published: true } as const;
    const end = { state: "done", at };
    writeReceipt(output.directory, { ...terminate, order: 30, n: 0, mountPoint: "/p0", ended: end });
    const days = { ...end, reuseAfterDays: 0 };
    writeReceipt(output.directory, { ...terminate, order: 31, n: 1, mountPoint: "/p1", ended: days });
    writeReceipt(output.directory, { ...terminate, order: 32, n: 2, mountPoint: "/p2" });
    const erred = { state: "erred", at };
    writeReceipt(output.directory, { ...terminate, order: 33, n: 3, mountPoint: "/p3", ended: erred });
    const { table } = load(output.directory);
    expect([0, 1, 2, 3].map((n) => table.ended(n))).toEqual([
      { at: Date.parse(at), days: 7 },
      { at: Date.parse(at), days: 0 },
      undefined,
      undefined,
    ]);
    // Their entries may be gone from the next snapshot without a word.
    expect([0, 1, 2, 3].map((n) => table.was(n))).toEqual([0, 0, 0, 0]);
  });
});

describe("a claim that was released", () => {
  function released(at: number) {
    const output = openScratch();
    writeSnapshot(output.directory, 5, [{ n: 0, path: "/a" }]);
    writeOrderFile(output.directory, 20, 5, { n: 1, path: "/b" });
    writeReceipt(output.directory, { order: 30, n: 2, at: 5, mountPoint: "/c", published: true });
    const claims = load(output.directory);
    [0, 1, 2].forEach((n) => {
      claims.table.release(claims.table.find(uuidOf(n)), `/${"abc"[n]}`, minute(at).getTime());
    });
    writeClaims(output, claims.table, { ...claims.source, snapshot: null });
    return output;
  }

  test("does not come back by the snapshot or the receipt that named it", () => {
    const { table, source } = load(released(5).directory);
    expect([source.listed, pathsOf(table, 0), pathsOf(table, 1), pathsOf(table, 2)]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  test("comes back by a newer snapshot and a newer receipt", () => {
    const output = released(5);
    writeSnapshot(output.directory, 6, [{ n: 0, path: "/a" }]);
    writeReceipt(output.directory, { order: 31, n: 2, at: 6, mountPoint: "/c", published: true });
    const { table } = load(output.directory);
    expect([pathsOf(table, 0), pathsOf(table, 2)]).toEqual([["/a"], ["/c"]]);
  });
});
