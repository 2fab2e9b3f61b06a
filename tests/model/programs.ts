// The two ways in which a history runs the program: the compiled binary in processes of its own, which may be killed
// and may run two at once, and the same run inside the test's process, which needs no build and takes a tenth of the
// time.

import { startOn } from "../e2e/program.ts";
import type { Ran, Stage } from "../stage.ts";
import type { Clock } from "./clock.ts";

export type Started = { kill(): void; ended: Promise<Ran> };
export type Around = {
  clock: Clock;
  /** How far the clock of the run is off. */
  offset: string;
  /** TZ of a process of its own. */
  zone: string;
  /** What fails is not waited for: nothing is tried again, and a second of silence is enough. */
  isHurried: boolean;
};
export type Program = {
  isInside: boolean;
  /** Runs a command line such as `sync --if-changed`. */
  start(stage: Stage, line: string, around: Around): Started;
};

export const BINARY: Program = {
  isInside: false,
  start(stage, line, { clock, offset, zone, isHurried }) {
    const limits = isHurried ? ["--retries", "0", "--timeout", "1"] : [];
    const { kill, ended } = startOn(stage, [...line.split(" "), "--json", ...limits], {
      TZ: zone,
      ...clock.environment(offset),
    });
    return { kill: () => kill("SIGKILL"), ended };
  },
};

export const INSIDE: Program = {
  isInside: true,
  start(stage, line, { clock, offset, isHurried }) {
    const [mode, ...flags] = line.split(" ");
    const has = (flag: string) => flags.includes(flag);
    const ran = stage.runHere(mode === "sync" ? "sync" : "orders", {
      now: () => new Date(clock.readBy(offset)),
      dryRun: has("--dry-run"),
      sync: {
        allowShrink: has("--allow-shrink"),
        ifChanged: has("--if-changed"),
        full: has("--full"),
        repath: has("--repath"),
      },
      ...(isHurried ? { retries: 0, silenceMs: 1000 } : { retries: 4, silenceMs: 30_000 }),
    });
    const ended = ran.then(({ report, lines }) => ({
      code: report.exitCode,
      stdout: JSON.stringify(report),
      stderr: lines.filter((line) => !line.includes(" debug ")).join("\n"),
    }));
    return { kill: refuseToKill, ended };
  },
};

function refuseToKill(): never {
  throw new Error("a run inside this process cannot be killed");
}
