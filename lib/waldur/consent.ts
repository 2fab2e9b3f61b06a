// Changes without consent. Newer servers set a resource to Updating or Terminating as soon as the order
// is placed; until the consumer's side has agreed, nothing is being done to it, and it may never be (docs/waldur.md,
// "Consent").

import * as v from "valibot";
import { AnswerError } from "../errors.ts";
import { createUuidSet, type UuidSet } from "../key-set.ts";
import type { Reader } from "./client.ts";
import { readList } from "./pages.ts";
import { NOT_AGREED, ORDERS_PATH, PENDING_CONSUMER } from "./vocabulary.ts";
import { parseOrThrow, Uuid } from "./wire.ts";

const CHANGES: ReadonlySet<string> = new Set(["Update", "Terminate"]);

const FIELDS = ["uuid", "type", "state", "offering_uuid", "marketplace_resource_uuid"] as const;
const Row = v.object({
  type: v.string(),
  state: v.string(),
  offering_uuid: v.optional(Uuid),
  marketplace_resource_uuid: v.nullish(Uuid, null),
});

/**
 * The uuids of resources with an Update or Terminate order that waits for consent, or for its day.
 * `isCurrent`: the server is known to be no server of 2024. Of those between, some do not know the newer states.
 * @throws AnswerError when the list cannot be had or is of another offering: then no state can be trusted
 */
export async function fetchUnconsentedResources(
  reader: Reader,
  offeringUuid: string,
  isCurrent: boolean,
): Promise<Pick<UuidSet, "has">> {
  if (!isCurrent) return listResources(reader, offeringUuid, PENDING_CONSUMER);
  try {
    return await listResources(reader, offeringUuid, NOT_AGREED);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    return listResources(reader, offeringUuid, PENDING_CONSUMER);
  }
}

function listResources(reader: Reader, offeringUuid: string, states: readonly string[]): Promise<UuidSet> {
  const query = { offering_uuid: offeringUuid, state: states, o: "created", field: FIELDS };
  return readList(reader, { path: ORDERS_PATH, query, what: "order", parallel: 1 }, async (parts) => {
    const resources = createUuidSet();
    for await (const { rows } of parts) {
      for (const row of rows) {
        const order = parseOrThrow(Row, row, "an order");
        if (order.offering_uuid !== offeringUuid) throw foreign(order.offering_uuid, offeringUuid);
        const { marketplace_resource_uuid: resource } = order;
        // A server that ignores the filter by state would have every change wait for consent.
        const waits = CHANGES.has(order.type) && states.includes(order.state);
        if (waits && resource !== null) resources.add(resource);
      }
    }
    return resources;
  });
}

function foreign(found: string | undefined, offeringUuid: string): AnswerError {
  return new AnswerError(
    `GET ${ORDERS_PATH} for offering ${offeringUuid} gave an order of offering ${found ?? "(none)"}`,
    { hint: "this server seems to ignore the filter by offering; nothing was published" },
  );
}
