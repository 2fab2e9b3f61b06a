import { describe, expect, test } from "bun:test";
import { readArguments } from "../../../cmd/arguments.ts";
import { choice, number, runFlags, runOptions } from "../../../cmd/flags.ts";
import { UsageError } from "../../../lib/errors.ts";

const flags = runFlags("orders", {});
const uuid = "00000000000000000000000000000001";

function refusal(args: readonly string[]): string {
  try {
    runOptions("orders", readArguments(args, flags));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return `${error.message} | ${error.hint ?? ""}`;
  }
  return "accepted";
}

describe("strictness", () => {
  test.each([
    [["--dryrun"], "unknown option --dryrun | did you mean --dry-run?"],
    [["--offering", uuid], "unknown option --offering | "],
    [["-z"], "unknown option -z | "],
    [["--config"], "--config needs a value | "],
    [["--config", "--dry-run"], "--config needs a value, not another option | write a value that begins"],
    [["--config="], "--config needs a value | "],
    [["-c=x"], '--config =x: drop the "=" | '],
    [["--dry-run=yes"], "--dry-run takes no value | "],
    [["extra"], 'unexpected argument "extra" | '],
    [["--", "extra"], 'unexpected argument "extra" | '],
    [["--no-dry-run"], "unknown option --no-dry-run | "],
    [["--dryRun"], "unknown option --dryRun | did you mean --dry-run?"],
    [["-q", "-v"], "--quiet and --verbose exclude each other | "],
    [["--timeout", "0"], '--timeout "0" is not a number from 1 to 3600 | '],
    [["--timeout", "1e3"], '--timeout "1e3" is not a number from 1 to 3600 | '],
    [["--deadline", "86401"], '--deadline "86401" is not a number from 1 to 86400 | '],
    [["--retries", "1.5"], '--retries "1.5" is not a whole number from 0 to 20 | '],
    [["--offering-uuid", "abc"], '--offering-uuid "abc" is not a uuid | '],
  ])("%j", (args, expected) => {
    expect(refusal(args)).toStartWith(expected);
  });
});

test("defaults are those of the help", () => {
  expect(runOptions("orders", readArguments([], flags))).toEqual({
    mode: "orders",
    configPath: "waldur-site-agent-config.yaml",
    offeringUuids: [],
    dryRun: false,
    silenceMs: 30_000,
    deadlineMs: 300_000,
    retries: 4,
    allowInsecureConfig: false,
    wantsReport: false,
  });
  expect(runOptions("sync", {}).deadlineMs).toBe(3_600_000);
});

test("short, joined and repeated flags are understood", () => {
  const dashed = "00000000-0000-0000-0000-00000000000A";
  const parsed = readArguments(
    ["-nc", "f.yaml", "--offering-uuid", dashed, `--offering-uuid=${uuid}`],
    flags,
  );
  const options = runOptions("orders", parsed);
  expect(options.configPath).toBe("f.yaml");
  expect(options.dryRun).toBe(true);
  expect(options.offeringUuids).toEqual(["0000000000000000000000000000000a", uuid]);
});

test("a choice is one of its words, the first when not given", () => {
  expect(choice({}, "log-format", ["text", "json"])).toBe("text");
  expect(choice({ "log-format": "json" }, "log-format", ["text", "json"])).toBe("json");
  expect(() => choice({ "log-format": "xml" }, "log-format", ["text", "json"])).toThrow(
    "not one of text, json",
  );
});

test("a number may have no default", () => {
  expect(number({}, "interval", { least: 1, most: 2, otherwise: null })).toBeNull();
});
