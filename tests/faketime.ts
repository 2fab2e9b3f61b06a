// Another clock for one process, by a library that the program is started with.

import { existsSync, readdirSync, rmSync } from "node:fs";

const path = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketime.so.1`;

/** The library, where it is installed. */
export const FAKETIME = existsSync(path) ? path : null;

/** The environment for a clock that is at a UTC time, or is off by an offset such as `-26h`. */
export function clockAt(clock: string): Readonly<Record<string, string>> {
  sweepFaketime();
  return { LD_PRELOAD: FAKETIME ?? "", FAKETIME: clock };
}

/** Removes what the library left of processes that are gone: it would make a later process of the same id fail. */
export function sweepFaketime(): void {
  const shared = "/dev/shm";
  for (const name of existsSync(shared) ? readdirSync(shared) : []) {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(`${shared}/${name}`, { force: true });
  }
}
