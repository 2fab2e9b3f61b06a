// One pass over the open orders of an offering, oldest first. One bad order never stops the others; a network that fails
// twice in a row, a refused token or a disk fault does, and changes no order (docs/contract.md, "Orders").

import { AnswerError, type AppError, RefusedError, RetryLaterError } from "../errors.ts";
import type { Output } from "../output/directory.ts";
import type { OrderOutcome, OrderReport } from "../report/report.ts";
import { addProblem, type Job, type RealJob } from "../run/job.ts";
import { createMapper, type Mapper } from "../storage/mapper.ts";
import { fetchOffering } from "../waldur/offering.ts";
import { fetchOpenOrders, type UnreadableOrder } from "../waldur/orders.ts";
import type { WaldurOffering, WaldurOrder } from "../waldur/wire.ts";
import { createMountGuard, type MountGuard } from "./mounts.ts";

/** What the handling of every order of the pass needs. */
export type Pass = { offering: WaldurOffering; mapper: Mapper; mounts: MountGuard };

/** Handles one order; what it returns is the order's outcome, and it fills in the line's calls and state. */
export type HandleOrder = (order: WaldurOrder, pass: Pass, line: OrderReport) => Promise<OrderOutcome>;

/** Publishes the open orders and reports them back. */
export async function publishOrders(job: RealJob, output: Output): Promise<void> {
  const { handleOrder } = await import("./order.ts");
  const { closeEndedReceipts } = await import("./sweep.ts");
  const { expireReceipts } = await import("../output/receipts.ts");
  await passOver(
    job,
    (order, pass, line) => handleOrder(order, pass, { job, output, line }),
    (listed) => closeEndedReceipts(job, output, listed),
  );
  expireReceipts(output);
}

/** Tells what would be published and sent; touches nothing. */
export async function describeOrders(job: Job): Promise<void> {
  const { describeOrder } = await import("./describe.ts");
  await passOver(job, (order, pass, line) => describeOrder(order, pass, { job, line }));
}

async function passOver(
  job: Job,
  handle: HandleOrder,
  sweep: (listed: ReadonlySet<string>) => Promise<void> = async () => undefined,
): Promise<void> {
  const { config, reader } = job;
  const offering = await fetchOffering(reader, config.uuid, { file: job.configFile, name: config.name });
  const { orders, unreadable } = await fetchOpenOrders(reader, config.uuid);
  job.line.resources = orders.length + unreadable.length;
  for (const order of unreadable) noteUnreadable(job, order);
  await sweep(new Set([...orders, ...unreadable].map((order) => order.uuid)));
  const { settings, component } = config;
  const pass: Pass = {
    offering,
    mapper: createMapper({ settings, component, offeringSlug: offering.slug }),
    mounts: createMountGuard(settings.outputDirectory),
  };
  await handleInOrder(orders, pass, job, handle);
  job.line.outcome = job.ledger.filesOf(config.uuid).some((file) => file.action === "create")
    ? "published"
    : "unchanged";
}

async function handleInOrder(
  orders: readonly WaldurOrder[],
  pass: Pass,
  job: Job,
  handle: HandleOrder,
): Promise<void> {
  const busyResources = new Set<string>();
  let failures = 0;
  for (const [number, order] of orders.entries()) {
    job.throwIfOver();
    job.progress.show(`${job.config.name}: order ${number + 1} of ${orders.length}`);
    const line = startLine(order, job);
    const resource = order.marketplaceResourceUuid;
    if (resource !== null && busyResources.has(resource)) {
      line.outcome = "waiting";
      continue;
    }
    failures = (await handleGuarded(() => handle(order, pass, line), order, line, job)) ? 0 : failures + 1;
    if (failures >= 2) throw givenUp();
    if (line.outcome !== "done" && resource !== null) busyResources.add(resource);
  }
}

function startLine(order: WaldurOrder, job: Job): OrderReport {
  const line: OrderReport = {
    offering: job.config.uuid,
    uuid: order.uuid,
    type: order.type,
    state: order.state,
    resource: order.marketplaceResourceUuid,
    outcome: "failed",
    calls: [],
  };
  job.ledger.addOrder(line);
  return line;
}

/** Twice in a row means that Waldur is gone for all of them. */
function givenUp(): RetryLaterError {
  return new RetryLaterError(
    "two orders in a row failed because of Waldur or the network; the rest is not tried",
    {
      hint: "no order was ended for it; the next run goes on",
    },
  );
}

/** False when Waldur was not to be reached, or was busy, for this order. */
async function handleGuarded(
  handle: () => Promise<OrderOutcome>,
  order: WaldurOrder,
  line: OrderReport,
  job: Job,
): Promise<boolean> {
  try {
    line.outcome = await handle();
    return true;
  } catch (error) {
    if (isOfThisOrder(error)) {
      noteOrderError(job, order, error);
      return true;
    }
    if (!(error instanceof RetryLaterError) || error.code !== "unavailable") throw error;
    job.ledger.addFailure(error, { offering: job.config.uuid, order: order.uuid });
    job.log.error(error.message, { offering: job.config.uuid, order: order.uuid, hint: error.hint });
    return false;
  }
}

/** A 4xx, or an answer of a wrong shape, to a request about one order concerns that order only; 401 concerns the token. */
function isOfThisOrder(error: unknown): error is AppError {
  return error instanceof AnswerError || (error instanceof RefusedError && error.status === 403);
}

function noteOrderError(job: Job, order: WaldurOrder, error: AppError): void {
  addProblem(job, {
    code: error.code,
    order: order.uuid,
    ...(order.marketplaceResourceUuid === null ? {} : { resource: order.marketplaceResourceUuid }),
    message: error.message,
    hint: error.hint,
  });
}

function noteUnreadable(job: Job, order: UnreadableOrder): void {
  addProblem(job, {
    code: "bad-answer",
    order: order.uuid,
    field: order.field,
    message: `Waldur's answer about order ${order.uuid} is unusable: ${order.field} ${order.message}; it stays as it is`,
  });
}
