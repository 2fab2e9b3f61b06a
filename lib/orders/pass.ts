// One pass over the open orders of an offering, oldest first. One bad order never stops the others; guard.ts says what
// does (docs/contract.md, "Orders").

import { createOrderClaims, type OrderClaims } from "../claims/order-claims.ts";
import type { Output } from "../output/directory.ts";
import type { OrderOutcome, OrderReport } from "../report/report.ts";
import { addProblem, type Job, type RealJob } from "../run/job.ts";
import { createMapper, type Mapper } from "../storage/mapper.ts";
import { fetchOffering } from "../waldur/offering.ts";
import { fetchOpenOrders, type UnreadableOrder } from "../waldur/orders.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import { createGuard, type Guard } from "./guard.ts";

/** What the handling of every order of the pass needs. */
export type Pass = { offering: WaldurOffering; mapper: Mapper; claims: OrderClaims };

/** Handles one order; what it returns is the order's outcome, and it fills in the line's calls and state. */
export type HandleOrder = (order: WaldurOrder, pass: Pass, line: OrderReport) => Promise<OrderOutcome>;

/** Publishes the open orders and reports them back. */
export async function publishOrders(job: RealJob, output: Output): Promise<void> {
  const { handleOrder } = await import("./order.ts");
  const { closeEndedReceipts } = await import("./sweep.ts");
  const { expireReceipts } = await import("../output/receipts.ts");
  await passOver(job, (order, pass, line) => handleOrder(order, pass, { job, output, line }), {
    output,
    sweep: (listed, guard) => closeEndedReceipts(listed, { job, output, guard }),
  });
  expireReceipts(output);
}

/** Tells what would be published and sent; touches nothing. */
export async function describeOrders(job: Job): Promise<void> {
  const { describeOrder } = await import("./describe.ts");
  await passOver(job, (order, pass, line) => describeOrder(order, pass, { job, line }));
}

type Sweep = (listed: ReadonlySet<string>, guard: Guard) => Promise<void>;

async function passOver(
  job: Job,
  handle: HandleOrder,
  { output, sweep }: { output: Output | null; sweep: Sweep } = { output: null, sweep: async () => undefined },
): Promise<void> {
  const { config, reader } = job;
  const offering = await fetchOffering(reader, config.uuid, { file: job.configFile, name: config.name });
  const { orders, unreadable } = await fetchOpenOrders(reader, config.uuid);
  job.line.resources = orders.length + unreadable.length;
  for (const order of unreadable) noteUnreadable(job, order);
  const { settings, component } = config;
  const mapper = createMapper({ settings, component, offeringSlug: offering.slug });
  const { now, throwIfOver } = job;
  const claims = createOrderClaims({ config, offering, mapper, reader, now, throwIfOver, output });
  const pass: Pass = { offering, mapper, claims };
  const guard = createGuard(job);
  await handleInOrder(orders, { job, guard, handle: (order, line) => handle(order, pass, line) });
  // Last, so that what ended and cannot be read any more keeps no open order waiting.
  await sweep(new Set([...orders, ...unreadable].map((order) => order.uuid)), guard);
  job.line.outcome = job.ledger.filesOf(config.uuid).some((file) => file.action === "create")
    ? "published"
    : "unchanged";
}

type Handling = {
  job: Job;
  guard: Guard;
  handle: (order: WaldurOrder, line: OrderReport) => Promise<OrderOutcome>;
};

async function handleInOrder(
  orders: readonly WaldurOrder[],
  { job, guard, handle }: Handling,
): Promise<void> {
  const busyResources = new Set<string>();
  for (const [number, order] of orders.entries()) {
    job.throwIfOver();
    job.progress.show(`${job.config.name}: order ${number + 1} of ${orders.length}`);
    const line = startLine(order, job);
    const resource = order.marketplaceResourceUuid;
    if (resource !== null && busyResources.has(resource)) {
      line.outcome = "waiting";
      continue;
    }
    await guard({ order: order.uuid, resource }, async () => {
      line.outcome = await handle(order, line);
    });
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

function noteUnreadable(job: Job, order: UnreadableOrder): void {
  addProblem(job, {
    code: "bad-answer",
    order: order.uuid,
    field: order.field,
    message: `Waldur's answer about order ${order.uuid} is unusable: ${order.field} ${order.message}; it stays as it is`,
  });
}
