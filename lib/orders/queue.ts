// In which sequence the open orders of a pass are taken.

import type { UnreadableOrder } from "../waldur/orders.ts";
import { isUnreadable } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";

export type ListedOrder = WaldurOrder | UnreadableOrder;

export function resourceOf(order: ListedOrder): string | null {
  return isUnreadable(order) ? order.resource : order.marketplaceResourceUuid;
}

/**
 * Oldest first, but resources with an order that failed in the last pass go last. The orders of one resource stay in
 * their order: a terminate must not overtake the update before it.
 */
export function inTurn(listed: readonly ListedOrder[], failed: ReadonlySet<string>): ListedOrder[] {
  const keyOf = (order: ListedOrder) => resourceOf(order) ?? order.uuid;
  const late = new Set(listed.filter(({ uuid }) => failed.has(uuid)).map(keyOf));
  const isLate = (order: ListedOrder) => late.has(keyOf(order));
  return [...listed.filter((order) => !isLate(order)), ...listed.filter(isLate)];
}
