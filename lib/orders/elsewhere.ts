// The evidence that another gateway with a directory of its own works on the same offering (docs/operations.md, "Two
// gateways"): on current servers an order without a receipt here that our own user has accepted. One with a receipt may
// be another host's that shares the directory. Servers of 2024 do not say who set an order executing, so there nothing
// can be proved.

import { addProblem } from "../run/job.ts";
import { isReviewedByOwnUser } from "../waldur/reviewer.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { OrderRun } from "./order-run.ts";

/** One such order is evidence enough for a pass. */
const found = new WeakSet<OrderRun["pass"]>();

/**
 * Reports an order that nothing here has accepted, when our own user has. Costs two requests, only for such an order.
 */
export async function noteElsewhere(
  order: WaldurOrder,
  { hasWorker }: { hasWorker: boolean },
  { job, pass }: OrderRun,
): Promise<void> {
  if (hasWorker || order.providerReviewedAt === null || found.has(pass)) return;
  if (!(await isReviewedByOwnUser(job.reader, order.uuid))) return;
  found.add(pass);
  addProblem(job, {
    code: "other-gateway",
    order: order.uuid,
    ...(order.marketplaceResourceUuid === null ? {} : { resource: order.marketplaceResourceUuid }),
    message: `another waldur-cscs-storage publishes this offering elsewhere: order ${order.uuid} was accepted by the user of this token, and not from ${job.config.settings.outputDirectory}`,
    hint: "use one output directory for both gateways, or run only one of them (active_if); this is also reported once after the state directory was lost",
  });
}
