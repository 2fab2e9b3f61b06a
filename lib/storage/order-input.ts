// Which limits and options decide the quotas of an order's file, and which did so before the change.

import { isTable } from "../json.ts";
import type { OrderType, StorageSource } from "./document.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";
import type { QuotaInput } from "./quotas.ts";
import { fieldOf, givenOf } from "./values.ts";

/** What of an order decides the entry of its resource. */
export type MappedOrder = {
  type: OrderType;
  limits: Readonly<Record<string, unknown>>;
  attributes: Readonly<Record<string, unknown>>;
  /** False for a create order before it is accepted: its project may get a GID only then. */
  isAccepted?: boolean;
};

/**
 * A create or update order's own limits when it has any, else the resource's; an update's new options over those of
 * the resource. A terminate order takes all from the resource.
 */
export function inputOfOrder(order: MappedOrder, source: StorageSource, problems: Problems): QuotaInput {
  const hasLimits = order.type !== "terminate" && Object.keys(order.limits).length > 0;
  const limits = hasLimits ? order.limits : source.limits;
  return { limits, options: order.type === "update" ? newOptions(order, source, problems) : source.options };
}

function newOptions({ attributes }: MappedOrder, { options }: StorageSource, problems: Problems) {
  const changed = givenOf(attributes, "new_options");
  if (changed === undefined) return options;
  if (isTable(changed)) return { ...options, ...changed };
  const message = `must be an object, not ${quoted(changed)}`;
  problems.push(mappingProblem("bad-options", { field: "attributes.new_options", message }));
  return options;
}

/**
 * Before an update. Until the order is done the resource itself holds the old values; `old_limits` and `old_options` of
 * the order give them also when its file has to be published again after that.
 */
export function inputBefore(
  { attributes }: MappedOrder,
  source: StorageSource,
  componentName: string,
): QuotaInput {
  const limits = fieldOf(attributes, "old_limits");
  const options = fieldOf(attributes, "old_options");
  return {
    limits: isTable(limits) && Object.hasOwn(limits, componentName) ? limits : source.limits,
    options: isTable(options) ? { ...source.options, ...options } : source.options,
  };
}
