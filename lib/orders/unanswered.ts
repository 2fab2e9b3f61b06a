// Orders that are published and wait for the answer of the provisioner, for the report and the metrics.

import { awaitedSince } from "../output/receipt.ts";
import { peekReceipt } from "../output/receipts.ts";
import type { Job } from "../run/job.ts";

/** Counts them among the orders of this pass; one that a dry run would publish waits from now on. */
export function noteUnanswered({ config, ledger, line, now }: Job): void {
  const waiting = ledger.ordersOf(config.uuid).filter(({ outcome }) => outcome === "published");
  const since = waiting.map(({ uuid }) => {
    const receipt = peekReceipt(config.settings.outputDirectory, uuid)?.receipt;
    return receipt === undefined ? now().toISOString() : awaitedSince(receipt);
  });
  line.unanswered = { count: since.length, oldest: since.sort()[0] ?? null };
}
