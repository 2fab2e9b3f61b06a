// One pass over the open orders of an offering, oldest first, one of each resource. One bad order never stops the
// others; guard.ts says what does (docs/contract.md, "Orders").

import { createOrderClaims } from "../claims/order-claims.ts";
import { AppError, RetryLaterError } from "../errors.ts";
import type { Output } from "../output/directory.ts";
import { type LateOrders, readLateOrders, writeLateOrders } from "../output/failed-orders.ts";
import type { Receipt } from "../output/receipt.ts";
import { refuseCutGids } from "../run/gids.ts";
import { addProblem, type Job, noteDamaged, type RealJob } from "../run/job.ts";
import { createMapper } from "../storage/mapper.ts";
import { hierarchyOf } from "../storage/profile.ts";
import { fetchOffering } from "../waldur/offering.ts";
import { fetchOpenOrders, isUnreadable, type ListedOrder, type UnreadableOrder } from "../waldur/orders.ts";
import { UNUSABLE } from "../waldur/wire.ts";
import { describingEnd, type Foreseen } from "./describing-end.ts";
import type { OrdersEnd } from "./end.ts";
import { expireReceipts } from "./expire.ts";
import { createGuard, type Guard } from "./guard.ts";
import { lineOfReceipt, startLine } from "./lines.ts";
import type { OrderRun, Pass } from "./order-run.ts";
import { inTurn, noteListed, resourceOf } from "./queue.ts";

type PassEnd = {
  /** The end for one order, which reads with the reader given. */
  open(reader: Job["reader"]): Promise<OrdersEnd>;
  rememberLate(late: LateOrders): void;
  /** null in a dry run. */
  output: Output | null;
  /** Resources as recorded calls would leave them, and receipts that would be closed; empty in a real run. */
  foreseen: Foreseen["resources"];
  closed: Foreseen["closed"];
};

/** Publishes the open orders and reports them back. */
export async function publishOrders(job: RealJob, output: Output): Promise<void> {
  const { realEnds } = await import("./real-end.ts");
  const { open, close } = realEnds(job, output);
  const rememberLate = (late: LateOrders) => writeLateOrders(output, job.config.uuid, late);
  try {
    await passOver(job, { open, rememberLate, output, foreseen: new Map(), closed: new Map() });
  } finally {
    close();
  }
  await expireReceipts(job, output);
}

/** Shows what would be published and sent; touches nothing. */
export async function describeOrders(job: Job): Promise<void> {
  const { settings } = job.config;
  const foreseen: Foreseen = { orders: new Map(), resources: new Map(), closed: new Map() };
  await passOver(job, {
    open: async (reader) => describingEnd(reader, foreseen, settings),
    rememberLate: () => undefined,
    output: null,
    foreseen: foreseen.resources,
    closed: foreseen.closed,
  });
}

async function passOver(job: Job, end: PassEnd): Promise<void> {
  const { config, reader } = job;
  refuseCutGids(config.settings);
  const fetchOurs = () => fetchOffering(reader, config.uuid, config);
  const offering = await fetchOurs();
  const listed = await fetchOpenOrders(reader, config.uuid);
  noteListed(job, listed);
  const { settings, component } = config;
  const hierarchy = await hierarchyOf(settings, offering);
  const { gids } = job;
  const mapper = createMapper({ settings, component, offeringSlug: offering.slug, hierarchy, gids });
  const { now, throwIfOver } = job;
  const { output, foreseen, closed } = end;
  const progress = (seen: number, count: number) =>
    job.progress.count(config.name, { done: seen, of: count, what: "resources" });
  const around = { config, offering, mapper, reader, now, throwIfOver, progress, output, foreseen };
  const claims = createOrderClaims(around);
  const acks =
    settings.completion === "on-ack"
      ? await (await import("./acks.ts")).openPassAcks(job, listed, output)
      : null;
  const pass: Pass = { offering, mapper, claims, acks };
  try {
    await handleAll(listed, { job, end, pass, guard: createGuard(job, fetchOurs) });
    if (settings.completion === "on-ack") (await import("./unanswered.ts")).noteUnanswered(job);
    if (acks !== null && acks.orders.size > 0) {
      const { settleStrays } = await import("./stray-acks.ts");
      await settleStrays(acks, new Set(listed.map(({ uuid }) => uuid)), {
        job,
        closed,
        open: () => end.open(reader),
      });
    }
  } finally {
    acks?.close();
  }
  noteDamaged(job, claims.damaged());
  if (job.gids !== null && job.gids.opened() !== null) {
    const { noteGids, rememberGids } = await import("../run/settle-gids.ts");
    noteGids(job);
    if (output !== null) rememberGids(job, output);
  }
  job.line.outcome = job.ledger.filesOf(config.uuid).some((file) => file.action === "create")
    ? "published"
    : "unchanged";
}

type Handling = { job: Job; end: PassEnd; pass: Pass; guard: Guard };

async function handleAll(listed: readonly ListedOrder[], handling: Handling): Promise<void> {
  const { job, end } = handling;
  const { settings, uuid } = job.config;
  const { unlistedReceipts } = await import("./sweep.ts");
  const damaged: string[] = [];
  const before = readLateOrders(settings.outputDirectory, uuid, damaged);
  const pile: Pile = {
    failedBefore: before.failed,
    failed: new Set(before.failed),
    left: new Set(before.left),
    busyResources: new Set<string>(),
  };
  const resources = new Set(listed.map(resourceOf));
  const receipts = unlistedReceipts(new Set(listed.map((order) => order.uuid)), {
    directory: settings.outputDirectory,
    offering: uuid,
    damaged,
  });
  noteDamaged(job, damaged);
  const known = new Set([...listed.map((order) => order.uuid), ...receipts.map((receipt) => receipt.order)]);
  for (const late of [pile.failed, pile.left])
    for (const order of late) if (!known.has(order)) late.delete(order);
  try {
    for (const order of listed) if (isUnreadable(order)) noteUnreadable(job, order);
    // A missing file of a resource comes before its next order.
    await settleAll(
      receipts.filter(({ resource }) => resources.has(resource)),
      pile,
      handling,
    );
    await takeAll(inTurn(listed, before.failed.union(before.left)), pile, handling);
    // The others last, so that what ended and cannot be read any more keeps no open order waiting.
    await settleAll(
      receipts.filter(({ resource }) => !resources.has(resource)),
      pile,
      handling,
    );
  } finally {
    remember(pile, end, job);
  }
}

/**
 * What failed in the last pass, what is known by now to fail or to be left alone, and the resources that are finished
 * for this pass.
 */
type Pile = {
  failedBefore: ReadonlySet<string>;
  failed: Set<string>;
  left: Set<string>;
  busyResources: Set<string>;
};

async function takeAll(queue: readonly ListedOrder[], pile: Pile, handling: Handling): Promise<void> {
  const { job } = handling;
  const { takeOrder } = await import("./order.ts");
  if (queue.length > 0) job.progress.begin(`${job.config.name}: handling the open orders`);
  for (const [number, order] of queue.entries()) {
    job.throwIfOver();
    const resource = resourceOf(order);
    const isBusy = resource !== null && pile.busyResources.has(resource);
    if (resource !== null) pile.busyResources.add(resource);
    if (isUnreadable(order)) continue;
    job.progress.count(job.config.name, { done: number, of: queue.length, what: "orders" });
    const line = startLine(order, job);
    job.ledger.addOrder(line);
    if (isBusy) {
      line.outcome = "waiting";
      continue;
    }
    const reached = await tryOne({ order: order.uuid, resource }, { pile, ...handling }, async (run) => {
      line.outcome = await takeOrder(order, { ...run, line });
    });
    if (reached && (line.outcome === "left" || line.outcome === "failed")) pile.left.add(order.uuid);
    else pile.left.delete(order.uuid);
  }
}

async function settleAll(receipts: readonly Receipt[], pile: Pile, handling: Handling): Promise<void> {
  const { settleReceipt } = await import("./sweep.ts");
  for (const receipt of receipts) {
    handling.job.throwIfOver();
    const { order, resource } = receipt;
    let isSettled = true;
    const reached = await tryOne({ order, resource }, { pile, ...handling }, async (run) => {
      isSettled = await settleReceipt(receipt, { ...run, line: lineOfReceipt(receipt, handling.job) });
    });
    if (!reached || !isSettled) pile.busyResources.add(resource);
  }
}

/** Handles one order under the guard. One that failed in the last pass is not retried in this one. */
async function tryOne(
  about: { order: string; resource: string | null },
  { pile, job, end, pass, guard }: Handling & { pile: Pile },
  work: (run: Omit<OrderRun, "line">) => Promise<void>,
): Promise<boolean> {
  const reader = pile.failedBefore.has(about.order) ? job.hastyReader : job.reader;
  const reached = await guard(about, async () => work({ job, pass, end: await end.open(reader) })).catch(
    (error: unknown) => {
      // Waldur is unreachable, for this order as for the one before; a deadline or a disk is not about an order.
      if (error instanceof RetryLaterError && error.code === "unavailable") pile.failed.add(about.order);
      throw error;
    },
  );
  if (reached) pile.failed.delete(about.order);
  else pile.failed.add(about.order);
  return reached;
}

function noteUnreadable(job: Job, { uuid, resource, fault }: UnreadableOrder): void {
  addProblem(job, {
    code: "bad-answer",
    order: uuid,
    ...(resource === null ? {} : { resource }),
    field: fault.field,
    message: `Waldur's answer about order ${uuid} is unusable: ${fault.field} ${fault.message}; it stays as it is`,
    hint: UNUSABLE,
  });
}

/** A failure of this only affects the sequence of the next pass. */
function remember(late: LateOrders, end: PassEnd, job: Job): void {
  try {
    end.rememberLate(late);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    job.log.debug("failed orders cannot be recorded", { reason: error.message });
  }
}
