// Where an offering's files go: the output directory, the file system below it, the state directory, the locks.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode } from "../errors.ts";
import { type Mode, STATE_DIRECTORY } from "../output/directory.ts";
import {
  type ExaminedOutput,
  examineClaims,
  examineLatest,
  examineLock,
  examineOutput,
  examineReceipts,
  examineState,
} from "../output/examine.ts";
import { tryFile } from "../output/trial.ts";
import type { Held } from "../places/held.ts";
import { showMode, showUser } from "../places/owners.ts";
import type { Stopped } from "./context.ts";
import { checkFileSystem } from "./file-system.ts";
import { type Findings, hintOf } from "./findings.ts";

export type Place = {
  stopped: Stopped | null;
  /** Modes that would not get their lock, and what they would end with. */
  locked: ReadonlyMap<Mode, ExitCode>;
  own: readonly ExitCode[];
  close(): void;
};

/** Holds both directories, as a run does, until `close`. */
export function checkPlace(offering: OfferingConfig, findings: Findings): Place {
  const held: Held[] = [];
  const close = () => {
    for (const one of held.splice(0).reverse()) one.release();
  };
  const place: Place = { stopped: null, locked: new Map(), own: [], close };
  const output = attempt("output-directory", findings, () => lookAtOutput(offering, findings));
  if (output === null) {
    findings.skip(["latest-link", "file-system", "state-directory", "lock"], "output-directory");
    return { ...place, stopped: { item: "output-directory", code: EXIT.output } };
  }
  if (output.held !== null) held.push(output.held);
  const own = [lookAtLatest(output, offering, findings), ...checkFileSystem(output, offering, findings)];
  const state = output.held === null ? null : lookAtState(output.held, offering, findings);
  if (state === "failed") {
    findings.skip(["lock"], "state-directory");
    return { ...place, own, stopped: { item: "state-directory", code: EXIT.output } };
  }
  if (state === null) {
    findings.ok("state-directory", `${STATE_DIRECTORY} is made by the first run`);
    return { ...place, own };
  }
  held.push(state);
  const claims = attempt("state-directory", findings, () => examineClaims(state) && examineReceipts(state));
  if (claims === null) own.push(EXIT.output);
  else findings.ok("state-directory", `${state.path}, of ${showUser(state.owner)}`);
  return { ...place, own, ...lookAtLocks(state, offering, findings) };
}

type PlaceItem = "output-directory" | "latest-link" | "state-directory" | "lock";

/** null where a run would end with that error. */
function attempt<Result>(item: PlaceItem, findings: Findings, look: () => Result): Result | null {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    findings.failWith(item, error);
    return null;
  }
}

function lookAtOutput({ settings }: OfferingConfig, findings: Findings): ExaminedOutput {
  const warnings: { message: string; hint?: string }[] = [];
  const place = {
    directory: settings.outputDirectory,
    requireMount: settings.requireMount,
    allowShared: settings.allowSharedDirectory,
    warn: (message: string) => void warnings.push({ message }),
    notice: (finding: { message: string; hint: string }) => void warnings.push(finding),
  };
  const output = examineOutput(place, tryFile);
  for (const { message, hint } of warnings) findings.warn("output-directory", message, hintOf(hint));
  findings.ok("output-directory", describeOutput(output));
  return output;
}

function describeOutput({ directory, held, owner, permissions, isTried }: ExaminedOutput): string {
  const tried = isTried
    ? "a file can be created"
    : "its permissions allow creating files, which was not tried";
  if (held === null) return `${directory} is made by the first run; ${tried} beside it`;
  return `${directory}, of ${showUser(owner)}, mode ${showMode(permissions)}; ${tried}`;
}

function lookAtLatest(
  { held }: ExaminedOutput,
  { sync, settings }: OfferingConfig,
  findings: Findings,
): ExitCode {
  if (!sync || !settings.latestLink) return EXIT.ok;
  const looked = attempt("latest-link", findings, () => ({
    shown: held === null ? null : examineLatest(held),
  }));
  if (looked === null) return EXIT.output;
  findings.ok(
    "latest-link",
    looked.shown === null ? "made with the first snapshot" : `shows ${looked.shown}`,
  );
  return EXIT.ok;
}

function lookAtState(output: Held, { sync }: OfferingConfig, findings: Findings): Held | null | "failed" {
  const looked = attempt("state-directory", findings, () => ({
    held: examineState(output, sync ? "sync" : "orders", tryFile),
  }));
  return looked === null ? "failed" : looked.held;
}

function lookAtLocks(state: Held, offering: OfferingConfig, findings: Findings): Pick<Place, "locked"> {
  const locked = new Map<Mode, ExitCode>();
  for (const mode of ["sync", "orders"] as const) {
    if (!offering[mode]) continue;
    const found = attempt("lock", findings, () => ({ busy: examineLock(state, mode) }));
    if (found === null) locked.set(mode, EXIT.output);
    else if (found.busy === null) findings.ok("lock", `no run of ${mode} is active`);
    else {
      findings.failWith("lock", found.busy);
      locked.set(mode, found.busy.exitCode);
    }
  }
  return { locked };
}
