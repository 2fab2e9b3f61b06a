// This machine's clock compared with that of Waldur, which the first answer of a run shows. Names and dates of files,
// retention and the days of a mount point depend on ours, so a large difference is reported; nothing is corrected.

import type { Problem } from "../report/report.ts";

const HOUR_MS = 3_600_000;

/** Looks at the `Date` of the first answer. */
export function watchClock(now: () => Date, report: (notice: Problem) => void): (headers: Headers) => void {
  let isDone = false;
  return (headers) => {
    if (isDone) return;
    isDone = true;
    const theirs = Date.parse(headers.get("date") ?? "");
    const ours = now().getTime();
    // A header that is not a date compares as false.
    if (Math.abs(ours - theirs) > HOUR_MS) report(noticeOf(ours, theirs));
  };
}

function noticeOf(ours: number, theirs: number): Problem {
  const direction = ours < theirs ? "behind" : "ahead of";
  return {
    code: "clock-off",
    message: `the clock of this machine is ${describeSpan(Math.abs(ours - theirs))} ${direction} that of Waldur: it says ${minuteOf(ours)}, and Waldur says ${minuteOf(theirs)}`,
    hint: "set it (`timedatectl`): names of files, keep_snapshots and path_reuse_after_days depend on it",
  };
}

const UNITS = [
  ["year", 365 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** In the largest unit that fits. */
export function describeSpan(ms: number): string {
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? UNITS[3];
  const count = Math.floor(ms / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
