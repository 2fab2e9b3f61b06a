import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Draft,
  describeSnapshot,
  draftSnapshot,
  type Frame,
  measureSnapshot,
} from "../../../lib/output/snapshot.ts";
import {
  CAN_MOUNT,
  mountScratch,
  openScratch,
  publicNames,
  scratchDirectory,
  temporaryNames,
  thrownBy,
} from "./scratch.ts";

const NAME = "2026-11-25-07-49-all.json";
const FRAME: Frame = {
  head: '{"date":"today","list":[',
  digestHead: '{"list":[',
  first: "\n",
  separator: ",\n",
  tail: "\n]}\n",
  emptyTail: "]}\n",
};

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

function fill(draft: Draft, entries: string[]) {
  draft.restart(FRAME);
  for (const entry of entries) draft.add(entry, 1);
  return draft.finish();
}

describe.each(["on the disk", "in memory"])("a draft %s", (where) => {
  function start(): { draft: Draft; text: () => string } {
    if (where === "in memory") {
      const described = describeSnapshot(scratchDirectory());
      return { draft: described, text: described.text };
    }
    const draft = draftSnapshot(openScratch({ mode: "sync" }));
    return { draft, text: () => readFileSync(draft.publish(NAME).path, "utf8") };
  }

  test("has every byte of characters that take three of them", () => {
    const { draft, text } = start();
    const entry = "€中".repeat(5000);
    const { sha256: digest } = fill(draft, [entry]);
    expect(digest).toBe(sha256(`{"list":[\n${entry}\n]}\n`));
    expect(text()).toBe(`{"date":"today","list":[\n${entry}\n]}\n`);
  });

  test("has what is known last before what was held, and nothing of an earlier try", () => {
    const { draft, text } = start();
    draft.restart(FRAME, true);
    draft.add('"forgotten"', 1);
    draft.restart(FRAME, true);
    draft.add('"ä"', 1);
    draft.add('"b",\n"c"', 2);
    const pieces = [
      { text: '"x"', entries: 1 },
      { text: '"y"', entries: 1 },
    ];
    const body = '\n"x",\n"y",\n"ä",\n"b",\n"c"\n]}\n';
    expect(draft.finish({ pieces, rewrite: null })).toEqual({
      entries: 3,
      bytes: Buffer.byteLength(FRAME.head + body),
      sha256: sha256(FRAME.digestHead + body),
    });
    expect(text()).toBe(FRAME.head + body);
    draft.discard();
  });

  test("that held nothing is an empty one", () => {
    const { draft, text } = start();
    draft.restart(FRAME, true);
    expect(draft.finish({ pieces: [], rewrite: null })).toMatchObject({ entries: 0 });
    const other = start();
    fill(other.draft, []);
    expect(text()).toBe(other.text());
  });

  test("joins entries and hashes them under the other head", () => {
    const { draft, text } = start();
    const body = '\n"ä",\n"b",\n"c"\n]}\n';
    expect(fill(draft, ['"ä"', '"b"', '"c"'])).toEqual({
      entries: 3,
      bytes: Buffer.byteLength(FRAME.head + body),
      sha256: sha256(FRAME.digestHead + body),
    });
    expect(text()).toBe(FRAME.head + body);
  });

  test("writes the empty tail when there is nothing", () => {
    const { draft, text } = start();
    expect(fill(draft, [])).toMatchObject({ entries: 0, sha256: sha256('{"list":[]}\n') });
    expect(text()).toBe('{"date":"today","list":[]}\n');
  });

  test("counts what an add returns and ignores an empty one", () => {
    const { draft, text } = start();
    draft.restart(FRAME);
    draft.add("ignored", 0);
    draft.add('"a",\n"b"', 2);
    draft.add("", 0);
    draft.add('"c"', 1);
    expect(draft.finish().entries).toBe(3);
    expect(text()).toBe('{"date":"today","list":[\n"a",\n"b",\n"c"\n]}\n');
  });

  test("drops everything at a restart", () => {
    const { draft, text } = start();
    draft.restart(FRAME);
    for (let i = 0; i < 50; i++) draft.add("x".repeat(20_000), 1);
    const result = fill(draft, ['"a"']);
    expect(result).toEqual({
      entries: 1,
      bytes: FRAME.head.length + 8,
      sha256: sha256('{"list":[\n"a"\n]}\n'),
    });
    expect(text()).toBe('{"date":"today","list":[\n"a"\n]}\n');
  });

  test("is whole when it is larger than any buffer", () => {
    const { draft, text } = start();
    const entries = Array.from({ length: 3000 }, (_, i) => JSON.stringify(`${i} ${"ß🗄".repeat(60)}`));
    const { bytes } = fill(draft, entries);
    expect(bytes).toBe(Buffer.byteLength(text()));
  });

  test("needs its head first", () => {
    const { draft } = start();
    expect(() => draft.add("x", 1)).toThrow(/head first/);
  });
});

describe("a draft on the disk", () => {
  test("shows readers nothing before it is published", () => {
    const output = openScratch({ mode: "sync", fileMode: 0o644 });
    const draft = draftSnapshot(output);
    fill(draft, ['"a"']);
    expect(publicNames(output.directory)).toEqual([]);
    expect(draft.publish(NAME)).toEqual({ path: join(output.directory, NAME), action: "create" });
    expect(statSync(join(output.directory, NAME)).mode & 0o777).toBe(0o644);
  });

  test("is gone after discard", () => {
    const output = openScratch({ mode: "sync" });
    const draft = draftSnapshot(output);
    fill(draft, ['"a"']);
    draft.discard();
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test.skipIf(!CAN_MOUNT)("keeps yesterday's snapshot when the disk is full", () => {
    const output = openScratch({ mode: "sync", directory: mountScratch("size=512k") });
    writeFileSync(join(output.directory, NAME), "yesterday");
    const draft = draftSnapshot(output);
    draft.restart(FRAME);
    const error = thrownBy(() => {
      for (let i = 0; i < 100; i++) draft.add("x".repeat(50_000), 1);
    });
    expect(error).toMatchObject({ exitCode: 73 });
    draft.discard();
    expect(readFileSync(join(output.directory, NAME), "utf8")).toBe("yesterday");
    expect(temporaryNames(output.directory)).toEqual([]);
  });
});

describe("a draft in memory", () => {
  test("touches nothing and says what publishing would do", () => {
    const directory = scratchDirectory();
    const draft = describeSnapshot(directory);
    fill(draft, ['"a"']);
    expect(draft.publish(NAME)).toEqual({ path: join(directory, NAME), action: "create" });
    expect(readdirSync(directory)).toEqual([]);
    mkdirSync(join(directory, "sub"));
    writeFileSync(join(directory, "sub", NAME), "");
    expect(describeSnapshot(join(directory, "sub")).publish(NAME).action).toBe("replace");
    expect(describeSnapshot(join(directory, "missing")).publish(NAME).action).toBe("create");
  });
});

test("a draft that keeps only its size has that of the whole text, also of what is held", () => {
  const measured = measureSnapshot(scratchDirectory());
  const described = describeSnapshot(scratchDirectory());
  const sizes = [measured, described].map((draft) => {
    for (const isLast of [false, true]) {
      draft.restart(FRAME, true);
      for (let n = 0; n < (isLast ? 3 : 5); n++) draft.add(`"${"ä".repeat(40_000 + n)}"`, 1);
    }
    const { entries, bytes } = draft.finish({ pieces: [{ text: '"x"', entries: 1 }], rewrite: null });
    return [entries, bytes];
  });
  expect(sizes[0]).toEqual(sizes[1] ?? []);
  expect(sizes[0]?.[1]).toBe(Buffer.byteLength(described.text()));
});
