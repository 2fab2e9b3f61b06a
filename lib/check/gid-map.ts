// The source of the projects' GIDs. A run takes a map with a fault for one that is just being written; a check
// reports it as a mistake.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode, formatIssue } from "../errors.ts";
import { refuseCutGids } from "../run/gids.ts";
import type { Stopped } from "./context.ts";
import type { Findings } from "./findings.ts";

/** @param canCompare the state is there to be read, and says how many entries the map had */
export function checkGidMap(
  { settings }: OfferingConfig,
  canCompare: boolean,
  findings: Findings,
): { stopped: Stopped | null; own: ExitCode } {
  const { unixGid: source, requireGid, minGid } = settings;
  const needed = requireGid ? "each resource needs one" : "null if there is none";
  // The others are asked once Waldur is known to answer.
  if (source.kind !== "metadata" && source.kind !== "file") {
    findings.ok("gid-map", `not needed: unix_gid is ${source.kind}`);
    return { stopped: null, own: EXIT.ok };
  }
  if (source.kind === "metadata") {
    findings.ok("gid-map", `GIDs come from backend_metadata.project_item; ${needed}`);
    return { stopped: null, own: EXIT.ok };
  }
  for (const issue of source.issues)
    findings.fail("gid-map", formatIssue(issue), { hint: "correct the map", exitCode: EXIT.config });
  if (source.issues.length > 0)
    return { stopped: { item: "gid-map", code: EXIT.retryLater }, own: EXIT.config };
  try {
    if (canCompare) refuseCutGids(settings);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    findings.failWith("gid-map", error);
    return { stopped: { item: "gid-map", code: error.exitCode }, own: EXIT.ok };
  }
  const low = [...source.gids.values()].filter((gid) => gid < minGid).length;
  if (low > 0)
    findings.warn(
      "gid-map",
      `${low} GIDs of ${source.path} are below min_gid (${minGid}), so they are not published`,
    );
  findings.ok("gid-map", `${source.path}: ${source.entries} projects; ${needed}`);
  return { stopped: null, own: EXIT.ok };
}
