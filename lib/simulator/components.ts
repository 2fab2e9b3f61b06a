// Components of an offering: drawing, creating and changing them.

import { isTable } from "../json.ts";
import { type Answer, empty, forbidden, json, noSuch, serverError } from "./answers.ts";
import { componentComplaint, componentDefaults, settledFields } from "./component-fields.ts";
import { type Endpoint, type Exchange, providerOffering } from "./exchange.ts";
import { parseUuid, uuidOf } from "./identity.ts";
import type { Component, Generation, Offering } from "./model.ts";

/** A component as an offering of such a server shows it. */
export function drawComponent(component: Component, generation: Generation) {
  const { uuid, type, name, billingType, measuredUnit, extra } = component;
  const defaults = componentDefaults(generation);
  const known = Object.entries(extra).filter(([key]) => key in defaults);
  const named = { uuid, billing_type: billingType, type, name };
  return { ...named, ...defaults, ...Object.fromEntries(known), measured_unit: measuredUnit };
}

/** Creating and changing the components of an offering. */
export const OFFERING_ACTIONS: Readonly<Record<string, Endpoint>> = {
  create_offering_component: onOffering(createComponent),
  update_offering_component: onOffering(updateComponent),
};

/** The right is asked about before the state of the offering. */
function onOffering(step: (exchange: Exchange, offering: Offering) => Answer): Endpoint {
  return (exchange, uuid) => {
    const offering = providerOffering(exchange, uuid);
    if (offering === undefined) return noSuch("Offering");
    if (!offering.ownerMayChangeComponents && exchange.caller.role !== "staff") return forbidden();
    if (offering.state === "Archived") return json(400, ["It is not possible to update archived offering."]);
    return step(exchange, offering);
  };
}

type Sent = Readonly<Record<string, unknown>>;

/** A type that is there already breaks a server of 2024; a newer one refuses it. */
function createComponent({ world, body }: Exchange, offering: Offering): Answer {
  const sent: Sent = isTable(body) ? body : {};
  const missing = ["billing_type", "type", "name"].filter((key) => sent[key] === undefined);
  if (missing.length > 0) {
    return json(400, Object.fromEntries(missing.map((key) => [key, ["This field is required."]])));
  }
  const complaint = componentComplaint(sent, world.generation);
  if (complaint !== undefined) return complaint;
  if (offering.components.some(({ type }) => type === sent.type)) {
    return world.generation === "2024"
      ? serverError()
      : json(400, [`Component ${String(sent.type)} already exists.`]);
  }
  const uuid = uuidOf(world.seed, "component", 100 + offering.components.length);
  const blank = { uuid, type: "", name: "", billingType: "", measuredUnit: "", extra: {} };
  offering.components.push(withSent(blank, settledFields(sent, world.generation)));
  return empty(201);
}

function updateComponent({ world, body }: Exchange, offering: Offering): Answer {
  const sent: Sent = isTable(body) ? body : {};
  if (sent.uuid === undefined) return json(400, { details: "UUID for offering component was not provided." });
  const uuid = parseUuid(String(sent.uuid));
  const index = offering.components.findIndex((one) => one.uuid === uuid);
  const present = offering.components[index];
  if (present === undefined) return empty(404);
  const complaint = componentComplaint(sent, world.generation, present);
  if (complaint !== undefined) return complaint;
  const taken = offering.components.some((one) => one !== present && one.type === sent.type);
  if (taken) return serverError();
  offering.components[index] = withSent(present, settledFields(sent, world.generation));
  return empty();
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
