// This machine's clock beside that of Waldur, as the first answer of a run shows it. Names and dates of files, retention
// and the days of a mount point go by ours, so one that is far off is reported; nothing is corrected.

import type { Problem } from "../report/report.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Looks at the `Date` of the first answer. */
export function watchClock(now: () => Date, report: (notice: Problem) => void): (headers: Headers) => void {
  let isDone = false;
  return (headers) => {
    if (isDone) return;
    isDone = true;
    const theirs = Date.parse(headers.get("date") ?? "");
    const ours = now().getTime();
    // A header that is no date compares as false.
    if (Math.abs(ours - theirs) > HOUR_MS) report(noticeOf(ours, theirs));
  };
}

function noticeOf(ours: number, theirs: number): Problem {
  const direction = ours < theirs ? "behind" : "ahead of";
  return {
    code: "clock-off",
    message: `the clock of this machine is ${spanOf(Math.abs(ours - theirs))} ${direction} that of Waldur: it says ${minuteOf(ours)}, and Waldur says ${minuteOf(theirs)}`,
    hint: "set it (`timedatectl`): names of files, keep_snapshots and path_reuse_after_days go by it",
  };
}

function spanOf(ms: number): string {
  return ms < 2 * DAY_MS ? `${Math.round(ms / HOUR_MS)} hours` : `${Math.round(ms / DAY_MS)} days`;
}

function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
