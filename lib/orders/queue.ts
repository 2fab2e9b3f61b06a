// In which sequence the open orders of a pass are taken, and how many there are.

import type { OpenOrders } from "../report/report.ts";
import { type Job, noteNames } from "../run/job.ts";
import type { ListedOrder } from "../waldur/orders.ts";

export function resourceOf(order: ListedOrder): string | null {
  return "resource" in order ? order.resource : order.marketplaceResourceUuid;
}

/**
 * Oldest first, but resources with an order that failed in the last pass are last. The orders of one resource
 * stay in their order: a terminate must not overtake the update before it.
 */
export function inTurn(listed: readonly ListedOrder[], fruitless: ReadonlySet<string>): ListedOrder[] {
  const keyOf = (order: ListedOrder) => resourceOf(order) ?? order.uuid;
  const late = new Set(listed.filter(({ uuid }) => fruitless.has(uuid)).map(keyOf));
  const isLate = (order: ListedOrder) => late.has(keyOf(order));
  return [...listed.filter((order) => !isLate(order)), ...listed.filter(isLate)];
}

/** What the report says of the list, and what the resources in it are called. */
export function noteListed(job: Job, listed: readonly ListedOrder[]): void {
  job.line.resources = listed.length;
  job.line.open = openOrders(listed);
  for (const order of listed) if ("resourceName" in order) noteNames(job, order);
}

/**
 * How many are open, and since when; the list begins with the oldest. Text of the server is never copied.
 */
function openOrders(listed: readonly ListedOrder[]): OpenOrders {
  const states = { "pending-provider": 0, executing: 0, other: 0 };
  for (const order of listed) {
    const state = "state" in order ? order.state : "";
    states[state === "pending-provider" || state === "executing" ? state : "other"]++;
  }
  const dates = listed.flatMap((order) => ("created" in order ? [order.created] : []));
  return { states, oldest: dates[0] ?? null };
}
