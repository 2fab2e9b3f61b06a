// A GET, tried again where that may help: what the run allows, what the server asks for, and the pause in between.

import { type AppError, RetryLaterError } from "../errors.ts";
import { type Answer, type Failed, parseAnswer } from "./answer.ts";
import { backoffMs, isTransientStatus, retryAfterMs } from "./retry.ts";
import type { Exchange, RequestLimits, Sender } from "./send.ts";
import { describeStatus } from "./status-errors.ts";
import { translateTransportError } from "./translate.ts";

/** GETs until it is answered or limits ends. */
export async function getWithRetries(
  exchange: Exchange,
  send: Sender,
  limits: RequestLimits,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const result = await attemptGet({ ...exchange, tries: attempt + 1 }, send, limits);
    if (!("failure" in result)) return result;
    const { failure, retryAfterMs: askedMs } = result;
    const waitMs = askedMs ?? backoffMs(attempt, limits.random);
    if (attempt >= limits.retries || waitMs > limits.timeLeftMs()) throw failure;
    const { politeness } = limits;
    if (politeness !== undefined && askedMs !== null) {
      if (askedMs > politeness.leftMs) throw tooPatient(failure, askedMs);
      politeness.leftMs -= askedMs;
    }
    const seconds = (waitMs / 1000).toFixed(1);
    if (askedMs === null) limits.onRetry?.(`${failure.message}; trying again in ${seconds} s`);
    else
      limits.onRetry?.(
        `${failure.message}; trying again in ${seconds} s, as requested (Retry-After)`,
        askedMs,
      );
    await pause(waitMs, limits.signal, exchange.stop);
  }
}

/** A run waits for a server no longer than a part of its deadline, because it holds the lock meanwhile. */
function tooPatient(failure: AppError, askedMs: number): RetryLaterError {
  const message = `${failure.message}, with Retry-After: ${askedMs / 1000} s`;
  return new RetryLaterError(message, {
    cause: failure,
    hint: "a run waits for Retry-After at most a quarter of its deadline in total; the next run tries again",
  });
}

async function attemptGet(exchange: Exchange, send: Sender, limits: RequestLimits): Promise<Answer | Failed> {
  const { stop } = exchange;
  const signals = stop === undefined ? [limits.signal] : [limits.signal, stop];
  const received = await send(exchange, signals).catch((error: unknown) => {
    for (const signal of signals) if (signal.aborted) throw signal.reason;
    const translated = translateTransportError(error, exchange);
    if (translated instanceof RetryLaterError) return { failure: translated, retryAfterMs: null };
    throw translated;
  });
  if ("failure" in received) return received;
  limits.onAnswer?.(received.headers);
  if (received.status === 200) return parseAnswer(received, exchange);
  const error = describeStatus(received, exchange);
  if (!isTransientStatus(received.status)) throw error;
  return { failure: error, retryAfterMs: retryAfterMs(received.headers.get("retry-after"), limits.now()) };
}

async function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const present = signals.filter((signal) => signal !== undefined);
  for (const signal of present) if (signal.aborted) throw signal.reason;
  await new Promise<void>((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      for (const signal of present) signal.removeEventListener("abort", finish);
      const aborted = present.find((signal) => signal.aborted);
      if (aborted === undefined) resolve();
      else reject(aborted.reason);
    };
    const timer = setTimeout(finish, ms);
    for (const signal of present) signal.addEventListener("abort", finish, { once: true });
  });
}
