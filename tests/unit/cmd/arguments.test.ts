import { describe, expect, test } from "bun:test";
import { readArguments } from "../../../cmd/arguments.ts";
import { choice, number, runFlags, runOptions } from "../../../cmd/flags.ts";
import { UsageError, UsageErrors } from "../../../lib/errors.ts";

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

describe("all mistakes of a command line are reported together", () => {
  test.each([
    [
      ["--dryrun", "--config=", "--log-format", "xml", "--retries", "--json=yes"],
      ["unknown option --dryrun", "--retries needs a value, not another option", "--config needs a value"],
    ],
    [
      ["--dryrun", "-z", "--dryrun"],
      ["unknown option --dryrun", "unknown option -z"],
    ],
    [["--dryrun", "yes"], ["unknown option --dryrun"]],
    [
      ["--json=yes", "extra"],
      ["--json takes no value", 'unexpected argument "extra"'],
    ],
    [
      ["-zn", "--quiet=1", "--config"],
      ["unknown option -z", "--quiet takes no value", "--config needs a value"],
    ],
    [
      ["--log-format=xml", "--config="],
      ['--log-format "xml" is not one of text, json', "--config needs a value"],
    ],
    [
      ["--timeout=0", "--deadline=x", "--retries=99", "--offering-uuid=a", "--offering-uuid=b"],
      ["uuid", "uuid", "--timeout", "--deadline", "--retries"],
    ],
  ])("%j", (args, expected) => {
    const found = refusal(args).split(" | ")[0]?.split("\n") ?? [];
    for (const words of expected) expect(found.join("\n")).toContain(words);
  });

  test("each once, with its own hint", () => {
    const all = mistakesOf(["--dryrun", "--dryrun", "--json=1", "--log-format=txt"]);
    expect(all.map(({ message, hint }) => [message, hint])).toEqual([
      ["unknown option --dryrun", "did you mean --dry-run?"],
      ["--json takes no value", undefined],
      ['--log-format "txt" is not one of text, json', "did you mean text?"],
    ]);
  });

  test("what follows an unknown option is taken for its value", () => {
    expect(refusal(["--dryrun", "yes"])).toStartWith("unknown option --dryrun | ");
  });
});

function mistakesOf(args: readonly string[]): readonly UsageError[] {
  try {
    readArguments(args, flags);
  } catch (error) {
    if (error instanceof UsageErrors) return error.all;
    throw error;
  }
  return [];
}

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
