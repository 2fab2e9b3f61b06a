// Receipts whose order is no longer listed as open: closed by what Waldur says, with a report when the order did not
// end well, and with the file that is owed when it is done without one.

import type { Receipt } from "../output/receipt.ts";
import { listOpenReceipts } from "../output/receipts.ts";
import { noteNames } from "../run/job.ts";
import { isOwed, noteEnded } from "./ended.ts";
import { publishOwed } from "./order.ts";
import type { OrderRun } from "./order-run.ts";
import { hasEnded } from "./steps.ts";

/** Open receipts of the offering whose orders are not listed; usually there is none. */
export function unlistedReceipts(
  listed: ReadonlySet<string>,
  { directory, offering, damaged }: { directory: string; offering: string; damaged: string[] },
): Receipt[] {
  return listOpenReceipts(directory, damaged).filter(
    (receipt) => receipt.offering === offering && !listed.has(receipt.order),
  );
}

/** Costs one request for each. True when nothing more is to be done for the order. */
export async function settleReceipt(receipt: Receipt, run: OrderRun): Promise<boolean> {
  const { job, end, line } = run;
  const order = await end.readOrder(receipt.order);
  if (order !== null) noteNames(job, order);
  if (order !== null && !hasEnded(order)) return false;
  if (order !== null && isOwed(order, receipt, job.config.settings.outputDirectory)) {
    job.ledger.addOrder(line);
    line.state = order.state;
    line.outcome = await publishOwed(order, receipt, run);
    return line.outcome === "left";
  }
  noteEnded(order, receipt, run);
  job.log.debug("closed a receipt", { order: receipt.order, state: line.state });
  return true;
}
