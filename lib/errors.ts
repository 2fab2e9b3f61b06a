// The closed set of errors that end a run or an offering. Each class knows its exit code (sysexits, docs/contract.md
// "Exit codes"), so the mapping from an error to a process status exists once. A user's mistake never shows a stack.
// One file because the set is closed.

/** Exit codes a run can end with; systemd prints the sysexits names of 64 to 78. */
export const EXIT = {
  ok: 0,
  bug: 1,
  problems: 10,
  usage: 64,
  answer: 65,
  endpoint: 69,
  output: 73,
  stdout: 74,
  retryLater: 75,
  refused: 77,
  config: 78,
  sigint: 130,
  sigterm: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** In order of precedence: with several failures in one run the first one found here decides the code. */
const RANKING: readonly ExitCode[] = [
  EXIT.sigterm,
  EXIT.sigint,
  EXIT.bug,
  EXIT.usage,
  EXIT.config,
  EXIT.refused,
  EXIT.output,
  EXIT.stdout,
  EXIT.answer,
  EXIT.endpoint,
  EXIT.retryLater,
  EXIT.problems,
];

/** The code a run ends with when several things went wrong; 0 for none. */
export function worstExitCode(codes: Iterable<ExitCode>): ExitCode {
  const seen = new Set(codes);
  return RANKING.find((code) => seen.has(code)) ?? EXIT.ok;
}

/** `status`: of the answer that the error is about. */
type Detail = { hint?: string | undefined; cause?: unknown; status?: number };

/** Base of every error we raise on purpose: what we were doing, on what, and what to try. */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;
  /** One line of advice, without a full stop; shown after `hint:`. */
  readonly hint: string | undefined;
  /** Of Waldur's answer, where the error is about one. */
  readonly status: number | undefined;

  constructor(message: string, detail: Detail = {}) {
    super(message, { cause: detail.cause });
    this.hint = detail.hint;
    this.status = detail.status;
  }
}

/** Whatever was not raised on purpose: a bug, logged with a stack trace. It ends the offering, not the others. */
export class BugError extends AppError {
  readonly code = "bug";
  readonly exitCode = EXIT.bug;

  constructor(cause: unknown) {
    super(`this is a bug: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`, {
      cause,
      hint: "run it again; if it occurs again, report this text",
    });
  }
}

/** The command line cannot be understood. */
export class UsageError extends AppError {
  readonly code = "usage";
  readonly exitCode = EXIT.usage;
}

/** Several mistakes of one command line, each with its own hint. */
export class UsageErrors extends UsageError {
  readonly all: readonly UsageError[];

  constructor(all: readonly UsageError[]) {
    super(all.map(({ message }) => message).join("\n"));
    this.all = all;
  }
}

/** Throws what was found, if anything. */
export function throwMistakes(mistakes: readonly UsageError[]): void {
  const [first, ...others] = mistakes;
  if (first !== undefined) throw others.length === 0 ? first : new UsageErrors(mistakes);
}

/** A valid command that was not carried out, because of the current state. */
export class DeclinedError extends AppError {
  readonly code = "declined";
  readonly exitCode = EXIT.problems;
}

/** One mistake in a file of the user, with its place. `line` and `column` start at 1. */
export type ConfigIssue = {
  file: string;
  line?: number | undefined;
  column?: number | undefined;
  /** Key path such as `offerings[0].backend_settings.mount_point`. */
  path?: string | undefined;
  message: string;
  hint?: string | undefined;
};

/** Where the mistake is. */
export type IssuePlace = Pick<ConfigIssue, "file" | "line" | "column" | "path">;

/** `file:line:column`, leaving out what is not known. */
export function placeOfIssue({ file, line, column }: IssuePlace): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** `file:line:column: path: message`, leaving out what is not known. */
export function formatIssue(issue: ConfigIssue): string {
  const parts = [placeOfIssue(issue), issue.path, issue.message];
  return parts.filter((part) => part !== undefined && part !== "").join(": ");
}

/** The configuration is wrong; carries every mistake found, not just the first. */
export class ConfigError extends AppError {
  readonly code = "config";
  readonly exitCode = EXIT.config;
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(formatIssue).join("\n"));
    this.issues = issues;
  }
}

type AnswerFault = "answer" | "not-found" | "shrunk" | "too-large";

/**
 * Waldur answered, but with something that must not be published: incomplete, contradictory, of a wrong shape, or
 * shrunk.
 */
export class AnswerError extends AppError {
  readonly code: AnswerFault;
  readonly exitCode = EXIT.answer;

  constructor(message: string, detail: Detail & { code?: AnswerFault } = {}) {
    super(message, detail);
    this.code = detail.code ?? "answer";
  }
}

/** A published file that was named is not a document, or was cut. */
export class DocumentError extends AppError {
  readonly code = "document";
  readonly exitCode = EXIT.answer;
  /** The last entry that could be read, from 1; 0 for none. */
  readonly entry: number;

  constructor(message: string, detail: Detail & { entry: number }) {
    super(message, detail);
    this.entry = detail.entry;
  }
}

/** TLS verification failed, a redirect, or the server has no such endpoint. */
export class EndpointError extends AppError {
  readonly code = "endpoint";
  readonly exitCode = EXIT.endpoint;
}

/** The output directory cannot be written. */
export class OutputError extends AppError {
  readonly code = "output";
  readonly exitCode = EXIT.output;
}

/** Standard output cannot be written; `quiet` when the reader closed its pipe. */
export class StdoutError extends AppError {
  readonly code = "stdout";
  readonly exitCode = EXIT.stdout;
  readonly quiet: boolean;

  constructor(message: string, detail: Detail & { quiet?: boolean } = {}) {
    super(message, detail);
    this.quiet = detail.quiet ?? false;
  }
}

type RetryReason = "unavailable" | "locked" | "deadline" | "moving" | "unresponsive" | "gids";

/**
 * Trying again later is the remedy: unreachable, 429, 5xx, time is up, a list that moves, another run holds the lock, a
 * file or a disk that does not answer, a source of GIDs that does not give them.
 */
export class RetryLaterError extends AppError {
  readonly code: RetryReason;
  readonly exitCode = EXIT.retryLater;
  /** Not a problem unless it lasts: logged at info. */
  readonly quiet: boolean;

  constructor(message: string, detail: Detail & { code?: RetryReason; quiet?: boolean } = {}) {
    super(message, detail);
    this.quiet = detail.quiet ?? false;
    this.code = detail.code ?? "unavailable";
  }
}

/** Waldur refused the token (401) or the permission (403). */
export class RefusedError extends AppError {
  readonly code = "refused";
  readonly exitCode = EXIT.refused;
  /** 401 concerns the token and so every request of the offering, 403 perhaps just this one. */
  override readonly status: 401 | 403;

  constructor(message: string, detail: Detail & { status: 401 | 403 }) {
    super(message, detail);
    this.status = detail.status;
  }
}

/** SIGINT or SIGTERM asked us to stop; nothing is half-written. */
export class InterruptedError extends AppError {
  readonly code = "interrupted";
  readonly exitCode: ExitCode;
  readonly #signal: "SIGINT" | "SIGTERM";

  /** @param at what the run was waiting for, where that is worth a word */
  constructor(signal: "SIGINT" | "SIGTERM", at?: { while: string; cause: unknown }) {
    super(`interrupted by ${signal}${at === undefined ? "" : `, while ${at.while}`}`, {
      cause: at?.cause,
      hint: "no step was left unfinished; the next run continues",
    });
    this.#signal = signal;
    this.exitCode = signal === "SIGINT" ? EXIT.sigint : EXIT.sigterm;
  }

  /** The same, with what was waited for. */
  during(what: string): InterruptedError {
    return new InterruptedError(this.#signal, { while: what, cause: this });
  }
}

/** The name of the errno, such as `ENOSPC`, of an error of a system call; null for any other error. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return /^E(?!RR_)[A-Z0-9]+$/.test(error.code) ? error.code : null;
}
