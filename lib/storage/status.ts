// The status of an entry: in a snapshot from the state of the resource, in an order's file from the type of the order.

import type { OrderType, StorageStatus } from "./document.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";

const STATUS_OF_STATE: ReadonlyMap<string, StorageStatus> = new Map([
  ["Creating", "pending"],
  ["OK", "active"],
  ["Updating", "updating"],
  ["Terminating", "removing"],
  ["Erred", "error"],
]);

/** A state that we do not know is a problem, never a guess; so is Terminated, which is in no list of live resources. */
export function statusOfState(state: string, problems: Problems): StorageStatus | undefined {
  const status = STATUS_OF_STATE.get(state);
  if (status === undefined) {
    const message = `is not the state of a live resource: ${quoted(state)}`;
    problems.push(mappingProblem("unknown-state", { field: "state", message }));
  }
  return status;
}

const STATUS_OF_ORDER: Readonly<Record<OrderType, StorageStatus>> = {
  create: "pending",
  update: "updating",
  terminate: "removing",
};

export function statusOfOrder(type: OrderType): StorageStatus {
  return STATUS_OF_ORDER[type];
}
