// The file that a run replaces at its end.

import { AppError } from "../errors.ts";
import { lookAtMetrics } from "../report/metrics.ts";
import type { Findings } from "./findings.ts";

export function checkMetricsFile(path: string, findings: Findings): void {
  try {
    lookAtMetrics(path);
    findings.ok("metrics-file", `${path} can be written`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    findings.failWith("metrics-file", error);
  }
}
