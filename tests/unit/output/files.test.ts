import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError } from "../../../lib/errors.ts";
import { newestSnapshot, readChunks, readTextUpTo, snapshotsNewestFirst } from "../../../lib/output/files.ts";
import { readJsonFile } from "../../../lib/output/state-file.ts";
import { scratchDirectory } from "./scratch.ts";

function writeAt(path: string, second: number): void {
  writeFileSync(path, "{}");
  utimesSync(path, second, second);
}

describe("reading in chunks", () => {
  test.each([0, 1, 2, 3])("never tears a character apart, shifted by %d", (shift) => {
    const path = join(scratchDirectory(), "file");
    const text = "x".repeat(shift) + "🗄é€".repeat(30_000);
    writeFileSync(path, text);
    const chunks = [...readChunks(path)];
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.join("")).toBe(text);
  });

  test("gives nothing for an empty file", () => {
    const path = join(scratchDirectory(), "file");
    writeFileSync(path, "");
    expect([...readChunks(path)]).toEqual([]);
  });

  test("closes the file when left early", () => {
    const path = join(scratchDirectory(), "file");
    writeFileSync(path, "x".repeat(200_000));
    const before = readdirSync("/proc/self/fd").length;
    for (const _chunk of readChunks(path)) break;
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });

  test("names a file that is missing", () => {
    expect(() => [...readChunks(join(scratchDirectory(), "missing"))]).toThrow(/missing.*ENOENT/);
  });
});

describe("the newest snapshot", () => {
  test("is the one modified last, whatever its name", () => {
    const directory = scratchDirectory();
    writeAt(join(directory, "2027-01-01-00-00-all.json"), 1000);
    writeAt(join(directory, "2026-01-01-00-00-all.json"), 2000);
    writeAt(join(directory, "other.json"), 3000);
    expect(newestSnapshot(directory)).toBe(join(directory, "2026-01-01-00-00-all.json"));
  });

  test("is never a symlink or a directory", () => {
    const directory = scratchDirectory();
    const elsewhere = join(scratchDirectory(), "foreign");
    writeFileSync(elsewhere, "{}");
    symlinkSync(elsewhere, join(directory, "2026-01-01-00-00-all.json"));
    mkdirSync(join(directory, "2026-01-01-00-01-all.json"));
    expect(newestSnapshot(directory)).toBeNull();
  });

  test("of two equally old ones is the later by name", () => {
    const directory = scratchDirectory();
    for (const minute of ["02", "03", "01"])
      writeAt(join(directory, `2026-01-01-00-${minute}-all.json`), 1000);
    expect(newestSnapshot(directory)).toBe(join(directory, "2026-01-01-00-03-all.json"));
  });

  test("is null where there is no directory", () => {
    expect(newestSnapshot(join(scratchDirectory(), "missing"))).toBeNull();
  });
});

test("snapshots are listed newest first, those of one time by name from the later", () => {
  const directory = scratchDirectory();
  const name = (minute: number) => `2026-01-01-00-0${minute}-all.json`;
  for (const [minute, second] of [1000, 3000, 2000, 3000].entries())
    writeAt(join(directory, name(minute)), second);
  writeAt(join(directory, "all.json"), 9000);
  expect(snapshotsNewestFirst(directory)).toEqual(
    [3, 1, 2, 0].map((minute) => join(directory, name(minute))),
  );
  expect(snapshotsNewestFirst(join(directory, "missing"))).toEqual([]);
});

test("a text is read up to a size, and from regular files only", () => {
  const directory = scratchDirectory();
  const path = join(directory, "text");
  writeFileSync(path, "grün");
  symlinkSync("text", join(directory, "link"));
  expect([readTextUpTo(path, 5), readTextUpTo(path, 4)]).toEqual(["grün", null]);
  for (const other of ["link", "missing", "."]) expect(readTextUpTo(join(directory, other), 99)).toBeNull();
});

test("a small file that is there but cannot be read is not taken for missing", () => {
  const directory = scratchDirectory();
  expect(readJsonFile(join(directory, "missing"))).toBeNull();
  writeFileSync(join(directory, "broken"), "{");
  expect(readJsonFile(join(directory, "broken"))).toBeUndefined();
  expect(() => readJsonFile(directory)).toThrow(OutputError);
});
