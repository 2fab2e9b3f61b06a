// Recording what is done while it is done: a line before each deed and one after it. What a server answers never gets
// into a line but for its status.

import { AppError, InterruptedError, RetryLaterError } from "../errors.ts";
import type { Posted } from "../waldur/client.ts";
import { createLines, type LinesPlace } from "./lines.ts";
import type { Deed, Outcome } from "./record.ts";

export type History = {
  /** Does something that is over when it returns. `isDone` says whether it came to pass; what throws did not. */
  around<Result>(deed: Deed, act: () => Result, isDone?: (result: Result) => boolean): Result;
  /** Sends something to Waldur. */
  post(deed: Deed, send: () => Promise<Posted>): Promise<Posted>;
  close(): void;
};

/** Touches nothing before the first deed; never throws anything of its own. */
export function openHistory(place: LinesPlace): History {
  const lines = createLines(place);
  const begin = (deed: Deed) => {
    const id = lines.begin(deed);
    const startedAt = performance.now();
    return (outcome: Omit<Outcome, "ms">) =>
      lines.end(id, { ...outcome, ms: Math.round(performance.now() - startedAt) });
  };
  return {
    around(deed, act, isDone = () => true) {
      const end = begin(deed);
      let done = false;
      try {
        const result = act();
        done = isDone(result);
        return result;
      } finally {
        end({ done });
      }
    },
    async post(deed, send) {
      const end = begin(deed);
      let outcome: Omit<Outcome, "ms"> = { done: true, error: "bug" };
      try {
        const posted = await send();
        outcome = { done: true, ...answerOf(posted.status, "no-answer") };
        return posted;
      } catch (error) {
        if (error instanceof AppError) outcome = outcomeOf(error);
        throw error;
      } finally {
        end(outcome);
      }
    },
    close: lines.close,
  };
}

/** A run that is over sends nothing more; everything else may have arrived. */
function outcomeOf(error: AppError): Omit<Outcome, "ms"> {
  const isOver =
    error instanceof InterruptedError || (error instanceof RetryLaterError && error.code === "deadline");
  return isOver ? { done: false } : { done: true, ...answerOf(error.status, error.code) };
}

function answerOf(status: number | undefined, otherwise: string): { status: number } | { error: string } {
  return status === undefined ? { error: otherwise } : { status };
}
