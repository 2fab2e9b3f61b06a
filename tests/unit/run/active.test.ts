import { expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { RetryLaterError } from "../../../lib/errors.ts";
import { isAbsent } from "../../../lib/run/active.ts";
import { scratchDirectory } from "../../scratch.ts";

const LIMITS = { silenceMs: 5000, signal: new AbortController().signal };

test("only a file that does not exist makes a gateway passive", async () => {
  const path = join(scratchDirectory("active-"), "active");
  expect(await isAbsent(path, LIMITS)).toBe(true);
  writeFileSync(path, "");
  expect(await isAbsent(path, LIMITS)).toBe(false);
});

test("a path that cannot be looked at is not an answer", async () => {
  const path = join(scratchDirectory("active-"), "loop");
  symlinkSync("loop", path);
  const error = await isAbsent(path, LIMITS).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryLaterError);
  expect(String(error)).toContain(`${path} (active_if): ELOOP`);
});
