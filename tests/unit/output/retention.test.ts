import { describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OutputError } from "../../../lib/errors.ts";
import { expireSnapshots, LATEST_NAME, linkLatest } from "../../../lib/output/retention.ts";
import { afterwards, openScratch, publicNames, temporaryNames } from "./scratch.ts";

const snapshot = (minute: number) => `2026-11-25-07-${String(minute).padStart(2, "0")}-all.json`;
const ours = () => true;

describe("the latest link", () => {
  test("is relative and follows each snapshot", () => {
    const output = openScratch({ mode: "sync" });
    const link = join(output.directory, "latest-all.json");
    for (const minute of [1, 2, 2]) {
      linkLatest(output, snapshot(minute));
      expect(readlinkSync(link)).toBe(snapshot(minute));
    }
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test("leads to a later second than before, so that no cache takes the two for one", () => {
    const output = openScratch({ mode: "sync" });
    const path = (minute: number) => join(output.directory, snapshot(minute));
    const second = (minute: number) => lstatSync(path(minute)).mtimeMs / 1000;
    for (const minute of [1, 2, 3]) writeFileSync(path(minute), "{}");
    utimesSync(path(1), 1_800_000_000.5, 1_800_000_000.5);
    utimesSync(path(2), 1_800_000_000.9, 1_800_000_000.9);
    utimesSync(path(3), 1_900_000_000.5, 1_900_000_000.5);
    for (const minute of [1, 2, 3]) linkLatest(output, snapshot(minute));
    expect([1, 2, 3].map(second)).toEqual([1_800_000_000.5, 1_800_000_001, 1_900_000_000.5]);
  });

  test("is left alone when it is right already", () => {
    const output = openScratch({ mode: "sync" });
    const inode = () => lstatSync(join(output.directory, "latest-all.json"), { bigint: true }).ino;
    linkLatest(output, snapshot(1));
    const first = inode();
    linkLatest(output, snapshot(1));
    expect(inode()).toBe(first);
  });

  test("replaces a dangling link, but no file and no directory", () => {
    const output = openScratch({ mode: "sync" });
    const link = join(output.directory, "latest-all.json");
    symlinkSync("/nowhere", link);
    linkLatest(output, snapshot(1));
    expect(readlinkSync(link)).toBe(snapshot(1));

    const withFile = openScratch({ mode: "sync" });
    writeFileSync(join(withFile.directory, "latest-all.json"), "mine");
    expect(() => linkLatest(withFile, snapshot(1))).toThrow(/a file or directory has that name/);
    expect(readFileSync(join(withFile.directory, "latest-all.json"), "utf8")).toBe("mine");

    const withDirectory = openScratch({ mode: "sync" });
    mkdirSync(join(withDirectory.directory, "latest-all.json"));
    expect(() => linkLatest(withDirectory, snapshot(1))).toThrow(OutputError);
  });

  test("names snapshots only", () => {
    expect(() => linkLatest(openScratch({ mode: "sync" }), "../x")).toThrow(/no name of a snapshot/);
  });
});

describe("retention", () => {
  function openWith(minutes: number[]) {
    const output = openScratch({ mode: "sync" });
    for (const minute of minutes) writeFileSync(join(output.directory, snapshot(minute)), "{}");
    return output;
  }

  /** The seconds at which the snapshots of minute 1, 2 and so on were modified. */
  function openWithTimes(...seconds: number[]) {
    const output = openWith(seconds.map((_, n) => n + 1));
    for (const [n, second] of seconds.entries())
      utimesSync(join(output.directory, snapshot(n + 1)), second, second);
    return output;
  }

  test("keeps those modified last, whatever their names, as after a clock was set back", () => {
    const output = openWithTimes(4000, 3000, 1000, 2000);
    const removed = expireSnapshots(output, { keep: 2, published: snapshot(1), isOurs: ours });
    expect(removed.sort()).toEqual([3, 4].map((minute) => join(output.directory, snapshot(minute))));
    expect(publicNames(output.directory)).toEqual([snapshot(1), snapshot(2)]);
  });

  test("counts the one just published among those kept, also when its time is not the newest", () => {
    const output = openWithTimes(1000, 2000, 3000, 4000);
    expireSnapshots(output, { keep: 2, published: snapshot(1), isOurs: ours });
    expect(publicNames(output.directory)).toEqual([snapshot(1), snapshot(4)]);
  });

  test("takes those first that a clock more than a day ahead has dated", () => {
    const day = 86_400;
    const output = openWithTimes(1000, 2000 + day, 2001 + day, 2000, 1500);
    expireSnapshots(output, { keep: 3, published: snapshot(4), isOurs: ours });
    expect(publicNames(output.directory)).toEqual([2, 4, 5].map(snapshot));
  });

  test("keeps the one that the latest link names, so that the link leads somewhere", () => {
    const output = openWithTimes(1000, 2000, 3000);
    symlinkSync(snapshot(1), join(output.directory, LATEST_NAME));
    expireSnapshots(output, { keep: 1, published: snapshot(3), isOurs: ours });
    expect(publicNames(output.directory)).toEqual([snapshot(1), snapshot(3), LATEST_NAME]);
  });

  test("keeps the latest by name of those that are equally old", () => {
    const output = openWithTimes(1000, 1000, 1000, 1000);
    const removed = expireSnapshots(output, { keep: 2, published: snapshot(4), isOurs: ours });
    expect(removed.sort()).toEqual([1, 2].map((minute) => join(output.directory, snapshot(minute))));
    expect(publicNames(output.directory)).toEqual([snapshot(3), snapshot(4)]);
  });

  test("keeps all with 0", () => {
    const output = openWith([1, 2]);
    expect(expireSnapshots(output, { keep: 0, published: snapshot(2), isOurs: ours })).toEqual([]);
    expect(publicNames(output.directory)).toHaveLength(2);
  });

  test.each(["name", "path"])(
    "never takes the one just published, given by its %s, after a step of the clock",
    (by) => {
      const output = openWith([1, 2, 3]);
      const published = by === "name" ? snapshot(1) : join(output.directory, snapshot(1));
      expireSnapshots(output, { keep: 1, published, isOurs: ours });
      expect(publicNames(output.directory)).toEqual([snapshot(1)]);
    },
  );

  test("takes only regular files with a snapshot's name that are ours", () => {
    const output = openWith([2, 3, 9]);
    const others = ["2026-11-25-07-01-all.json.bak", "2026-all.json", "notes.txt"];
    for (const name of others) writeFileSync(join(output.directory, name), "{}");
    symlinkSync("notes.txt", join(output.directory, snapshot(0)));
    mkdirSync(join(output.directory, snapshot(1)));
    const asked: string[] = [];
    const isOurs = (path: string) => {
      asked.push(path);
      return !path.endsWith(snapshot(2));
    };
    expireSnapshots(output, { keep: 1, published: snapshot(9), isOurs });
    expect(publicNames(output.directory)).toEqual(
      [...others, snapshot(0), snapshot(1), snapshot(2), snapshot(9)].sort(),
    );
    expect(asked.sort()).toEqual([2, 3, 9].map((minute) => join(output.directory, snapshot(minute))));
  });
});

test("a directory that took the place of ours is neither linked in nor cleaned", () => {
  const output = openScratch({ mode: "sync" });
  const moved = `${output.directory}-old`;
  renameSync(output.directory, moved);
  afterwards(() => rmSync(moved, { recursive: true }));
  mkdirSync(join(output.directory, ".waldur-cscs-storage"), { recursive: true });
  writeFileSync(join(output.directory, snapshot(1)), "{}");
  expect(() => linkLatest(output, snapshot(1))).toThrow(OutputError);
  expect(() => expireSnapshots(output, { keep: 1, published: snapshot(2), isOurs: ours })).toThrow(
    OutputError,
  );
  expect(publicNames(output.directory)).toEqual([snapshot(1)]);
});
