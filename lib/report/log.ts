// Events for people and journals, on standard error only: one line each, `level message key=value` or a JSON object.
// Every line passes through one redactor, so that no token can reach it, however the text was made.

import { type ConsolaInstance, createConsola, LogLevels, type LogObject } from "consola/core";
import { EXIT } from "../errors.ts";
import { clean, escapeUnsafe } from "../unsafe-text.ts";

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Log = {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /**
   * The last line of a run: counts and duration, at the level that its exit code has. Shown unless quiet, and only
   * on a terminal or in the journal; but a run that left something out always logs it, under cron at least when it also
   * warned.
   */
  summary(message: string, fields: Fields & { exit: number }): void;
  /** From now on this text is shown as `[secret]`. */
  redact(secret: string): void;
  /** The text as this log would show it: for other output of the program. */
  hide(text: string): string;
};

export type LogOptions = {
  format: "text" | "json";
  /** quiet: warnings and errors; normal: those, and on a terminal summaries; verbose: everything. */
  level: "quiet" | "normal" | "verbose";
  /** Standard error is a terminal. */
  terminal: boolean;
  color: boolean;
  /** Cron mails what is written; asked only when it matters. */
  isBelowCron?: () => boolean;
  /** Standard error goes to journald, which keeps the time itself and reads `<N>` as the priority. */
  journald: boolean;
  now: () => Date;
  write: (line: string) => void;
};

const PRIORITY: Readonly<Record<Level, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const COLOR: Readonly<Record<Level, string>> = { error: "31", warn: "33", info: "36", debug: "90" };
/** A shorter one would take common words out of every line, and break the JSON of a report. */
const SHORTEST_SECRET = 8;
type Level = "error" | "warn" | "info" | "debug";

export function createLog(options: LogOptions): Log {
  const secrets: string[] = [];
  let hasWarned = false;
  const { isBelowCron = () => false } = options;
  const consola = createConsola({
    level: consolaLevel(options),
    throttle: 0,
    reporters: [
      {
        log(event) {
          if (event.type === "warn") hasWarned = true;
          options.write(hide(formatEvent(event, options), secrets));
        },
      },
    ],
  });
  return {
    ...plainMethods(consola),
    summary(message, fields) {
      const level = levelOfExit(fields.exit);
      const isWanted = consola.level >= LogLevels.info || (level === "warn" && (hasWarned || !isBelowCron()));
      if (isWanted) consola[level](message, fields);
    },
    redact: (secret) => {
      if (secret.length >= SHORTEST_SECRET) secrets.push(secret);
    },
    hide: (text) => hide(text, secrets),
  };
}

function levelOfExit(exit: number): "info" | "warn" | "error" {
  if (exit === EXIT.ok) return "info";
  return exit === EXIT.problems ? "warn" : "error";
}

/** Without a terminal a successful run logs nothing, so that cron has nothing to mail. */
function consolaLevel(options: LogOptions): number {
  if (options.level === "verbose") return LogLevels.debug;
  if (options.level === "quiet") return LogLevels.warn;
  return options.terminal || options.journald ? LogLevels.info : LogLevels.warn;
}

function plainMethods(consola: ConsolaInstance): Omit<Log, "summary" | "redact" | "hide"> {
  return {
    debug: (message, fields) => consola.debug(message, fields ?? {}),
    info: (message, fields) => consola.info(message, fields ?? {}),
    warn: (message, fields) => consola.warn(message, fields ?? {}),
    error: (message, fields) => consola.error(message, fields ?? {}),
  };
}

function formatEvent(event: LogObject, options: LogOptions): string {
  const level: Level = levelOf(event);
  const [message, fields] = event.args as [string, Fields];
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (options.format === "json") {
    const time = options.now().toISOString();
    return escapeUnsafe(JSON.stringify({ time, level, message, ...Object.fromEntries(present) }));
  }
  const text = [clean(message), ...present.map(([key, value]) => `${key}=${fieldText(value)}`)].join(" ");
  if (options.journald) return `<${PRIORITY[level]}>${text}`;
  if (!options.terminal) return `${options.now().toISOString()} ${level} ${text}`;
  return options.color ? `\x1b[${COLOR[level]}m${level}\x1b[0m ${text}` : `${level} ${text}`;
}

function levelOf(event: LogObject): Level {
  if (event.type === "error" || event.type === "warn" || event.type === "debug") return event.type;
  return "info";
}

function fieldText(value: string | number | boolean | null | undefined): string {
  const text = String(value);
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(clean(text));
}

function hide(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "[secret]"), text);
}
