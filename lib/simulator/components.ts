// Components of an offering: drawing, creating and changing them.

import { type Answer, empty, json, noSuch, serverError } from "./answers.ts";
import { type Endpoint, type Exchange, providerOffering } from "./exchange.ts";
import { parseUuid, uuidOf } from "./identity.ts";
import { isTable } from "./lifecycle.ts";
import type { Component, Offering } from "./model.ts";

const COMPONENT_DEFAULTS = {
  description: "",
  measured_unit: "",
  limit_period: null,
  limit_amount: null,
  article_code: "",
  max_value: null,
  min_value: null,
  max_available_limit: null,
  is_boolean: false,
  default_limit: null,
  factor: null,
  is_builtin: false,
} as const;

/** A component as an offering shows it. */
export function drawComponent({ uuid, type, name, billingType, measuredUnit, extra }: Component) {
  const known = Object.entries(extra).filter(([key]) => key in COMPONENT_DEFAULTS);
  const named = { uuid, billing_type: billingType, type, name };
  return { ...named, ...COMPONENT_DEFAULTS, ...Object.fromEntries(known), measured_unit: measuredUnit };
}

/** Creating and changing the components of an offering. */
export const OFFERING_ACTIONS: Readonly<Record<string, Endpoint>> = {
  create_offering_component: onOffering(createComponent),
  update_offering_component: onOffering(updateComponent),
};

function onOffering(step: (exchange: Exchange, offering: Offering) => Answer): Endpoint {
  return (exchange, uuid) => {
    const offering = providerOffering(exchange, uuid);
    return offering === undefined ? noSuch("Offering") : step(exchange, offering);
  };
}

type Sent = Readonly<Record<string, unknown>>;

/** A type that is there already breaks the server instead of being refused. */
function createComponent({ world, body }: Exchange, offering: Offering): Answer {
  const sent: Sent = isTable(body) ? body : {};
  const missing = ["billing_type", "type", "name"].filter((key) => sent[key] === undefined);
  if (missing.length > 0) {
    return json(400, Object.fromEntries(missing.map((key) => [key, ["This field is required."]])));
  }
  const complaints = componentComplaints(sent);
  if (complaints !== undefined) return complaints;
  if (offering.components.some(({ type }) => type === sent.type)) return serverError();
  const uuid = uuidOf(world.seed, "component", 100 + offering.components.length);
  const blank = { uuid, type: "", name: "", billingType: "", measuredUnit: "", extra: {} };
  offering.components.push(withSent(blank, sent));
  return empty(201);
}

function updateComponent({ body }: Exchange, offering: Offering): Answer {
  const sent: Sent = isTable(body) ? body : {};
  if (sent.uuid === undefined) return json(400, { details: "UUID for offering component was not provided." });
  const uuid = parseUuid(String(sent.uuid));
  const index = offering.components.findIndex((one) => one.uuid === uuid);
  const present = offering.components[index];
  if (present === undefined) return empty(404);
  const complaints = componentComplaints(sent);
  if (complaints !== undefined) return complaints;
  const taken = offering.components.some((one) => one !== present && one.type === sent.type);
  if (taken) return serverError();
  offering.components[index] = withSent(present, sent);
  return empty();
}

const BILLING_TYPES = ["fixed", "usage", "limit", "one", "few"];

function componentComplaints(sent: Sent): Answer | undefined {
  const { billing_type, type, measured_unit } = sent;
  if (billing_type !== undefined && !BILLING_TYPES.includes(String(billing_type)))
    return json(400, { billing_type: [`"${String(billing_type)}" is not a valid choice.`] });
  if (type !== undefined && !/^[a-zA-Z0-9_\-/:]+$/.test(String(type)))
    return json(400, { type: ["Enter a valid value."] });
  if (String(measured_unit ?? "").length > 30)
    return json(400, { measured_unit: ["Ensure this field has no more than 30 characters."] });
  return undefined;
}

function withSent(present: Component, sent: Sent): Component {
  const text = (key: string, otherwise: string) => (sent[key] === undefined ? otherwise : String(sent[key]));
  return {
    uuid: present.uuid,
    type: text("type", present.type),
    name: text("name", present.name),
    billingType: text("billing_type", present.billingType),
    measuredUnit: text("measured_unit", present.measuredUnit),
    extra: { ...present.extra, ...sent },
  };
}
