// In which sequence the open orders of a pass are taken.

import type { ListedOrder } from "../waldur/orders.ts";

export function resourceOf(order: ListedOrder): string | null {
  return "resource" in order ? order.resource : order.marketplaceResourceUuid;
}

/**
 * Oldest first, but resources with an order that came to nothing in the last pass go last. The orders of one resource
 * stay in their order: a terminate must not overtake the update before it.
 */
export function inTurn(listed: readonly ListedOrder[], fruitless: ReadonlySet<string>): ListedOrder[] {
  const keyOf = (order: ListedOrder) => resourceOf(order) ?? order.uuid;
  const late = new Set(listed.filter(({ uuid }) => fruitless.has(uuid)).map(keyOf));
  const isLate = (order: ListedOrder) => late.has(keyOf(order));
  return [...listed.filter((order) => !isLate(order)), ...listed.filter(isLate)];
}
