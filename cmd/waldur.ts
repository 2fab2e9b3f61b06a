// Requests to Waldur for commands that belong to neither mode: clients that can only GET, within the limits of the
// flags.

import type { OfferingConfig } from "../lib/config/config.ts";
import type { Reader } from "../lib/waldur/client.ts";
import type { Flags, Shell } from "./command.ts";
import { runOptions } from "./flags.ts";

export type Asking = {
  readerFor: (offering: OfferingConfig) => Reader;
  /** Aborted by a signal, and at the deadline. */
  signal: AbortSignal;
  silenceMs: number;
};

/** The deadline counts while it is used. */
export async function askingWaldur<Result>(
  flags: Flags,
  shell: Shell,
  use: (asking: Asking) => Promise<Result>,
): Promise<Result> {
  const [{ createReader }, { connectionOf }, { startDeadline }] = await Promise.all([
    import("../lib/waldur/client.ts"),
    import("../lib/run/connection.ts"),
    import("../lib/run/end.ts"),
  ]);
  const { silenceMs, retries, deadlineMs } = runOptions("orders", flags);
  const { signal, timeLeftMs, disarm } = startDeadline(deadlineMs, shell.interrupted);
  const limits = { silenceMs, retries, signal, now: () => new Date(), random: Math.random, timeLeftMs };
  const connection = { env: shell.env, userAgent: `waldur-cscs-storage/${shell.version}` };
  const readerFor = (offering: OfferingConfig) => createReader(connectionOf(offering, connection), limits);
  try {
    return await use({ readerFor, signal, silenceMs });
  } finally {
    disarm();
  }
}
