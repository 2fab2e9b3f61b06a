import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Output } from "../../../lib/output/directory.ts";
import { type Compare, describeOrderFile, draftOrderFile } from "../../../lib/output/order-file.ts";
import { openScratch, publicNames, run, scratchDirectory, temporaryNames, UUID } from "./scratch.ts";

const NAME = `2026-11-25-07-49-create_${UUID}.json`;
const never: Compare = () => {
  throw new Error("nothing to compare");
};

/** Both steps at once. */
function publishOrderFile(...[output, name, text, compare]: [Output, string, string, Compare]) {
  return draftOrderFile(output, { name, text, compare }).publish();
}

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
      expect(new Set(seen)).toEqual(new Set(["what is there"]));
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

  test("has its bytes on the disk before it has its name, and leaves nothing when it gets none", () => {
    const output = openScratch();
    const draft = draftOrderFile(output, { name: NAME, text: "text", compare: never });
    expect([draft.found, publicNames(output.directory)]).toEqual(["absent", []]);
    const [temporary = ""] = temporaryNames(output.directory);
    expect(readFileSync(join(output.statePath, temporary), "utf8")).toBe("text");
    draft.discard();
    expect([temporaryNames(output.directory), publicNames(output.directory)]).toEqual([[], []]);
  });

  test("that was there when the draft was made and is gone since is written all the same", () => {
    const output = openScratch();
    const path = join(output.directory, NAME);
    writeFileSync(path, "text");
    const draft = draftOrderFile(output, { name: NAME, text: "text", compare: () => "same" });
    rmSync(path);
    expect([draft.found, draft.publish(), readFileSync(path, "utf8")]).toEqual(["same", "created", "text"]);
  });

  test("needs the name of an order file", () => {
    const output = openScratch();
    expect(() => publishOrderFile(output, "../x", "text", never)).toThrow(/no name of an order file/);
  });
});

describe("describing an order's file", () => {
  test("says what is there and changes nothing", () => {
    const directory = scratchDirectory();
    expect(describeOrderFile(directory, NAME, never)).toBe("absent");
    expect(describeOrderFile(join(directory, "missing"), NAME, never)).toBe("absent");
    writeFileSync(join(directory, NAME), "x");
    expect(describeOrderFile(directory, NAME, (text) => (text === "x" ? "same" : "differs"))).toBe("same");
    expect(publicNames(directory)).toEqual([NAME]);
  });
});
