// The first touch of a place that may not answer: a network mount whose server is gone, a pipe without a writer. A
// system call that waits for one cannot be interrupted, so it is left to a thread of the runtime, and raced with a time
// limit and with the end of the run. A call that was abandoned ends with the process, or when the place answers after
// all.

import { close, constants, open, read, stat } from "node:fs";
import { AppError, InterruptedError, RetryLaterError } from "../errors.ts";

/** How long to wait for an answer of a place, and what ends the run meanwhile. */
export type TouchLimits = {
  silenceMs: number;
  /** Aborted with an `AppError` as its reason. */
  signal: AbortSignal;
};

/** For callers that have no limits of their own: half a minute, which is also the default of a run. */
export const PATIENT: TouchLimits = { silenceMs: 30_000, signal: new AbortController().signal };

/** Looks at a path in a thread of its own: null when it is there, else the error. */
export function look(path: string): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => stat(path, (error) => resolve(error ?? null)));
}

/** The same, and opens it: a network file system may know a directory that its server does not give any more. */
export function lookInto(path: string): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) =>
    open(path, READING | constants.O_NONBLOCK, (error, fd) => {
      if (error === null) close(fd);
      resolve(error ?? null);
    }),
  );
}

const READING = constants.O_RDONLY | constants.O_NOCTTY;

/** A path, and how messages name it, such as `the configuration file /etc/waldur/config.yaml`. */
export type Place = { path: string; shown: string };

/**
 * A descriptor to read from; of a pipe, once it has a writer. Links are followed.
 * @throws RetryLaterError or InterruptedError as `answerOf`
 */
export async function openAnswering({ path, shown }: Place, limits: TouchLimits): Promise<number> {
  const opened = new Promise<number>((resolve, reject) =>
    open(path, READING, (error, fd) => (error ? reject(error) : resolve(fd))),
  );
  try {
    return await answerOf(opened, shown, limits);
  } catch (error) {
    // An answer that comes too late is ignored.
    opened.then((fd) => close(fd)).catch(() => undefined);
    throw error;
  }
}

const CHUNK_BYTES = 65_536;

/** At most so many bytes. A pipe whose writer is slow is waited for. */
export async function readAnswering(
  fd: number,
  limitBytes: number,
  { shown, limits }: { shown: string; limits: TouchLimits },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = limitBytes; left > 0; ) {
    const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
    const asked = new Promise<number>((resolve, reject) =>
      read(fd, chunk, 0, chunk.length, null, (error, count) => (error ? reject(error) : resolve(count))),
    );
    const count = await answerOf(asked, shown, limits);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return Buffer.concat(chunks);
}

/** At the end of the run a place still has a moment to answer: only one that does not answer is reported. */
const GRACE_MS = 250;

/**
 * The result of a call of the file system, unless it takes too long.
 * @throws RetryLaterError, or InterruptedError, with the place when it does not answer
 */
export async function answerOf<Result>(
  asked: Promise<Result>,
  shown: string,
  { silenceMs, signal }: TouchLimits,
): Promise<Result> {
  const silence = Promise.withResolvers<never>();
  const after = (ms: number, reason: () => unknown) => setTimeout(() => silence.reject(reason()), ms);
  const timers = [after(silenceMs, () => silent(shown, silenceMs))];
  const end = () => timers.push(after(GRACE_MS, () => endedBy(signal.reason, shown)));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([asked, silence.promise]);
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener("abort", end);
  }
}

const HINT =
  "a pipe has no writer, or the server of a network mount does not answer (`findmnt -T PATH` shows the mount)";

function silent(shown: string, silenceMs: number): RetryLaterError {
  return new RetryLaterError(`${shown} did not answer within ${silenceMs / 1000} s`, {
    code: "unresponsive",
    hint: HINT,
  });
}

/** The run's own reason, with the place that was waited for. */
function endedBy(reason: unknown, shown: string): unknown {
  if (reason instanceof InterruptedError) return reason.during(`${shown} did not answer`);
  if (!(reason instanceof AppError)) return reason;
  return new RetryLaterError(`${reason.message}: ${shown} did not answer`, {
    code: "unresponsive",
    cause: reason,
    hint: HINT,
  });
}
