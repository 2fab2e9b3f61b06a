// How a request went, for the log: its answer and how long it took. Changes nothing of what it watches.

import type { Received } from "./answer.ts";
import { errorCode } from "./translate.ts";

/** A request that was sent: its path, with the page of a list, the status or what went wrong, and how long it took. */
export type Answered = { method: "GET" | "POST"; path: string; answer: number | string; ms: number };

export async function timed(
  { method, shown }: { method: Answered["method"]; shown: string },
  send: () => Promise<Received>,
  onRequest: ((answered: Answered) => void) | undefined,
): Promise<Received> {
  if (onRequest === undefined) return send();
  const startedAt = performance.now();
  const report = (answer: number | string) =>
    onRequest({ method, path: shown, answer, ms: Math.round(performance.now() - startedAt) });
  try {
    const received = await send();
    report(received.status);
    return received;
  } catch (error) {
    report(errorCode(error) || "none");
    throw error;
  }
}
