// The lines of orders in the report, as they are when nothing was done yet.

import type { Receipt } from "../output/receipt.ts";
import type { OrderReport } from "../report/report.ts";
import type { Job } from "../run/job.ts";
import type { OrderOutline } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import { resourceOf } from "./queue.ts";

export function startLine(order: WaldurOrder | OrderOutline, job: Job): OrderReport {
  return {
    offering: job.config.uuid,
    uuid: order.uuid,
    type: order.type,
    state: order.state,
    resource: resourceOf(order),
    outcome: "failed",
    calls: [],
  };
}

const WALDUR_TYPE = { create: "Create", update: "Update", terminate: "Terminate" } as const;

export function lineOfReceipt({ order, type, resource }: Receipt, job: Job): OrderReport {
  return {
    offering: job.config.uuid,
    uuid: order,
    type: WALDUR_TYPE[type],
    state: "unknown",
    resource,
    outcome: "failed",
    calls: [],
  };
}
