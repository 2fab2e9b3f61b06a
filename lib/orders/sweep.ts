// Receipts whose order is no longer open: closed by what Waldur says, and told when the order did not end well.

import type { Output } from "../output/directory.ts";
import { closeReceipt, listOpenReceipts, type Receipt } from "../output/receipts.ts";
import { addProblem, type Job } from "../run/job.ts";
import { fetchOrder } from "../waldur/orders.ts";
import { endedProblem } from "./ended.ts";
import type { Guard } from "./guard.ts";
import { endOf } from "./order.ts";

const ENDED = new Set(["done", "erred", "rejected", "canceled"]);

/** Costs one request for each receipt that is open without being listed; usually there is none. */
export async function closeEndedReceipts(
  listed: ReadonlySet<string>,
  { job, output, guard }: { job: Job; output: Output; guard: Guard },
): Promise<void> {
  for (const receipt of listOpenReceipts(output.directory)) {
    if (receipt.offering !== job.config.uuid || listed.has(receipt.order)) continue;
    job.throwIfOver();
    const { order, resource } = receipt;
    await guard({ order, resource }, () => closeIfEnded(receipt, job, output));
  }
}

async function closeIfEnded(receipt: Receipt, job: Job, output: Output): Promise<void> {
  const order = await fetchOrder(job.reader, receipt.order);
  if (order !== null && !ENDED.has(order.state)) return;
  const problem = endedProblem(order, receipt, output.directory);
  if (problem !== null) addProblem(job, problem);
  closeReceipt(output, receipt, endOf(order, job));
  job.log.debug("closed a receipt", { order: receipt.order, state: order?.state ?? "gone" });
}
