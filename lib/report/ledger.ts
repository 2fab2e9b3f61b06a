// What a run has done so far, collected as it happens, so that a run that fails half-way still tells what it did.

import { type AppError, ConfigError, EXIT, type ExitCode, worstExitCode } from "../errors.ts";
import {
  type FileReport,
  type OfferingReport,
  type OrderReport,
  type Problem,
  problemOfIssue,
  type Report,
} from "./report.ts";

export type Ledger = {
  /** Starts the line of an offering; it counts as failed until somebody says otherwise. */
  openOffering(offering: { uuid: string; name: string }): OfferingReport;
  addFile(file: FileReport): void;
  addOrder(order: OrderReport): void;
  /** Something that was left out; the rest was handled (exit code 10). */
  addProblem(problem: Problem): void;
  /** Something to know of, which leaves the exit code as it is. */
  addNotice(notice: Problem): void;
  /** An error that ended the run, an offering or the work on one order. False when it was added before. */
  addFailure(error: AppError, about?: { offering?: string; order?: string }): boolean;
  problemsOf(offering: string): readonly Problem[];
  noticesOf(offering: string): readonly Problem[];
  filesOf(offering: string): readonly FileReport[];
  close(finishedAt: Date): Report;
};

type LedgerHead = { mode: "sync" | "orders"; dryRun: boolean; version: string; startedAt: Date };

export function createLedger(head: LedgerHead): Ledger {
  const offerings: OfferingReport[] = [];
  const files: FileReport[] = [];
  const orders: OrderReport[] = [];
  const leftOut: Problem[] = [];
  const notices: Problem[] = [];
  const failures: Problem[] = [];
  const codes = new Set<ExitCode>();
  /** A signal or the deadline is one error, however many offerings it skips. */
  const added = new Set<AppError>();
  return {
    openOffering({ uuid, name }) {
      const line: OfferingReport = { uuid, name, outcome: "failed", resources: 0 };
      offerings.push(line);
      return line;
    },
    addFile: (file) => files.push(file),
    addOrder: (order) => orders.push(order),
    addProblem(problem) {
      codes.add(EXIT.problems);
      leftOut.push(problem);
    },
    addNotice: (notice) => notices.push(notice),
    addFailure(error, about = {}) {
      if (added.has(error)) return false;
      added.add(error);
      codes.add(error.exitCode);
      failures.push(...problemsOfError(error, about));
      return true;
    },
    problemsOf: (offering) => leftOut.filter((problem) => problem.offering === offering),
    noticesOf: (offering) => notices.filter((notice) => notice.offering === offering),
    filesOf: (offering) => files.filter((file) => file.offering === offering),
    close: (finishedAt) => ({
      mode: head.mode,
      dryRun: head.dryRun,
      version: head.version,
      startedAt: head.startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      offerings,
      files,
      orders,
      problems: [...leftOut, ...failures],
      notices,
      exitCode: worstExitCode(codes),
    }),
  };
}

function problemsOfError(error: AppError, about: { offering?: string; order?: string }): Problem[] {
  if (error instanceof ConfigError) return error.issues.map((issue) => problemOfIssue(issue, about.offering));
  return [{ code: error.code, ...about, message: error.message, hint: error.hint }];
}
