// This machine's clock against the server's, by the Date of its first answer. File names, `meta.date` and the days
// until a path is free go by this clock.

import { describeSpan } from "../run/clock.ts";
import type { Findings } from "./findings.ts";

const MOST_MS = 60_000;

export function checkClock(answered: { date: string | null; at: Date }, findings: Findings): void {
  const server = Date.parse(answered.date ?? "");
  if (Number.isNaN(server)) {
    findings.ok("clock", "not compared: the server's answers have no date");
    return;
  }
  const ahead = answered.at.getTime() - server;
  if (Math.abs(ahead) <= MOST_MS) {
    findings.ok("clock", `within ${MOST_MS / 1000} s of the server's`);
    return;
  }
  const by = `${describeSpan(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"}`;
  findings.warn("clock", `this machine's clock (${answered.at.toISOString()}) is ${by} the server's`, {
    hint: "set it (`timedatectl`, chrony): names and dates of files, and when a path is free again, depend on it",
  });
}
