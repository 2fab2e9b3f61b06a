// Calls of getent: how names reach it, and what its answers and failures mean. The program is a script that is in
// for it, so that it can fail in every way; tests/e2e/getent.test.ts has the real one.

import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { RetryLaterError } from "../../../lib/errors.ts";
import { openBook } from "../../../lib/gids/book.ts";
import { getentSource } from "../../../lib/gids/getent.ts";
import { scratchDirectory } from "../../scratch.ts";

type Options = { template?: string; timeoutMs?: number; signal?: AbortSignal };

/** A source whose getent runs these lines; `calls` has the words of each call. */
function source(lines: string, options: Options = {}) {
  const { template = "{project}", timeoutMs = 5000, signal = new AbortController().signal } = options;
  const directory = scratchDirectory("getent-");
  const program = join(directory, "getent");
  const log = join(directory, "calls");
  writeFileSync(
    program,
    `#!/bin/sh\nfor word; do printf '%s ' "$word"; done >>${log}\necho >>${log}\n${lines}\n`,
  );
  chmodSync(program, 0o755);
  return {
    ...getentSource(template, { timeoutMs, signal, programs: [program] }),
    calls: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => line.trim())
        : [],
  };
}

const project = (slug: string, n = 0) => ({ uuid: slug.padEnd(32, `${n}`), slug, mayLack: false });

test("asks for many names in one call, after --", async () => {
  const groups = source('echo "climate:x:30001:anna"; echo "-d-:x:30002:"; exit 2');
  const found = await groups.fetch(["climate", "-d-", "ice"]);
  expect([...found]).toEqual([
    ["climate", 30_001],
    ["-d-", 30_002],
  ]);
  expect(groups.calls()).toEqual(["group -- climate -d- ice"]);
});

test("a list of names is bounded", async () => {
  const groups = source("exit 2");
  await groups.fetch(Array.from({ length: 600 }, (_, n) => `${"p".repeat(240)}-${n}`));
  expect(groups.calls().map((call) => call.split(" ").length - 2)).toEqual([250, 250, 100]);
});

test("names of digits are left out, and so is what no group is called", () => {
  const groups = source("exit 0");
  const keys = ["123", "+5", "-5", "", "a b", "a:b", "a\nb", "p1", "--", "x".repeat(256)];
  expect(keys.map((slug) => groups.keyOf(project(slug)))).toEqual([
    ...[null, null, null, null, null, null, null, "p1", "--", null],
  ]);
  const named = source("exit 0", { template: "prj-{project}" });
  expect(named.keyOf(project("123"))).toBe("prj-123");
  expect(named.keyOf(project("$&"))).toBeNull();
});

test("a name counts only when it is exactly the one that was asked for", async () => {
  const groups = source('echo "Climate:x:1:"; echo "climate2:x:2:"; echo "root:x:0:"; exit 0');
  expect((await groups.fetch(["climate"])).size).toBe(0);
});

test.each([
  ["ends with another code", "exit 1", "ended with 1"],
  ["ends with 3", "exit 3", "ended with 3"],
  ["is killed", "kill -9 $$", "ended with"],
  ["gives no number", 'echo "a:x:many:"', 'gave "a" the GID "many"'],
  ["gives a negative number", 'echo "a:x:-1:"', "the GID"],
  ["gives no end", "yes a:x:1:anna", "more than 32 MiB"],
])("no answer when it %s", async (_, lines, words) => {
  const failed = source(lines).fetch(["a"]);
  await expect(failed).rejects.toThrow(words);
  await expect(failed).rejects.toBeInstanceOf(RetryLaterError);
});

test("one that does not answer is given up", async () => {
  const startedAt = performance.now();
  await expect(source("exec sleep 60", { timeoutMs: 200 }).fetch(["a"])).rejects.toThrow(
    "did not answer within 0.2 s",
  );
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test("the end of the run ends it", async () => {
  const end = new AbortController();
  const asked = source("exec sleep 60", { signal: end.signal }).fetch(["a"]);
  setTimeout(() => end.abort(new RetryLaterError("over", { code: "deadline" })), 100);
  await expect(asked).rejects.toThrow("over");
});

test("nothing of the environment or the working directory reaches it", async () => {
  const groups = source('echo "a:x:1000:$PATH,$HOME,$LD_PRELOAD,$(env | grep -c CANARY),$PWD"; exit 0');
  process.env.CANARY_OF_GETENT = "1";
  try {
    expect([...(await groups.fetch(["a"]))]).toEqual([["a", 1000]]);
  } finally {
    delete process.env.CANARY_OF_GETENT;
  }
});

test("differs from a directory that does not answer, by names that were known before", async () => {
  const gone = source("exit 2");
  const book = openBook(gone, ["climate"]);
  await expect(book.learn([project("ice")])).rejects.toThrow("has none at all");
  expect(gone.calls()).toEqual(["group -- ice climate"]);
  const there = source('echo "climate:x:30001:"; exit 2');
  const whole = openBook(there, ["climate"]);
  await whole.learn([project("ice")]);
  expect(whole.of(project("ice"))).toBeNull();
});

test("each name is asked for once in a run, with one that is known", async () => {
  const groups = source('for name; do [ "$name" = b ] || echo "$name:x:1234:"; done; exit 2');
  const book = openBook(groups, []);
  await book.learn([project("a"), project("b"), project("a")]);
  await book.learn([project("a"), project("b")]);
  await book.learn([project("c"), project("d")]);
  expect(groups.calls()).toEqual(["group -- a b", "group -- c d a"]);
  expect(["a", "b", "c"].map((slug) => book.of(project(slug)))).toEqual([1234, null, 1234]);
  expect(book.counts()).toEqual({ asked: 4, found: 3, without: ["b"] });
});

test("without the program there is no answer", async () => {
  const limits = { timeoutMs: 100, signal: new AbortController().signal, programs: ["/nonexistent/getent"] };
  await expect(getentSource("{project}", limits).fetch(["a"])).rejects.toThrow("there is no /usr/bin/getent");
});
