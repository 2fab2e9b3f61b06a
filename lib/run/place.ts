// The output directory of an offering while a run works in it: looked at before the first touch and before each
// publication, without waiting for a disk that does not answer (docs/contract.md, "Places that do not answer").

import { answerOf, look, lookInto, type TouchLimits } from "../places/answers.ts";
import { markAnswering, markSilent } from "../places/held.ts";

export type OutputPlace = {
  /** @throws RetryLaterError or InterruptedError when the directory does not answer */
  look(): Promise<void>;
  /** Calls back at once, or, if the directory did not answer, when it does. */
  whenAnswers(act: () => void): void;
  /** It did not answer when it was looked at last. */
  isSilent(): boolean;
};

/** Whether the directory is there, and what it is, is found when it is opened. */
export function outputPlace(directory: string, limits: TouchLimits): OutputPlace {
  let isTouched = false;
  let unanswered: Promise<unknown> | null = null;
  return {
    async look() {
      limits.signal.throwIfAborted();
      const asked = isTouched ? look(directory) : lookInto(directory);
      isTouched = true;
      try {
        await answerOf(asked, `the output directory ${directory}`, limits);
      } catch (error) {
        unanswered = asked;
        markSilent(directory);
        throw error;
      }
    },
    whenAnswers(act) {
      if (unanswered === null) return act();
      void unanswered.then(() => {
        markAnswering(directory);
        act();
      });
    },
    isSilent: () => unanswered !== null,
  };
}
