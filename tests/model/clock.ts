// The time of a history. Hours go by for the program and for Waldur alike: a history that needs some begins so many
// hours in the past and comes to the present, so that the times of files are never older than they look to the program.

import { clockAt, FAKETIME } from "../faketime.ts";
import { DAY_MS, HOUR_MS } from "./lives.ts";

export class Clock {
  #hoursLeft: number;
  readonly #canMove: boolean;

  /** A run inside this process takes its clock from here; a process of its own needs the library. */
  constructor(hours: number, isInside = false) {
    this.#canMove = isInside || FAKETIME !== null;
    this.#hoursLeft = this.#canMove ? hours : 0;
  }

  now(): Date {
    return new Date(Date.now() - this.#hoursLeft * HOUR_MS);
  }

  /** Whether they went by: without the library that moves clocks they do not. */
  pass(hours: number): boolean {
    if (this.#hoursLeft < hours) return false;
    this.#hoursLeft -= hours;
    return true;
  }

  /** What a process reads whose clock is off by that. */
  readBy(offset: string): number {
    return this.now().getTime() + (this.#canMove ? offsetMs(offset) : 0);
  }

  /** The environment of such a process. Times of files stay those of the file system's clock. */
  environment(offset: string): Readonly<Record<string, string>> {
    const seconds = Math.round((offsetMs(offset) - this.#hoursLeft * HOUR_MS) / 1000);
    if (seconds === 0 || FAKETIME === null) return {};
    return { ...clockAt(`${seconds < 0 ? "" : "+"}${seconds}`), NO_FAKE_STAT: "1" };
  }
}

const UNITS: Readonly<Record<string, number>> = { "": 1000, m: 60_000, h: HOUR_MS, d: DAY_MS };

function offsetMs(offset: string): number {
  const [, number = "0", unit = ""] = /^([+-]\d+)([mhd]?)$/.exec(offset) ?? [];
  return Number(number) * (UNITS[unit] ?? 0);
}
