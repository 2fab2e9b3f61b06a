// Resources as messages name them: a person knows names, not uuids.

import { AnswerError } from "../errors.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchResource } from "../waldur/orders.ts";
import type { Named } from "./problems.ts";

/** The uuid alone where Waldur does not know the resource any more, or gives no usable names for it. */
export async function fetchName(reader: Reader, uuid: string): Promise<Named> {
  try {
    const resource = await fetchResource(reader, uuid);
    if (resource === null) return { uuid };
    return { uuid, name: resource.slug, project: resource.projectName || resource.projectSlug };
  } catch (error) {
    if (error instanceof AnswerError) return { uuid };
    throw error;
  }
}
