// Holding an output directory for a dry run, which reads what a real run would read and makes nothing: what would stop
// a real run of the same user is reported, by the questions of examine.ts, and stops nothing.

import { closeSync, constants, existsSync, lstatSync, openSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "../errors.ts";
import { type Held, holdDirectory, throughDescriptor } from "../places/held.ts";
import { openDirectory } from "../places/open.ts";
import { ownUser, showUser, userArgument } from "../places/owners.ts";
import { type Mode, type PlaceOptions, STATE_DIRECTORY } from "./directory.ts";
import {
  examineClaims,
  examineLatest,
  examineLock,
  examineOutput,
  examineReceipts,
  examineState,
} from "./examine.ts";

export type LookOptions = Omit<PlaceOptions, "warn"> & {
  mode: Mode;
  /** The run would lead `latest-all.json` to its snapshot. */
  latestLink: boolean;
  /** Reports what a real run would end with. */
  wouldStop: (found: { message: string; hint: string | undefined }) => void;
};

/** Holds what exists and can be opened; what cannot be opened counts as empty. */
export function lookAtOutput(options: LookOptions): { close(): void } {
  const directory = resolve(options.directory);
  const output = holdOutputThatOpens(directory);
  reportStops(output, options);
  const held = output ?? holdNothing(directory, ownUser());
  const state = output === null ? null : holdStateThatOpens(output, options);
  return {
    close() {
      state?.release();
      held.release();
    },
  };
}

function holdOutputThatOpens(directory: string): Held | null {
  const fd = tryOpen(() => realpathSync(directory));
  if (fd === null) return null;
  if (existsSync(throughDescriptor(fd, ""))) return holdDirectory({ path: directory, fd, owner: ownUser() });
  closeSync(fd);
  return null;
}

/** The directory and what is in it are asked for separately: both may have to be corrected. */
function reportStops(output: Held | null, options: LookOptions): void {
  const { mode, latestLink } = options;
  const place = { ...options, warn: () => undefined };
  attempt(options, (unsure) => examineOutput(place, unsure))?.held?.release();
  if (output === null) return;
  const state = attempt(options, (unsure) => examineState(output, mode, unsure));
  if (state !== null) {
    attempt(options, () => requireLock(state, mode));
    attempt(options, (unsure) => unsure() ?? examineClaims(state));
    if (mode === "orders") attempt(options, (unsure) => unsure() ?? examineReceipts(state));
    state.release();
  }
  if (latestLink) attempt(options, () => examineLatest(output));
}

function requireLock(state: Held, mode: Mode): void {
  const busy = examineLock(state, mode);
  if (busy !== null) throw busy;
}

/**
 * Reports what a real run would end with.
 * @param act calls `unsure` where that depends on what is not known here: whether the server gives our files another
 *   owner, because none may be created, and whether claims and receipts will be written
 */
function attempt<Result>(
  { wouldStop }: Pick<LookOptions, "wouldStop">,
  act: (unsure: () => null) => Result,
): Result | null {
  let would = "would";
  const unsure = () => {
    would = "may";
    return null;
  };
  try {
    return act(unsure);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { exitCode, message, hint } = error;
    wouldStop({ message: `a real run of this user ${would} end with ${exitCode}: ${message}`, hint });
    return null;
  }
}

function holdStateThatOpens(output: Held, { notice }: LookOptions): Held | null {
  const statePath = join(output.path, STATE_DIRECTORY);
  const path = throughDescriptor(output.fd, `/${STATE_DIRECTORY}`);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const { uid } = stats;
  output.owner = uid;
  const fd = tryOpen(() => path);
  if (fd !== null) return holdDirectory({ path: statePath, fd, owner: uid });
  notice({
    message: `${statePath} cannot be read, so this run does not know the state of past runs`,
    hint: `run it as ${showUser(uid)}: sudo -u ${userArgument(uid, "sudo")} waldur-cscs-storage …`,
  });
  return holdNothing(statePath, uid);
}

/** Nothing exists below it. */
function holdNothing(path: string, owner: number): Held {
  return holdDirectory({ path, fd: openSync("/dev/null", constants.O_RDONLY), owner });
}

function tryOpen(path: () => string): number | null {
  try {
    return openDirectory(path());
  } catch {
    return null;
  }
}
