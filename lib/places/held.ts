// Directories that a run holds open. Everything below one of them is accessed through its descriptor, so that a moved
// directory or a link in its place does not redirect the run; messages have the usual paths. Descriptors belong to the
// whole process, and so does this list.

import { closeSync } from "node:fs";

export type Held = {
  readonly path: string;
  readonly fd: number;
  /** Of files that we make there. */
  owner: number;
  /** While it does not answer: what has to be cleaned up in it later. Else null. */
  later: (() => void)[] | null;
  /** Closes the descriptor; may be called twice. */
  release(): void;
};

const held: Held[] = [];

/** Holds a directory that was opened and found good; the path is absolute and without a slash at its end. */
export function holdDirectory({ path, fd, owner }: Omit<Held, "release" | "later">): Held {
  const one: Held = {
    path,
    fd,
    owner,
    later: null,
    release() {
      const at = held.indexOf(one);
      if (at < 0) return;
      held.splice(at, 1);
      closeSync(fd);
    },
  };
  held.push(one);
  return one;
}

/** The path to hand to the kernel: through the innermost held directory, else the path itself. */
export function reach(path: string): string {
  const one = holderOf(path);
  return one === null ? path : throughDescriptor(one.fd, path.slice(one.path.length));
}

/** The descriptor of exactly this directory; null where it is not held. */
export function heldDescriptor(path: string): number | null {
  const one = holderOf(path);
  return one?.path === path ? one.fd : null;
}

/** The owner of files that this program made in there; null if the directory is not held. */
export function ownerBelow(path: string): number | null {
  return holderOf(path)?.owner ?? null;
}

/** What is held here and below does not answer any more; cleaning up in it is put off. */
export function markSilent(path: string): void {
  for (const one of held) if (isWithin(one.path, path)) one.later ??= [];
}

/** It answers again. */
export function markAnswering(path: string): void {
  const silent = held.filter((one) => isWithin(one.path, path));
  const acts = silent.flatMap(({ later }) => later ?? []);
  for (const one of silent) one.later = null;
  for (const act of acts) act();
}

/** Cleans up at a path, now or when the directory that holds it answers again; until the process ends it may never. */
export function cleanUp(path: string, act: () => void): void {
  const later = holderOf(path)?.later;
  if (later) later.push(act);
  else act();
}

/** @param rest empty, or what follows the directory's path, with its slash */
export function throughDescriptor(fd: number, rest: string): string {
  return `/proc/self/fd/${fd}${rest}`;
}

function holderOf(path: string): Held | null {
  let found: Held | null = null;
  for (const one of held) {
    if (isWithin(path, one.path) && one.path.length >= (found?.path.length ?? 0)) found = one;
  }
  return found;
}

function isWithin(path: string, directory: string): boolean {
  if (!path.startsWith(directory)) return false;
  return path.length === directory.length || path[directory.length] === "/" || directory === "/";
}
