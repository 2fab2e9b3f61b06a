// The components of an offering: what its resources may have limits of, reading them, and the two things that may be
// done with them. A component is never removed, and its price is never changed.

import * as v from "valibot";
import type { Actor, Posted, Reader } from "./client.ts";
import { findOfferingWith, type OfferingPlace, requireType } from "./offering.ts";
import type { PostBody } from "./send.ts";
import { OFFERINGS_PATH } from "./vocabulary.ts";
import { parseOrThrow, Text, Uuid } from "./wire.ts";

const Component = v.object({ type: v.string(), billing_type: Text, measured_unit: Text });
const Answer = v.object({ components: v.nullish(v.array(Component), []) });

export type OfferingComponent = { type: string; billingType: string; unit: string };

export async function fetchComponents(reader: Reader, offering: string): Promise<OfferingComponent[]> {
  const { body } = await reader.get(`${OFFERINGS_PATH}${offering}/`, { field: "components" });
  const { components } = parseOrThrow(Answer, body, "the offering's components");
  return components.map(({ type, billing_type, measured_unit }) => ({
    type,
    billingType: billing_type,
    unit: measured_unit,
  }));
}

/** `shown` is the component as Waldur shows it: a field that is not there the server does not know. */
export type WaldurComponent = {
  uuid: string;
  type: string;
  shown: Readonly<Record<string, unknown>>;
};

export type WaldurComponents = { isArchived: boolean; components: readonly WaldurComponent[] };

const ShownAnswer = v.object({
  state: Text,
  components: v.array(v.looseObject({ uuid: Uuid, type: v.string() })),
});

/**
 * The components as they are now. Throws `ConfigError` when Waldur does not know the offering or it is of another type.
 */
export async function fetchShownComponents(
  reader: Reader,
  offering: string,
  config: OfferingPlace,
): Promise<WaldurComponents> {
  const more = ["state", "components"];
  const { offering: found, body } = await findOfferingWith(reader, offering, { config, more });
  await requireType(found, config);
  const { state, components } = parseOrThrow(ShownAnswer, body, "the components of the offering");
  return {
    isArchived: state === "Archived",
    components: components.map((shown) => ({ uuid: shown.uuid, type: shown.type, shown })),
  };
}

/** A type that is there already is a 500 on a server of 2024 and a 400 on newer ones; the caller reads back. */
export function createComponent(actor: Actor, offering: string, fields: PostBody): Promise<Posted> {
  return actor.post(`${OFFERINGS_PATH}${offering}/create_offering_component/`, fields);
}

/** Changes the fields that are sent and leaves all others; `fields` has the uuid of the component. */
export function updateComponent(actor: Actor, offering: string, fields: PostBody): Promise<Posted> {
  return actor.post(`${OFFERINGS_PATH}${offering}/update_offering_component/`, fields);
}
