// What is to be said of an order that is no longer open.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Receipt } from "../output/receipts.ts";
import type { Problem } from "../report/report.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";

/** null when the order is done and its file is there: the good end. `order` is null when Waldur does not know it any more. */
export function endedProblem(
  order: WaldurOrder | null,
  receipt: Receipt,
  directory: string,
): Omit<Problem, "offering"> | null {
  const uuid = receipt.order;
  if (order === null) {
    return {
      code: "order-vanished",
      order: uuid,
      message: `order ${uuid} is gone from Waldur; its file, if published, stays`,
      hint: "a consumer can delete a pending order; tell the storage team if it has acted on the file",
    };
  }
  if (order.state === "done" && existsSync(join(directory, receipt.file))) return null;
  return {
    code: "order-ended",
    order: uuid,
    field: "state",
    message: `order ${uuid} is ${order.state.slice(0, 40)} by another hand; its file, if published, stays`,
    hint: "look at the order in Waldur; nothing is repaired from here",
  };
}
