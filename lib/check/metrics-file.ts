// The files that runs replace at their end. Which run is given which of them is not known here; whose metrics a file
// holds says which run would refuse it.

import { AppError, EXIT } from "../errors.ts";
import type { MetricsOwner } from "../report/metrics.ts";
import { inspectMetrics, lookAtMetrics, modeOfMetrics } from "../report/metrics-file.ts";
import type { Findings } from "./findings.ts";

type Mode = MetricsOwner["mode"];

/** `modes`: those of the offerings that are checked; none where the configuration cannot be read. */
type Runs = Omit<MetricsOwner, "mode"> & { modes: readonly Mode[] };

/** @param paths of each run that is given one */
export function checkMetricsFiles(paths: readonly string[], runs: Runs, findings: Findings): void {
  const owners = new Map(paths.map((path) => [path, modeOfMetrics(path)]));
  for (const [path, owner] of owners) {
    try {
      lookAtMetrics(path);
      const isShared = runs.modes.length > 1 && paths.indexOf(path) !== paths.lastIndexOf(path);
      if (isShared) findings.fail("metrics-file", shared(path), { hint: SEPARATE, exitCode: EXIT.output });
      else lookAtOwner(path, { owner, runs, others: [...owners.values()], given: paths.length }, findings);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      findings.failWith("metrics-file", error);
    }
  }
}

const SEPARATE = "use another file for one of them, such as waldur-storage-sync.prom";

function shared(path: string): string {
  return `the metrics file ${path} is given twice, and one of two modes refuses it: use a separate file for each mode`;
}

type Owned = { owner: Mode | null; runs: Runs; others: readonly (Mode | null)[]; given: number };

function lookAtOwner(path: string, { owner, runs, others, given }: Owned, findings: Findings): void {
  const { modes } = runs;
  const isForeign = owner !== null && modes.length > 0 && !modes.includes(owner);
  // A mode that could replace none of the files is given another mode's, or none at all.
  const left = modes.find((mode) => !others.includes(mode) && !others.includes(null));
  const refusing = isForeign ? modes[0] : left;
  if (owner !== null && refusing !== undefined) {
    const message = refusalOf(path, { ...runs, mode: refusing });
    const hint = `give ${refusing} another file, such as waldur-storage-${refusing}.prom`;
    if (isForeign || given >= modes.length)
      findings.fail("metrics-file", message, { hint, exitCode: EXIT.output });
    else findings.warn("metrics-file", message, { hint: `if ${refusing} is to have metrics: ${hint}` });
    return;
  }
  const warning = owner === null ? null : inspectMetrics(path, { ...runs, mode: owner });
  if (warning === null) findings.ok("metrics-file", `${path} can be written`);
  else findings.warn("metrics-file", warning);
}

function refusalOf(path: string, owner: MetricsOwner): string {
  try {
    return inspectMetrics(path, owner) ?? "";
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
