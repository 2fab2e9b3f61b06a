// Whether resources are Terminated: one request each where they are few, the list of all where they are many.

import { createUuidSet, type UuidSet } from "../key-set.ts";
import type { Reader } from "./client.ts";
import { fetchResourceState } from "./orders.ts";
import { readList } from "./pages.ts";
import { RESOURCES_PATH } from "./vocabulary.ts";
import { parseUuid } from "./wire.ts";

/** From here on the list costs less. */
const MOST_ASKED = 50;

/** Those of the resources that Waldur says are Terminated. One that it does not know any more is not among them. */
export async function findTerminated(
  reader: Reader,
  offering: string,
  uuids: readonly string[],
): Promise<string[]> {
  if (uuids.length > MOST_ASKED) {
    const terminated = await listTerminated(reader, offering);
    return uuids.filter((uuid) => terminated.has(uuid));
  }
  const found: string[] = [];
  for (const uuid of uuids) {
    if ((await fetchResourceState(reader, uuid)) === "Terminated") found.push(uuid);
  }
  return found;
}

function listTerminated(reader: Reader, offering: string): Promise<UuidSet> {
  const query = { offering_uuid: offering, visible_to_providers: "true", state: "Terminated", field: "uuid" };
  return readList(reader, { path: RESOURCES_PATH, query, what: "resource", parallel: 1 }, async (parts) => {
    const uuids = createUuidSet();
    for await (const { rows } of parts) for (const row of rows) uuids.add(parseUuid(row, "a resource"));
    return uuids;
  });
}
