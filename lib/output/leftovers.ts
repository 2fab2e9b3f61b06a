// Temporary files: their names, and the removal of those that a killed run left behind. A name says whose file it is,
// so that one host or mode never removes what another is still writing. Marks of overlaps and notes of runs go with
// them.

import { lstatSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { reach } from "../places/held.ts";
import { DAY_MS } from "../time.ts";
import { removeFile } from "./files.ts";

const NAME = /^tmp-(?:sync|orders|claims|page)-.*-(?:cache)?[0-9a-f]{32}$/;

/** A name that cannot be predicted, `tmp-{mode}-{host}-{kind}{random}`. */
export function temporaryName(mode: string, kind: "" | "cache" = ""): string {
  return `${prefixOf(mode)}${kind}${crypto.getRandomValues(new Uint8Array(16)).toHex()}`;
}

/** The file that says that a run found the lock taken, and that none had it since. */
export function overlapName(mode: string): string {
  return `overlap-${mode}`;
}

/** The file with the note of a long run (holder.ts). */
export function holderName(mode: string): string {
  return `running-${mode}.json`;
}

/**
 * Removes temporary files: at once those of this mode and host when `locked` proves that no run is writing them,
 * others after a day. What cannot be removed stays for the next run; it hinders nothing.
 */
export function removeLeftovers(place: {
  statePath: string;
  mode: string;
  locked: boolean;
  now: Date;
}): void {
  try {
    for (const name of readdirSync(reach(place.statePath))) {
      const isOver = NAME.test(name)
        ? isLeftover(name, place)
        : place.locked && [overlapName(place.mode), holderName(place.mode)].includes(name);
      if (isOver) removeFile(join(place.statePath, name));
    }
  } catch {
    // A directory that cannot be read or changed is reported by the write that needs it.
  }
}

/** Where no file can be without a name, a trial has one for a moment; no state directory is there to put it into. */
const TRIAL = /^\.waldur-cscs-storage-owner-[0-9a-f]{32}$/;

export function trialName(): string {
  return `.waldur-cscs-storage-owner-${crypto.getRandomValues(new Uint8Array(16)).toHex()}`;
}

/** Removes what trials before the first run left in the output directory. */
export function removeTrials(directory: string): void {
  try {
    for (const name of readdirSync(directory)) if (TRIAL.test(name)) removeFile(join(directory, name));
  } catch {
    // A directory that cannot be read or changed is reported by the write that needs it.
  }
}

function isLeftover(
  name: string,
  place: { statePath: string; mode: string; locked: boolean; now: Date },
): boolean {
  const prefix = prefixOf(place.mode);
  // The random part holds no dash, so a host `a` is not taken for `a-b`.
  if (place.locked && name.startsWith(prefix) && !name.slice(prefix.length).includes("-")) return true;
  const stats = lstatSync(reach(join(place.statePath, name)), { throwIfNoEntry: false });
  return stats !== undefined && place.now.getTime() - stats.mtimeMs > DAY_MS;
}

function prefixOf(mode: string): string {
  return `tmp-${mode}-${hostname().replace(/[^A-Za-z0-9.-]/g, "_")}-`;
}
