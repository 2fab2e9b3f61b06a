// Which failures of one order do not stop the others, and which do: a network that fails twice in a
// row and then once more when it is probed, a refused token, a disk fault. None of it changes an order's state
// (docs/contract.md, "Orders").

import { AnswerError, type AppError, RefusedError, RetryLaterError } from "../errors.ts";
import { shownNames } from "../report/problems.ts";
import { addProblem, type Job, namesFor } from "../run/job.ts";

/** The order that some work is about. */
export type About = { order: string; resource: string | null };

/**
 * Does some work for one order; a failure of only that order is recorded. False when Waldur was not to be
 * reached for it. Throws when the pass is over.
 */
export type Guard = (about: About, work: () => Promise<void>) => Promise<boolean>;

/**
 * One guard for the whole pass: it counts the failures in a row.
 * @param probe a request about no order; two orders that fail in every pass must not hold back all others
 */
export function createGuard(job: Job, probe: () => Promise<unknown>): Guard {
  let failures = 0;
  return async (about, work) => {
    const reached = await isReached(about, work, job);
    failures = reached ? 0 : failures + 1;
    if (failures >= 2) {
      await probe().catch((error: unknown) => {
        throw isUnavailable(error) ? givenUp() : error;
      });
      failures = 0;
    }
    return reached;
  };
}

async function isReached(about: About, work: () => Promise<void>, job: Job): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isOfThisOrder(error)) {
      noteOrderError(job, about, error);
      return true;
    }
    if (!isUnavailable(error)) throw error;
    const where = { offering: job.config.uuid, order: about.order };
    const names = namesFor(job, { order: about.order });
    const isShown = job.ledger.addFailure(error, { ...where, ...names });
    if (isShown) job.log.error(error.message, { ...where, ...shownNames(names), hint: error.hint });
    return false;
  }
}

function isUnavailable(error: unknown): error is RetryLaterError {
  return error instanceof RetryLaterError && error.code === "unavailable";
}

/**
 * A 4xx, or an answer of a wrong shape, to a request about one order concerns that order only; 401 concerns the token.
 */
function isOfThisOrder(error: unknown): error is AppError {
  return error instanceof AnswerError || (error instanceof RefusedError && error.status === 403);
}

function noteOrderError(job: Job, { order, resource }: About, error: AppError): void {
  addProblem(job, {
    code: error.code,
    order,
    ...(resource === null ? {} : { resource }),
    message: error.message,
    hint: error.hint,
  });
}

function givenUp(): RetryLaterError {
  return new RetryLaterError(
    "two orders in a row failed because of Waldur or the network, and then a request for the offering; the rest is not tried",
    {
      hint: "no order was ended because of this; the next run continues",
    },
  );
}
