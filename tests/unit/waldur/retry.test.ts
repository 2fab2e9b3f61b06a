import { expect, test } from "bun:test";
import fc from "fast-check";
import { backoffMs, isTransientStatus, retryAfterMs } from "../../../lib/waldur/retry.ts";

const now = new Date("2026-01-01T00:00:00Z");

test.each([
  ["5", 5000],
  [" 5 ", 5000],
  ["0", 1000],
  ["120", 120_000],
  ["99999999999", 120_000],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 1000],
  ["Thu, 01 Jan 2099 00:00:00 GMT", 120_000],
  ["soon", null],
  ["-5", null],
  ["1.5", null],
  ["", null],
  [null, null],
])("Retry-After %p asks for %p ms", (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

test("the wait is anything from nothing to a bound that doubles up to 20 s", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, random) => {
        const wait = backoffMs(attempt, () => random);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(20_000, 500 * 2 ** attempt));
      },
    ),
  );
  expect(backoffMs(2, () => 1)).toBe(2000);
});

test("only temporary failures are retried", () => {
  expect([408, 425, 429, 500, 502, 503, 504, 599].every(isTransientStatus)).toBe(true);
  expect([200, 301, 400, 401, 403, 404, 405, 409].some(isTransientStatus)).toBe(false);
});
