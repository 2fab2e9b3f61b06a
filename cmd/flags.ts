// The flags that `orders` and `sync` share, with their limits, and what they become: one place for names, defaults and
// words, so that help, README and behaviour cannot drift apart.

import { throwMistakes, UsageError } from "../lib/errors.ts";
import type { Mode } from "../lib/output/directory.ts";
import type { RunOptions } from "../lib/run/options.ts";
import { plainUuid } from "../lib/uuid.ts";
import { notOneOf } from "./arguments.ts";
import type { Arguments, Flags } from "./command.ts";
import { commonFlags } from "./common.ts";

const DEFAULT_CONFIG = "waldur-site-agent-config.yaml";
const DEADLINE_S: Readonly<Record<Mode, number>> = { orders: 300, sync: 3600 };

/** Which configuration, and which part of it. */
export const offeringFlags = {
  config: {
    type: "string",
    alias: "c",
    valueHint: "FILE",
    group: "Configuration",
    description: `the site agent's YAML file (default ${DEFAULT_CONFIG})`,
  },
  "offering-uuid": {
    type: "string",
    repeatable: true,
    valueHint: "UUID",
    group: "Configuration",
    description: "only this offering; may be given more than once",
  },
  "allow-insecure-config": {
    type: "boolean",
    group: "Configuration",
    description: "accept files with a token that everybody can read, and files that others can change",
  },
} as const satisfies Arguments;

/** How long to wait for Waldur. */
export const connectionFlags = {
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    group: "Time",
    description: "longest wait for data from Waldur, a disk or a pipe, 1 to 3600 (default 30)",
  },
  retries: {
    type: "string",
    valueHint: "N",
    group: "Time",
    description: "how often a failed GET request is retried, 0 to 20 (default 4)",
  },
} as const satisfies Arguments;

/** Flags of both modes in the order of their help, those that one mode alone has among them. */
export function runFlags<const Own extends Arguments>(mode: Mode, own: Own) {
  const { timeout, retries } = connectionFlags;
  return {
    ...offeringFlags,
    "dry-run": {
      type: "boolean",
      alias: "n",
      group: "Run",
      description: "change nothing, neither files nor Waldur; print the report with all documents",
    },
    ...own,
    json: { type: "boolean", group: "Output", description: "print the report of the run as JSON" },
    quiet: {
      type: "boolean",
      alias: "q",
      group: "Output",
      description: "log nothing but warnings and errors",
    },
    verbose: {
      type: "boolean",
      alias: "v",
      group: "Output",
      description: "also log requests, published files, and problems that are already known",
    },
    "log-format": {
      type: "enum",
      options: ["text", "json"],
      group: "Output",
      description: "format of the log on standard error (default text)",
    },
    "metrics-file": {
      type: "string",
      valueHint: "FILE",
      group: "Output",
      description: "write Prometheus metrics to FILE at the end",
    },
    timeout,
    deadline: {
      type: "string",
      valueHint: "SECONDS",
      group: "Time",
      description: `end the run after this time, 1 to 86400; a call that changes Waldur is finished first (default ${DEADLINE_S[mode]})`,
    },
    retries,
    ...commonFlags,
  } satisfies Arguments;
}

/** Checks the values; throws `UsageError` with the limit that was missed. */
export function runOptions(mode: Mode, flags: Flags): RunOptions {
  if (flags.quiet === true && flags.verbose === true) {
    throw new UsageError("--quiet and --verbose exclude each other");
  }
  const uuids = flags["offering-uuid"];
  const mistakes: UsageError[] = [];
  const read = <Value>(value: () => Value, otherwise: Value): Value => {
    try {
      return value();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      mistakes.push(error);
      return otherwise;
    }
  };
  const numberOf = (name: string, limits: Limits<number>) => read(() => number(flags, name, limits), 0);
  const options: RunOptions = {
    mode,
    configPath: text(flags, "config") ?? DEFAULT_CONFIG,
    offeringUuids: (Array.isArray(uuids) ? uuids : []).map((uuid) =>
      read(() => parseUuid("offering-uuid", String(uuid)), ""),
    ),
    dryRun: flags["dry-run"] === true,
    silenceMs: numberOf("timeout", { least: 1, most: 3600, otherwise: 30 }) * 1000,
    deadlineMs: numberOf("deadline", { least: 1, most: 86400, otherwise: DEADLINE_S[mode] }) * 1000,
    retries: numberOf("retries", { least: 0, most: 20, otherwise: 4, whole: true }),
    allowInsecureConfig: flags["allow-insecure-config"] === true,
    wantsReport: flags["dry-run"] === true || flags.json === true,
  };
  throwMistakes(mistakes);
  return options;
}

/** A flag with a value, as given. */
export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of a flag that may be given more than once. */
export function texts(flags: Flags, name: string): string[] {
  const values = flags[name];
  return Array.isArray(values) ? values.map(String) : [];
}

type Limits<Otherwise> = { least: number; most: number; otherwise: Otherwise; whole?: boolean };

/** A flag whose value is a number within limits. */
export function number<Otherwise>(
  flags: Flags,
  name: string,
  { least, most, otherwise, whole = false }: Limits<Otherwise>,
): number | Otherwise {
  const given = text(flags, name);
  if (given === undefined) return otherwise;
  const value = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  throw new UsageError(`--${name} ${JSON.stringify(given)} is not ${kind} from ${least} to ${most}`);
}

/** A flag whose value is one of a few words. */
export function choice<const Word extends string>(
  flags: Flags,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const given = text(flags, name);
  const word = given === undefined ? words[0] : words.find((one) => one === given);
  if (word !== undefined) return word;
  throw notOneOf(name, String(given), words);
}

/** 32 lower-case hex digits of a uuid with or without dashes. */
export function parseUuid(flag: keyof typeof UUIDS_FROM, given: string): string {
  const uuid = plainUuid(given);
  if (uuid !== null) return uuid;
  const from = UUIDS_FROM[flag];
  throw new UsageError(`--${flag} ${JSON.stringify(given)} is not a uuid`, {
    hint: `copy it from ${from}: 32 hex digits, with or without dashes`,
  });
}

/** Where a uuid is found. */
const UUIDS_FROM = {
  "offering-uuid": "the configuration file",
  resource: "`claims list`",
  order: "Waldur, or the name of its file",
} as const;
