// The GID that Waldur gives a project only once the order for its first resource is accepted: asked for then, and the
// order's file made again with it. With `require_gid` an order without one stays executing for the next pass.

import type { OrderOutcome } from "../report/report.ts";
import { addNotice, addProblem } from "../run/job.ts";
import type { OrderRun } from "./order-run.ts";
import { about, lacksGid, type Prepared } from "./prepare.ts";

/** The same where there is none and none is needed; the order's outcome when it goes no further now. */
export async function withLateGid(
  prepared: Prepared,
  { project, remap }: NonNullable<Prepared["lateGid"]>,
  { job }: OrderRun,
): Promise<Prepared | OrderOutcome> {
  const { order } = prepared;
  await job.gids?.learnAgain(project);
  const mapped = remap();
  if (mapped.ok) {
    if (!lacksGid(mapped.entry)) return { ...prepared, entry: mapped.entry };
    addNotice(job, about(order, publishedWithout(order.uuid)));
    return prepared;
  }
  if (mapped.problems.every(({ code }) => LACKING.has(code))) {
    for (const { message } of mapped.problems) addNotice(job, about(order, waitsForGid(order.uuid, message)));
    return "waiting";
  }
  for (const problem of mapped.problems) addProblem(job, about(order, problem));
  return "left";
}

const LACKING: ReadonlySet<string> = new Set(["no-gid", "project-groups-off", "gid-pool-empty"]);

function waitsForGid(order: string, message: string) {
  return {
    code: "gid-awaited",
    field: "project_slug",
    message: `order ${order} is accepted and waiting for a GID: ${message}`,
    hint: "the next pass asks again; if this persists, check the project groups in Waldur",
  };
}

function publishedWithout(order: string) {
  return {
    code: "gid-null",
    field: "project_slug",
    message: `the file of order ${order} has no GID: its project has none in Waldur yet`,
    hint: "with require_gid: true such an order waits for its GID; a published file is not written again",
  };
}
