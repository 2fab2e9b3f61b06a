// What the command has done so far, collected as it happens, so that one that fails half-way still reports what it did.

import {
  AppError,
  BugError,
  ConfigError,
  EXIT,
  type ExitCode,
  formatIssue,
  worstExitCode,
} from "../errors.ts";
import type { Handled } from "./offering.ts";
import type { ComponentsReport, ReportedProblem } from "./report.ts";

type Named = { uuid: string; name: string };

export type ComponentsRecord = {
  add(offering: Named, handled: Handled): void;
  addNotice(notice: ReportedProblem): void;
  /** An error that ended the command, or the work on one offering before anything was sent. */
  fail(error: unknown, offering?: Named): void;
  close(): ComponentsReport;
};

export function createRecord(head: Pick<ComponentsReport, "dryRun" | "version">): ComponentsRecord {
  const { offerings, problems, notices }: Omit<ComponentsReport, keyof typeof head | "exitCode"> = {
    offerings: [],
    problems: [],
    notices: [],
  };
  const codes: ExitCode[] = [];
  const addFailure = (error: unknown, offering?: string) => {
    const failure = error instanceof AppError ? error : new BugError(error);
    codes.push(failure.exitCode);
    problems.push(
      ...foundOf(failure).map((one) => ({ ...one, ...(offering !== undefined && { offering }) })),
    );
  };
  return {
    add({ uuid, name }, { components, onlyInWaldur, failure, ...found }) {
      const outcome = failure === null ? "done" : "failed";
      offerings.push({ uuid, name, outcome, components, onlyInWaldur });
      problems.push(...found.problems.map((one) => ({ ...one, offering: uuid })));
      notices.push(...found.notices.map((one) => ({ ...one, offering: uuid })));
      if (found.problems.length > 0) codes.push(EXIT.problems);
      if (failure !== null) addFailure(failure, uuid);
    },
    addNotice: (notice) => notices.push(notice),
    fail(error, offering) {
      addFailure(error, offering?.uuid);
      if (offering === undefined) return;
      const { uuid, name } = offering;
      offerings.push({ uuid, name, outcome: "failed", components: [], onlyInWaldur: [] });
    },
    close: () => ({ ...head, offerings, problems, notices, exitCode: worstExitCode(codes) }),
  };
}

/** Every mistake of a configuration is one of its own. */
function foundOf(error: AppError): ReportedProblem[] {
  const found = (message: string, hint: string | undefined): ReportedProblem => ({
    code: error.code,
    message,
    ...(hint !== undefined && { hint }),
  });
  return error instanceof ConfigError
    ? error.issues.map((issue) => found(formatIssue(issue), issue.hint))
    : [found(error.message, error.hint)];
}
