// Rows of resources beside the list that is being read: one of them alone, or those of a page once more, with other
// columns. What they show of the list is not what it was, so a row that left it meanwhile makes the list one that
// moved.

import { AnswerError } from "../errors.ts";
import { TooLarge } from "./body.ts";
import type { Reader } from "./client.ts";
import { ListMoved, type Span } from "./page-source.ts";
import type { Query } from "./send.ts";
import { RESOURCES_PATH } from "./vocabulary.ts";
import { parseRows, parseUuid, unreadRow } from "./wire.ts";
import { parseStateRow } from "./wire-resource.ts";

/**
 * The row of a resource that was listed a moment ago.
 * @throws ListMoved when it is gone or Terminated by now
 */
export async function fetchListedRow(
  reader: Reader,
  uuid: string,
  field: readonly string[],
): Promise<unknown> {
  const path = `${RESOURCES_PATH}${uuid}/`;
  try {
    const { body } = await reader.get(path, { field });
    const row = parseStateRow(body);
    if (row.uuid !== uuid) throw new AnswerError(`GET ${path} answered with another resource, ${row.uuid}`);
    if (row.state === "Terminated") throw new ListMoved(`resource ${uuid} was terminated in the meantime`);
    return body;
  } catch (error) {
    if (error instanceof TooLarge) return unreadRow({ uuid }, error.what);
    if (error instanceof AnswerError && error.code === "not-found")
      throw new ListMoved(`resource ${uuid} is gone`);
    throw error;
  }
}

/** The rows of a page once more, by uuid; none when it has too much in it to be read at once. */
export async function fetchPageAgain(
  reader: Reader,
  query: Query,
  { number, size }: Span,
): Promise<ReadonlyMap<string, unknown>> {
  try {
    const { body } = await reader.get(RESOURCES_PATH, { ...query, page: number, page_size: size });
    return new Map(parseRows(body, RESOURCES_PATH).map((row) => [parseUuid(row, "a resource"), row]));
  } catch (error) {
    if (error instanceof TooLarge) return new Map();
    if (error instanceof AnswerError && error.code === "not-found" && number > 1)
      throw new ListMoved(`page ${number} is gone`);
    throw error;
  }
}
