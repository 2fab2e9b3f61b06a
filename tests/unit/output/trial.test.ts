// A file that is made to see whether one can be made: without a name where the file system can do that, else with one
// for a moment, which the next run removes when it was left behind.

import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { OutputError } from "../../../lib/errors.ts";
import { removeLeftovers, temporaryName, trialName } from "../../../lib/output/leftovers.ts";
import { tryFile } from "../../../lib/output/trial.ts";
import { scratchDirectory } from "../../scratch.ts";
import { asNobody } from "../config/site.ts";
import { openScratch } from "./scratch.ts";

const refuse = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

test("a trial leaves the directory as it was, to its times", () => {
  const directory = scratchDirectory("trial-");
  const before = lstatSync(directory);
  expect(tryFile({ directory, name: "never" })).toEqual({ owner: process.geteuid?.() ?? -1, isNamed: false });
  const { mtimeMs, ctimeMs } = lstatSync(directory);
  expect([mtimeMs, ctimeMs]).toEqual([before.mtimeMs, before.ctimeMs]);
});

describe.each(["EOPNOTSUPP", "EISDIR", "EINVAL"])(
  "where files without a name are refused with %s",
  (code) => {
    test("one has a name for a moment", () => {
      const directory = scratchDirectory("trial-");
      expect(tryFile({ directory, name: "named" }, refuse(code))?.isNamed).toBe(true);
      expect(readdirSync(directory)).toEqual([]);
    });

    test("none is made without a name to use", () => {
      expect(tryFile({ directory: scratchDirectory("trial-"), name: null }, refuse(code))).toBeNull();
    });
  },
);

test.each(["EACCES", "EROFS", "ENOSPC", "EDQUOT"])("a refusal with %s is that of the run", (code) => {
  const directory = scratchDirectory("trial-");
  expect(() => tryFile({ directory, name: "never" }, refuse(code))).toThrow(OutputError);
  expect(readdirSync(directory)).toEqual([]);
});

test("a directory without the right to write is refused", async () => {
  const directory = scratchDirectory("trial-");
  await asNobody(async () => {
    expect(() => tryFile({ directory, name: null })).toThrow(
      /cannot create a file in .*permission denied \(EACCES\)/,
    );
  });
});

describe("what a kill left of a trial", () => {
  test("is removed by the first run", () => {
    const directory = scratchDirectory("trial-");
    writeFileSync(join(directory, trialName()), "");
    writeFileSync(join(directory, ".waldur-cscs-storage-owner-mine"), "");
    openScratch({ directory, mode: "sync" }).close();
    expect(readdirSync(directory).sort()).toEqual([
      ".waldur-cscs-storage",
      ".waldur-cscs-storage-owner-mine",
    ]);
  });

  test("in the state directory is removed by the next run of the mode", () => {
    const statePath = scratchDirectory("trial-");
    mkdirSync(join(statePath, "receipts"));
    writeFileSync(join(statePath, temporaryName("orders")), "");
    removeLeftovers({ statePath, mode: "orders", locked: true, now: new Date() });
    expect(readdirSync(statePath)).toEqual(["receipts"]);
  });
});
