// The components of an offering: what its resources may have limits of.

import * as v from "valibot";
import type { Reader } from "./client.ts";
import { parseOrThrow, Text } from "./wire.ts";

const Component = v.object({ type: v.string(), billing_type: Text, measured_unit: Text });
const Answer = v.object({ components: v.nullish(v.array(Component), []) });

export type OfferingComponent = { type: string; billingType: string; unit: string };

export async function fetchComponents(reader: Reader, offering: string): Promise<OfferingComponent[]> {
  const { body } = await reader.get(`marketplace-provider-offerings/${offering}/`, { field: "components" });
  const { components } = parseOrThrow(Answer, body, "the offering's components");
  return components.map(({ type, billing_type, measured_unit }) => ({
    type,
    billingType: billing_type,
    unit: measured_unit,
  }));
}
