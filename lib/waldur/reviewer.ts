// Who accepted an order, compared with the user of the token: asked only where an order looks accepted from elsewhere.
// No name leaves this file.

import * as v from "valibot";
import { AnswerError, RefusedError } from "../errors.ts";
import type { Reader } from "./client.ts";
import { ME_PATH, ORDERS_PATH } from "./vocabulary.ts";

const Reviewed = v.object({ provider_reviewed_by: v.nullish(v.string(), null) });
const Me = v.object({ username: v.string() });

/** False also where the server does not say. */
export async function isReviewedByOwnUser(reader: Reader, order: string): Promise<boolean> {
  try {
    const field = ["uuid", "provider_reviewed_by"];
    const reviewed = await reader.get(`${ORDERS_PATH}${order}/`, { field });
    const reviewer = v.safeParse(Reviewed, reviewed.body);
    if (!reviewer.success || (reviewer.output.provider_reviewed_by ?? "") === "") return false;
    const me = v.safeParse(Me, (await reader.get(ME_PATH, { field: ["uuid", "username"] })).body);
    return me.success && me.output.username === reviewer.output.provider_reviewed_by;
  } catch (error) {
    // A server that refuses or changes these leaves the evidence out; the order continues.
    if (error instanceof AnswerError || (error instanceof RefusedError && error.status === 403)) return false;
    throw error;
  }
}
