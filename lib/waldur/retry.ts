// When and how long to wait before a GET is tried again. Pure: clock and randomness come in as arguments.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
const SHORTEST_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 120_000;

/**
 * Full jitter: anything between nothing and a bound that doubles with each attempt.
 * @param attempt 0 for the wait after the first failure
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));
}

/**
 * What a `Retry-After` header asks for, in milliseconds, clamped to 1 s … 120 s; null when it says nothing usable.
 * Digits are tried first, because `Date.parse("120")` is a valid date.
 */
export function retryAfterMs(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return clamp(Number(text) * 1000);
  if (!/^[A-Za-z]{3}, /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : clamp(at - now.getTime());
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_RETRY_AFTER_MS), LONGEST_RETRY_AFTER_MS);
}

/** Statuses that may pass when the request is repeated. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}
