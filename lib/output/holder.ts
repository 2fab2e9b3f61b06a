// Which run is active in a directory, for `status` on another node: a kernel knows only the locks of its own processes.
// A long run writes a note with its host and process, and renews it. The note is for people: no run depends on it, and
// none fails because of it.

import { closeSync, readFileSync, renameSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isTable } from "../json.ts";
import { look } from "../places/answers.ts";
import { cleanUp, reach } from "../places/held.ts";
import { openNew } from "../places/open.ts";
import { removeFile } from "./files.ts";
import { holderName, temporaryName } from "./leftovers.ts";
import { readJsonFile } from "./state-file.ts";

/** `since`, `seen`: RFC 3339, by the clock of that host: when it had the lock, when it said so last. */
export type Holder = { host: string; pid: number; since: string; seen: string };

type NotePlace = { statePath: string; mode: string; since: Date; now: () => Date };

const EVERY_MS = 60_000;

/** Writes the note and renews it. Returns what ends that and removes it. */
export function keepNote(place: NotePlace, everyMs = EVERY_MS): () => void {
  const path = join(place.statePath, holderName(place.mode));
  let isOver = false;
  let isWritten = false;
  let isWaiting = false;
  const renew = async () => {
    if (isWaiting) return;
    isWaiting = true;
    // On a disk that does not answer the run must still end at its deadline.
    const isThere = (await look(place.statePath)) === null;
    isWaiting = false;
    if (!isThere || isOver) return;
    isWritten = quietly(() => write(path, place)) || isWritten;
  };
  void renew();
  const timer = setInterval(() => void renew(), everyMs);
  timer.unref();
  return () => {
    isOver = true;
    clearInterval(timer);
    if (isWritten) cleanUp(path, () => quietly(() => removeFile(path)));
    isWritten = false;
  };
}

function quietly(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

function write(path: string, { statePath, mode, since, now }: NotePlace): void {
  const times = { since: since.toISOString(), seen: now().toISOString() };
  const note = { version: 1, host: hostname(), pid: process.pid, ...times, boot: bootOf() };
  const temporary = join(statePath, temporaryName(mode));
  const fd = openNew(temporary);
  try {
    writeSync(fd, `${JSON.stringify(note)}\n`);
  } finally {
    closeSync(fd);
  }
  renameSync(reach(temporary), reach(path));
}

/** What a note says; null without one, and for one that is not whole. `isHere`: of a process below this kernel. */
export function readHolder(statePath: string, mode: string): (Holder & { isHere: boolean }) | null {
  const note = readJsonFile(join(statePath, holderName(mode)));
  if (!isTable(note) || note.version !== 1) return null;
  const { host, pid, since, seen, boot } = note;
  if (typeof host !== "string" || typeof pid !== "number" || !isTime(since) || !isTime(seen)) return null;
  return { host, pid, since, seen, isHere: boot === bootOf() };
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** Names this kernel since it started, on the host and in all of its containers. Nodes may have one name. */
function bootOf(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return hostname();
  }
}
