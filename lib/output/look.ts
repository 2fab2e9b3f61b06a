// Holding an output directory for a dry run, which reads what a real run would read and makes nothing: what would stop
// a real run of the same user is reported, and stops nothing.

import { closeSync, constants, existsSync, lstatSync, openSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Held, holdDirectory, throughDescriptor } from "../places/held.ts";
import { openDirectory } from "../places/open.ts";
import { ownUser, showUser, userArgument } from "../places/owners.ts";
import { type OutputOptions, STATE_DIRECTORY } from "./directory.ts";
import { type Finding, foreignState, judgeOutput } from "./trust.ts";

export type LookOptions = Pick<OutputOptions, "directory" | "allowShared" | "notice">;

/** Holds as much as is there and can be opened; reading by path says what is wrong with the rest. */
export function lookAtOutput({ directory: given, allowShared, notice }: LookOptions): { close(): void } {
  const directory = resolve(given);
  const fd = tryOpen(() => realpathSync(directory));
  if (fd === null) return { close: () => undefined };
  if (!existsSync(throughDescriptor(fd, ""))) {
    closeSync(fd);
    return { close: () => undefined };
  }
  const output = holdDirectory({ path: directory, fd, owner: ownUser() });
  if (!allowShared) {
    // Nothing may be created, so it is not known whether the server maps the owner of our files.
    const { faults, notices } = judgeOutput(directory, fd, () => null);
    for (const fault of faults) notice(wouldStop(fault));
    notices.forEach(notice);
  }
  const state = lookAtState(output, join(directory, STATE_DIRECTORY), notice);
  return {
    close() {
      state?.release();
      output.release();
    },
  };
}

function lookAtState(output: Held, statePath: string, notice: LookOptions["notice"]): Held | null {
  const path = throughDescriptor(output.fd, `/${STATE_DIRECTORY}`);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const { uid } = stats;
  output.owner = uid;
  if (uid !== ownUser()) {
    const { message, hint = "" } = foreignState(statePath, uid);
    notice(wouldStop({ message, hint }));
  }
  const fd = tryOpen(() => path);
  if (fd !== null) return holdDirectory({ path: statePath, fd, owner: uid });
  notice({
    message: `${statePath} cannot be read, so this run does not know the state of past runs`,
    hint: `run it as ${showUser(uid)}: sudo -u ${userArgument(uid, "sudo")} waldur-cscs-storage …`,
  });
  return holdDirectory({ path: statePath, fd: openSync(NOTHING, constants.O_RDONLY), owner: uid });
}

/** Whatever is looked for below it does not exist. */
const NOTHING = "/dev/null";

function wouldStop({ message, hint }: Finding): Finding {
  return { message: `a real run as this user may be refused (73): ${message}`, hint };
}

function tryOpen(path: () => string): number | null {
  try {
    return openDirectory(path());
  } catch {
    return null;
  }
}
