// Where an offering's files go: the output directory, the file system below it, the state directory, the locks.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode } from "../errors.ts";
import { type Mode, STATE_DIRECTORY } from "../output/directory.ts";
import { type ExaminedOutput, examineLocks, examineOutput, examineState } from "../output/examine.ts";
import { type Room, roomIn } from "../output/file-system.ts";
import { readSnapshotState } from "../output/state.ts";
import type { Held } from "../places/held.ts";
import { showMode, showUser } from "../places/owners.ts";
import type { Stopped } from "./context.ts";
import { type Findings, hintOf } from "./findings.ts";

export type Place = {
  stopped: Stopped | null;
  /** Modes of which a run is at work. */
  locked: readonly Mode[];
  own: readonly ExitCode[];
  close(): void;
};

/** Holds both directories, as a run does, until `close`. */
export function checkPlace(offering: OfferingConfig, findings: Findings): Place {
  const held: Held[] = [];
  const close = () => {
    for (const one of held.splice(0).reverse()) one.release();
  };
  const place = { stopped: null, locked: [], own: [], close };
  const output = attempt("output-directory", findings, () => lookAtOutput(offering, findings));
  if (output === null) {
    findings.skip(["file-system", "state-directory", "lock"], "output-directory");
    return { ...place, stopped: { item: "output-directory", code: EXIT.output } };
  }
  if (output.held === null) {
    const own = lookAtFileSystem(output, offering, findings);
    findings.ok("state-directory", `${STATE_DIRECTORY} is made by the first run`);
    return { ...place, own };
  }
  held.push(output.held);
  const own = lookAtFileSystem(output, offering, findings);
  const { held: directory } = output;
  const mode = offering.sync ? "sync" : "orders";
  const state = attempt("state-directory", findings, () => ({ held: examineState(directory, mode) }));
  if (state === null) {
    findings.skip(["lock"], "state-directory");
    return { ...place, own, stopped: { item: "state-directory", code: EXIT.output } };
  }
  if (state.held === null) {
    findings.ok("state-directory", `${STATE_DIRECTORY} is made by the first run`);
    return { ...place, own };
  }
  held.push(state.held);
  findings.ok("state-directory", `${state.held.path}, of ${showUser(state.held.owner)}`);
  return { ...place, own, ...lookAtLocks(state.held, offering, findings) };
}

/** null where a run would end with that error. */
function attempt<Result>(
  item: "output-directory" | "state-directory" | "lock",
  findings: Findings,
  look: () => Result,
) {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    findings.failWith(item, error);
    return null;
  }
}

function lookAtOutput({ settings, sync }: OfferingConfig, findings: Findings): ExaminedOutput {
  const warnings: { message: string; hint?: string }[] = [];
  const output = examineOutput({
    directory: settings.outputDirectory,
    requireMount: settings.requireMount,
    allowShared: settings.allowSharedDirectory,
    latestLink: sync && settings.latestLink,
    warn: (message) => warnings.push({ message }),
    notice: (finding) => warnings.push(finding),
  });
  for (const { message, hint } of warnings) findings.warn("output-directory", message, hintOf(hint));
  findings.ok("output-directory", describeOutput(output));
  return output;
}

function describeOutput({ directory, held, owner, permissions, isTried }: ExaminedOutput): string {
  const tried = isTried ? "a file can be made" : "its rights allow making files, which was not tried";
  if (held === null) return `${directory} is made by the first run; ${tried} beside it`;
  return `${directory}, of ${showUser(owner)}, mode ${showMode(permissions)}; ${tried}`;
}

const FEW_BYTES = 100 * 1024 ** 2;
const FEW_INODES = 1000;

/** @returns what `check` ends with for what a run lives with */
function lookAtFileSystem(
  { directory, held, mounted }: ExaminedOutput,
  { settings }: OfferingConfig,
  findings: Findings,
): ExitCode[] {
  const room = attemptRoom(held === null ? `${directory}/..` : directory);
  const where = mounted === null ? "" : `${mounted.kind} at ${mounted.at}`;
  const shown = [where, ...(room === null ? [] : [describeRoom(room)])].filter((part) => part !== "");
  const last = held === null ? 0 : (lastBytes(settings.outputDirectory) ?? 0);
  if (
    room !== null &&
    (room.bytes < Math.max(2 * last, FEW_BYTES) || (room.inodes ?? FEW_INODES) < FEW_INODES)
  )
    findings.warn("file-system", `little room: ${shown.join(", ")}`, {
      hint: "free space there; keep_snapshots limits how many snapshots stay",
    });
  if (mounted?.locks === "here")
    findings.warn("file-system", `locks on ${where} hold on this node only`, {
      hint: "run it on one node at a time, or mount it with locks that all nodes see (docs/operations.md)",
    });
  if (mounted?.locks === "none") {
    findings.fail("file-system", `${where} refuses locks: nothing keeps two runs apart`, {
      hint: "mount it with `flock`, and run it on one node at a time until then",
      exitCode: EXIT.output,
    });
    return [EXIT.output];
  }
  findings.ok("file-system", shown.join(", "));
  return [];
}

function attemptRoom(directory: string): Room | null {
  try {
    return roomIn(directory);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return null;
  }
}

function lastBytes(directory: string): number | null {
  try {
    return readSnapshotState(directory)?.bytes ?? null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return null;
  }
}

function describeRoom({ bytes, inodes }: Room): string {
  const files = inodes === null ? "" : `, ${inodes} files`;
  return `${(bytes / 1e9).toFixed(1)} GB free${files}`;
}

function lookAtLocks(
  { path }: Held,
  offering: OfferingConfig,
  findings: Findings,
): Pick<Place, "locked"> & Partial<Place> {
  const locked: Mode[] = [];
  for (const mode of ["sync", "orders"] as const) {
    if (!offering[mode]) continue;
    const found = attempt("lock", findings, () => ({ busy: examineLocks(path, mode) }));
    if (found === null) return { locked, stopped: { item: "lock", code: EXIT.output } };
    if (found.busy !== null) {
      findings.failWith("lock", found.busy);
      locked.push(mode);
    } else findings.ok("lock", `no run of ${mode} is at work`);
  }
  return { locked };
}
