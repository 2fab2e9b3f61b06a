// What a run has done so far, collected as it happens, so that a run that fails half-way still reports what it did.

import { AppError, ConfigError, EXIT, type ExitCode, worstExitCode } from "../errors.ts";
import type { Reported } from "./problems.ts";
import {
  type FileReport,
  type More,
  type OfferingLine,
  type OrderReport,
  type Problem,
  problemOfIssue,
  type Report,
} from "./report.ts";
import { createTally, type Tally } from "./tally.ts";

export type Ledger = {
  /** Starts the line of an offering; it counts as failed until its outcome is set. */
  openOffering(offering: { uuid: string; name: string }): OfferingLine;
  addFile(file: FileReport): void;
  addOrder(order: OrderReport): void;
  /** Every problem is kept for the report; else only those that get a line in the log. */
  readonly keepsAll: boolean;
  /** Something that was left out; the rest was handled (exit code 10). */
  addProblem(problem: Problem): void;
  /** Something to know of, which leaves the exit code as it is. */
  addNotice(notice: Problem): void;
  /** The same for what was collected elsewhere. */
  addAll(found: { problems: Tally; notices: Tally }): void;
  /**
   * An error that ended the run, an offering or the work on one order. False when it is not to be logged: it was added
   * before, or there are too many of its kind.
   */
  addFailure(error: AppError, about?: About): boolean;
  /** What is to be logged of an offering's problems and notices. */
  foundOf(offering: string): Reported;
  /** What the run would end with so far if this were its only offering. */
  exitOf(offering: string): ExitCode;
  /** Failures that were not logged. */
  moreFailures(): readonly More[];
  filesOf(offering: string): readonly FileReport[];
  ordersOf(offering: string): readonly OrderReport[];
  close(finishedAt: Date): Report;
};

/** What a failure is about. */
type About = Partial<Pick<Problem, "offering" | "order" | "resource" | "resourceName" | "project">>;

type LedgerHead = {
  mode: "sync" | "orders";
  dryRun: boolean;
  version: string;
  startedAt: Date;
  keepsAll: boolean;
};

export function createLedger(head: LedgerHead): Ledger {
  const offerings: OfferingLine[] = [];
  const files: FileReport[] = [];
  const orders: OrderReport[] = [];
  const leftOut = createTally(head);
  const notices = createTally(head);
  const failures = createTally({ ...head, joins: false });
  const codes = new Set<ExitCode>();
  const codesOf = new Map<string | undefined, Set<ExitCode>>();
  const noteCode = (code: ExitCode, offering: string | undefined): void => {
    codes.add(code);
    codesOf.set(offering, (codesOf.get(offering) ?? new Set<ExitCode>()).add(code));
  };
  const exitOf = (offering: string) => worstExitCode(codesOf.get(offering) ?? []);
  /**
   * A signal or the deadline is one error, however many offerings it skips, and also where it came with more to say.
   */
  const added = new Set<unknown>();
  return {
    keepsAll: head.keepsAll,
    openOffering({ uuid, name }) {
      const line: OfferingLine = { uuid, name, outcome: "failed", resources: 0 };
      offerings.push(line);
      return line;
    },
    addFile: (file) => files.push(file),
    addOrder: (order) => orders.push(order),
    addProblem(problem) {
      noteCode(EXIT.problems, problem.offering);
      leftOut.add(problem);
    },
    addNotice: (notice) => void notices.add(notice),
    addAll(found) {
      for (const [from, to] of [
        [found.problems, leftOut],
        [found.notices, notices],
      ] as const) {
        for (const problem of from.kept()) to.add(problem);
        to.addMore(from.omitted());
      }
      for (const { offering } of [...found.problems.kept(), ...found.problems.omitted()])
        noteCode(EXIT.problems, offering);
    },
    addFailure(error, about = {}) {
      noteCode(error.exitCode, about.offering);
      if (added.has(error)) return false;
      added.add(error);
      if (error.cause instanceof AppError) added.add(error.cause);
      const shown = problemsOfError(error, about).map((problem) => failures.add(problem));
      return shown.includes(true);
    },
    foundOf: (offering) => ({
      problems: leftOut.shown(offering),
      notices: notices.shown(offering),
      more: [...leftOut.more(offering), ...notices.more(offering)],
    }),
    exitOf,
    moreFailures: () => failures.more(),
    filesOf: (offering) => files.filter((file) => file.offering === offering),
    ordersOf: (offering) => orders.filter((order) => order.offering === offering),
    close: (finishedAt) => ({
      mode: head.mode,
      dryRun: head.dryRun,
      version: head.version,
      startedAt: head.startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      offerings: offerings.map((line) => ({ ...line, exitCode: exitOf(line.uuid) })),
      files,
      orders,
      problems: [...leftOut.kept(), ...failures.kept()],
      notices: [...notices.kept()],
      omitted: [...leftOut.omitted(), ...failures.omitted()],
      exitCode: worstExitCode(codes),
    }),
  };
}

function problemsOfError(error: AppError, about: About): Problem[] {
  if (error instanceof ConfigError) return error.issues.map((issue) => problemOfIssue(issue, about.offering));
  return [{ code: error.code, ...about, message: error.message, hint: error.hint }];
}
