// Removes receipts of orders that ended long ago; their paths stay with the claims.

import type { Output } from "../output/directory.ts";
import type { RealJob } from "../run/job.ts";

/** Stores the paths of old receipts before these are removed. */
export async function expireReceipts(job: RealJob, output: Output): Promise<void> {
  const { oldReceipts, removeReceipts } = await import("../output/receipts.ts");
  const old = oldReceipts(output);
  if (old === null) return;
  if (old.length > 0) {
    const { keepClaims } = await import("../claims/keep.ts");
    const reuseAfterDays = job.config.settings.pathReuseAfterDays;
    await keepClaims(output, { reuseAfterDays, throwIfOver: job.throwIfOver });
  }
  removeReceipts(output, old);
  if (job.config.settings.completion === "on-ack") (await import("./acks.ts")).expireAcks(job);
}
