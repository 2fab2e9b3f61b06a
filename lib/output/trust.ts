// Whether others could change what is published, or redirect a run: who owns the output directory and who may
// write it; for root also each directory on the way to it (docs/security.md).

import { closeSync, fstatSync, lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { throughDescriptor } from "../places/held.ts";
import { openNew } from "../places/open.ts";
import { isTrustedUser, ownUser, showMode, showUser, userArgument, writersOf } from "../places/owners.ts";
import { attempt } from "./failure.ts";
import { removeFile } from "./files.ts";
import { trialName } from "./leftovers.ts";

export type Finding = { message: string; hint: string };

/** Something on the way to the output directory, or that directory itself. */
type Step = { path: string; kind: "output" | "above" | "link"; stats: Stats };

export type Judged = {
  /** Why no run may work there. */
  faults: readonly Finding[];
  /** Reports a warning. */
  notices: readonly Finding[];
};

/**
 * Judges an opened output directory.
 * @param path as it is configured
 * @param madeOwner the owner of a file made in it just now; null where nothing may be made
 */
export function judgeOutput(path: string, fd: number, madeOwner: () => number | null): Judged {
  const stats = attempt("find", path, () => fstatSync(fd));
  // Where the server gives all files another owner, that owner is us.
  const isOurs = ({ uid, dev }: Stats) => isTrustedUser(uid) || (dev === stats.dev && uid === madeOwner());
  return judgeSteps([...stepsTo(path), { path, kind: "output", stats }], isOurs);
}

/** The same of the way to a directory, which is yet to be made or may be another user's. */
export function judgeWay(path: string): Judged {
  const parent = dirname(path);
  const steps = stepsTo(path);
  const stats = attempt("find", parent, () => lstatSync(parent, { throwIfNoEntry: false }));
  const last = stats?.isDirectory() === true ? [{ path: parent, kind: "above", stats } as const] : [];
  return judgeSteps([...steps, ...last], ({ uid }) => isTrustedUser(uid));
}

function judgeSteps(steps: readonly Step[], isOurs: (stats: Stats) => boolean): Judged {
  const faults: Finding[] = [];
  const notices: Finding[] = [];
  for (const step of steps) {
    const { path, kind, stats } = step;
    const what =
      kind === "output" ? `the output directory ${path}` : `${path}, on the way to the output directory,`;
    if (!isOurs(stats)) faults.push(foreign(what, path, stats));
    const writers = kind === "link" || isSticky(step) ? null : writersOf(stats);
    if (writers === "everybody") faults.push(open(what, path, stats));
    if (writers === "group") notices.push(groupOpen(what, path, stats));
  }
  return { faults, notices };
}

/** In such a directory no user can move files of others, and the directories in it are checked themselves. */
function isSticky({ kind, stats }: Step): boolean {
  return kind === "above" && (stats.mode & 0o1000) !== 0;
}

const OPT_OUT = "or set `allow_shared_directory: true` if everyone with write access is trusted";

function foreign(what: string, path: string, { uid }: Stats): Finding {
  const own = userArgument(ownUser(), "chown");
  return {
    message: `${what} belongs to ${showUser(uid)}, who can replace the published files, and this program runs as ${showUser(ownUser())}`,
    hint: `run it as that user (sudo -u ${userArgument(uid, "sudo")} waldur-cscs-storage …), chown ${own} ${path}, ${OPT_OUT}`,
  };
}

function open(what: string, path: string, { mode }: Stats): Finding {
  return {
    message: `everybody on this machine can write to ${what} (mode ${showMode(mode)})`,
    hint: `chmod o-w ${path}, ${OPT_OUT}`,
  };
}

function groupOpen(what: string, path: string, { mode, gid }: Stats): Finding {
  return {
    message: `the members of group ${gid} can write to ${what} (mode ${showMode(mode)}): they could replace published files`,
    hint: `if they do not need this: chmod g-w ${path}`,
  };
}

const MOST_LINKS = 40;

/** Only for root: a run of another user can do harm only with that user's permissions. */
function stepsTo(path: string): Step[] {
  if (ownUser() !== 0) return [];
  const steps: Step[] = [];
  let links = 0;
  let at = "/";
  let rest = partsOf(path);
  const look = (one: string) => attempt("find", one, () => lstatSync(one, { throwIfNoEntry: false }));
  for (;;) {
    const stats = look(at);
    if (stats === undefined) return steps;
    if (stats.isSymbolicLink()) {
      steps.push({ path: at, kind: "link", stats });
      if (++links > MOST_LINKS) return steps;
      const target = resolve(
        dirname(at),
        attempt("read", at, () => readlinkSync(at)),
      );
      [at, rest] = ["/", [...partsOf(target), ...rest]];
      continue;
    }
    const [next, ...others] = rest;
    if (next === undefined) return steps;
    if (!steps.some((step) => step.path === at)) steps.push({ path: at, kind: "above", stats });
    [at, rest] = [join(at, next), others];
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/**
 * The owner of a file that we make in an opened directory: usually this user, but a server may map it. null: unknown.
 */
export function ownerOfNew(path: string, fd: number): number | null {
  return unlessForbidden(() => makeAndAsk(path, fd));
}

/** null where nothing may be made. */
export function unlessForbidden(make: () => number | null): number | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error && FORBIDDEN.includes(errnoOf(error.cause))) return null;
    throw error;
  }
}

const FORBIDDEN: readonly (string | null)[] = ["EACCES", "EPERM", "EROFS"];

function makeAndAsk(path: string, fd: number): number {
  const name = trialName();
  const made = throughDescriptor(fd, `/${name}`);
  return attempt("create", join(path, name), () => {
    const file = openNew(made);
    try {
      return fstatSync(file).uid;
    } finally {
      closeSync(file);
      removeFile(made);
    }
  });
}

/** @throws OutputError for a state directory of another user: what is in it decides what is published */
export function foreignState(statePath: string, owner: number): OutputError {
  const user = userArgument(owner, "sudo");
  return new OutputError(
    `${statePath} belongs to ${showUser(owner)}, and this program runs as ${showUser(ownUser())}`,
    {
      hint:
        owner === 0 || isTrustedUser(owner)
          ? `run it as that user: sudo -u ${user} waldur-cscs-storage …; or change the owner of the directory and everything in it`
          : `if that is the user of the runs: sudo -u ${user} waldur-cscs-storage …; else find out who created it, and move it away`,
    },
  );
}
