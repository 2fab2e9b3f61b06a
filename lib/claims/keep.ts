// Before old receipts go, what they say of paths becomes part of the stored claims: where no `sync` runs, nothing else
// would remember it.

import type { Output } from "../output/directory.ts";
import { waitForLock } from "../output/lock.ts";
import { loadClaims } from "./recover.ts";
import { writeClaims } from "./store.ts";

export async function keepClaims(
  output: Output,
  { reuseAfterDays, throwIfOver }: { reuseAfterDays: number; throwIfOver: () => void },
): Promise<void> {
  const lock = await waitForLock(output, throwIfOver);
  try {
    const now = output.now();
    const { table, source, identity } = loadClaims(output.directory, { reuseAfterDays, now });
    // Without claims no order was handled since they were lost: the next one makes them, of the order files too.
    if (identity !== null) writeClaims(output, table, { ...source, listedAt: now.toISOString() });
  } finally {
    lock.release();
  }
}
