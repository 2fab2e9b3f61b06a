import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Compare, describeOrderFile, publishOrderFile } from "../../../lib/output/order-file.ts";
import { openScratch, publicNames, run, scratchDirectory, temporaryNames, UUID } from "./scratch.ts";

const NAME = `2026-11-25-07-49-create_${UUID}.json`;
const never: Compare = () => {
  throw new Error("nothing to compare");
};

describe("an order's file", () => {
  test("is created once, with the configured mode", () => {
    const output = openScratch({ fileMode: 0o644 });
    expect(publishOrderFile(output, NAME, "text", never)).toBe("created");
    expect(readFileSync(join(output.directory, NAME), "utf8")).toBe("text");
    expect(statSync(join(output.directory, NAME)).mode & 0o777).toBe(0o644);
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test.each(["same", "differs", "foreign"] as const)(
    "that exists is compared, and stays when %s",
    (answer) => {
      const output = openScratch();
      const path = join(output.directory, NAME);
      writeFileSync(path, "what is there");
      const before = statSync(path, { bigint: true });
      const seen: string[] = [];
      const compare: Compare = (existing) => {
        seen.push(existing);
        return answer;
      };
      expect(publishOrderFile(output, NAME, "new", compare)).toBe(answer);
      expect(seen).toEqual(["what is there"]);
      expect(readFileSync(path, "utf8")).toBe("what is there");
      const after = statSync(path, { bigint: true });
      expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
    },
  );

  test("is foreign when a symlink, a directory or a pipe has its name", () => {
    const victim = join(scratchDirectory(), "victim");
    writeFileSync(victim, "precious");
    const plants = [
      (path: string) => symlinkSync(victim, path),
      (path: string) => symlinkSync("/nowhere", path),
      (path: string) => mkdirSync(path),
      (path: string) => run(["mkfifo", path]),
    ];
    for (const plant of plants) {
      const output = openScratch();
      const path = join(output.directory, NAME);
      plant(path);
      const before = lstatSync(path).ino;
      expect(publishOrderFile(output, NAME, "text", never)).toBe("foreign");
      expect(lstatSync(path).ino).toBe(before);
    }
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });

  test("is not overwritten when it appears while ours is being written", () => {
    const directory = scratchDirectory();
    const output = openScratch({ directory });
    const path = join(directory, NAME);
    const spy = {
      ...output,
      get fileMode() {
        writeFileSync(path, "another's");
        return 0o640;
      },
    };
    expect(publishOrderFile(spy, NAME, "ours", () => "differs")).toBe("differs");
    expect(readFileSync(path, "utf8")).toBe("another's");
    expect(temporaryNames(directory)).toEqual([]);
  });

  test("needs the name of an order file", () => {
    const output = openScratch();
    expect(() => publishOrderFile(output, "../x", "text", never)).toThrow(/no name of an order file/);
  });
});

describe("describing an order's file", () => {
  test("tells what is there and changes nothing", () => {
    const directory = scratchDirectory();
    expect(describeOrderFile(directory, NAME, never)).toBe("absent");
    expect(describeOrderFile(join(directory, "missing"), NAME, never)).toBe("absent");
    writeFileSync(join(directory, NAME), "x");
    expect(describeOrderFile(directory, NAME, (text) => (text === "x" ? "same" : "differs"))).toBe("same");
    expect(publicNames(directory)).toEqual([NAME]);
  });
});
