// When resources ended, as the program can have seen it: never before the first run that could, and at the latest when
// a run certainly looked. Between the two nothing is sure, and nothing is demanded.

import type { World } from "../../lib/simulator/state.ts";
import { everyResource, isLive } from "./paths.ts";

type End = {
  /** Milliseconds; by the clock of the run that can have seen it first. Infinity: none has. */
  earliest: number;
  /** By the clock of the run that certainly has. Infinity: none has. */
  latest: number;
};

export class Lives {
  readonly #ends = new Map<string, End>();

  /** Looks at the world; `now` is the clock of the run that is under way, null between runs. */
  note(world: World, now: number | null): void {
    for (const resource of everyResource(world)) {
      if (isLive(resource) || this.#ends.has(resource.uuid)) continue;
      this.#ends.set(resource.uuid, {
        earliest: now ?? Number.POSITIVE_INFINITY,
        latest: Number.POSITIVE_INFINITY,
      });
    }
  }

  /** A run begins, by whose clock it is `now`. */
  beginRun(now: number): void {
    for (const end of this.#ends.values()) end.earliest = Math.min(end.earliest, now);
  }

  /** A run that certainly saw the ends of these, or of all, has ended well. */
  sighted(now: number, resources: Iterable<string> = this.#ends.keys()): void {
    for (const resource of resources) {
      const end = this.#ends.get(resource);
      if (end !== undefined) end.latest = Math.min(end.latest, now);
    }
  }

  /** Ended at some time; some come to life again, for Waldur sets an update done under a terminated resource. */
  hasEnded(resource: string): boolean {
    return this.#ends.has(resource);
  }

  /** The days after its end are certainly not over. */
  isSurelyWithin(resource: string, { now, days }: { now: number; days: number }): boolean {
    const end = this.#ends.get(resource);
    return end !== undefined && days > 0 && now < end.earliest + days * DAY_MS - GRACE_MS;
  }

  /** The days after its end may not be over. */
  isPerhapsWithin(resource: string, { now, days }: { now: number; days: number }): boolean {
    const end = this.#ends.get(resource);
    return end !== undefined && days > 0 && !(now > end.latest + days * DAY_MS + GRACE_MS);
  }
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Dates may be rounded, and clocks be some minutes off. */
const GRACE_MS = HOUR_MS;
