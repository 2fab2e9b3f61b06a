// When a run is over before it is done: its deadline, or a signal from outside. Both end it the same way, by one abort
// signal whose reason is the error that the report shows.

import { RetryLaterError } from "../errors.ts";

export type RunEnd = { signal: AbortSignal; timeLeftMs: () => number; disarm(): void };

/** One signal for the two ways a run can be over before it is done. */
export function startDeadline(deadlineMs: number, interrupted: AbortSignal): RunEnd {
  const controller = new AbortController();
  const endsAt = performance.now() + deadlineMs;
  const timer = setTimeout(() => {
    controller.abort(
      new RetryLaterError(`the run did not finish within ${deadlineMs / 1000} s`, {
        code: "deadline",
        hint: "no step was left unfinished; the next run continues; --deadline SECONDS allows more time",
      }),
    );
  }, deadlineMs);
  const interrupt = () => controller.abort(interrupted.reason);
  if (interrupted.aborted) interrupt();
  else interrupted.addEventListener("abort", interrupt, { once: true });
  return {
    signal: controller.signal,
    timeLeftMs: () => endsAt - performance.now(),
    disarm() {
      clearTimeout(timer);
      interrupted.removeEventListener("abort", interrupt);
    },
  };
}
