// `active_if`: on the passive one of two gateways a run does nothing, and logs nothing.

import { RetryLaterError } from "../errors.ts";
import { answerOf, look, type TouchLimits } from "../places/answers.ts";

/**
 * Whether the file that makes a gateway the active one is missing. Anything but its absence is not an answer.
 * @throws RetryLaterError when that cannot be found out
 */
export async function isAbsent(path: string, limits: TouchLimits): Promise<boolean> {
  const error = await answerOf(look(path), `${path} (active_if)`, limits);
  if (error === null) return false;
  if (error.code === "ENOENT") return true;
  throw new RetryLaterError(
    `cannot find out whether this gateway is active: ${path} (active_if): ${error.code}`,
    {
      code: "unresponsive",
      cause: error,
      hint: "only a missing file makes a gateway passive; check the path and its permissions",
    },
  );
}
