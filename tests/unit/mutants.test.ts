// Every guard that can be taken away by `bun run mutate` is still where it is said to be, and so are its tests.

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "pathe";
import { MUTANTS } from "../../scripts/mutants.ts";

const root = resolve(import.meta.dir, "../..");

test.each(MUTANTS.map((mutant) => [mutant.guard, mutant] as const))(
  "%s",
  (_guard, { file, from, to, tests }) => {
    const source = readFileSync(join(root, file), "utf8");
    expect(source.split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
    for (const path of tests) expect([path, existsSync(join(root, "tests", path))]).toEqual([path, true]);
  },
);
