import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError } from "../../../lib/errors.ts";
import { newestSnapshot, readChunks, readJsonFile } from "../../../lib/output/files.ts";
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

test("a small file that is there but cannot be read is not taken for missing", () => {
  const directory = scratchDirectory();
  expect(readJsonFile(join(directory, "missing"))).toBeNull();
  writeFileSync(join(directory, "broken"), "{");
  expect(readJsonFile(join(directory, "broken"))).toBeNull();
  expect(() => readJsonFile(directory)).toThrow(OutputError);
});
