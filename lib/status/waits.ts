// Why an open order is not through: what the last pass said of it, whose turn it is, which older order it waits for.

import type { StorageSettings } from "../config/config.ts";
import { isPublished } from "../orders/past.ts";
import { waitsForWorker } from "../orders/prepare.ts";
import type { LateOrders } from "../output/failed-orders.ts";
import { awaitedSince, type Receipt } from "../output/receipt.ts";
import type { KnownProblem } from "../report/problems.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchResource } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { OrderStatus } from "./report.ts";

export type Waits = OrderStatus["waits"];

/** What the state directory knows of the orders of an offering. */
export type OrderMemory = {
  directory: string;
  completion: StorageSettings["completion"];
  /** How long an answer may take, in milliseconds. */
  ackWarnAfter: number;
  now: Date;
  /** Of the last pass. */
  problems: readonly KnownProblem[];
  late: LateOrders;
};

/** What is known of an order without asking for it alone; null where that is not enough. */
export function knownReason(
  { order, state, receipt }: { order: string; state: string | null; receipt: Receipt | null },
  { directory, completion, problems, late, ...answers }: OrderMemory,
): Waits | null {
  // A problem of a published file, such as one without `actions`, does not hold the order up.
  const isTheirs = completion !== "on-publish" && receipt !== null && state !== "pending-provider";
  if (isTheirs && receipt.answer === undefined && isPublished(receipt, directory))
    return completion === "external" ? EXTERNAL : unanswered(receipt, answers);
  const own = problems.filter((problem) => problem.order === order);
  const problem = own.find(({ isNotice }) => isNotice !== true);
  if (problem !== undefined) return { for: "problem", detail: `${problem.code}: ${problem.message}` };
  const notice = own.find(({ code }) => code === "mount-waiting");
  if (notice !== undefined) return { for: "path", detail: notice.message };
  if (late.failed.has(order))
    return { for: "unavailable", detail: "Waldur or the network failed; the next pass tries again" };
  return null;
}

const EXTERNAL: Waits = { for: "provisioner", detail: "published; the provisioner has to finish it" };

function unanswered(
  receipt: Receipt,
  { ackWarnAfter, now }: Pick<OrderMemory, "ackWarnAfter" | "now">,
): Waits {
  const since = awaitedSince(receipt);
  const isLate = now.getTime() - Date.parse(since) > ackWarnAfter;
  return isLate
    ? {
        for: "provisioner",
        detail: `no answer of the provisioner since ${since.slice(0, 16)}Z (ack_warn_after)`,
        isLate,
      }
    : { for: "provisioner", detail: "published; the provisioner has not answered yet" };
}

export const NEXT_PASS: Waits = { for: "next-pass", detail: "the next pass of orders handles it" };

export function behind(older: string): Waits {
  return { for: "behind", detail: `waits for the older order ${older} of its resource` };
}

const TYPES = { Create: "create", Update: "update", Terminate: "terminate" } as const;

/** On a server of 2024 an approved order waits for a worker, which only its resource shows: one request. */
export async function isWithWorker(order: WaldurOrder, reader: Reader, now: Date): Promise<boolean> {
  const { type: named, marketplaceResourceUuid, state, providerReviewedAt } = order;
  const type = Object.entries(TYPES).find(([name]) => name === named)?.[1];
  if (type === undefined || marketplaceResourceUuid === null) return false;
  if (state !== "executing" || providerReviewedAt === null) return false;
  const resource = await fetchResource(reader, marketplaceResourceUuid);
  if (resource === null) return false;
  return waitsForWorker({ order, type, resource, hasWorker: resource.projectSlug === undefined }, now);
}

export const WITH_WORKER: Waits = { for: "worker", detail: "approved; Waldur's worker has not acted yet" };
