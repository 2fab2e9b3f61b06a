// Receipts of orders that ended long ago go; what they say of paths stays with the claims.

import type { Output } from "../output/directory.ts";
import type { RealJob } from "../run/job.ts";

/** What old receipts say of paths is kept before they go. */
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
