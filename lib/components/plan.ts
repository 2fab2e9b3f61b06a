// What has to change so that Waldur has the components of the file: pure. Only what the file says and Waldur shows
// otherwise is changed; a value that the file does not have does not matter here, so nothing is ever wiped or
// removed.

import type { WaldurComponent, WaldurComponents } from "../waldur/offering-components.ts";
import { type ComponentDefinition, type FieldValue, keyOf } from "./definitions.ts";
import type { Change, ComponentLine, ReportedProblem } from "./report.ts";

/** What is to be done with one component, and what prevents it or is worth knowing. */
export type Step = Pick<ComponentLine, "type" | "uuid" | "action" | "changes"> & {
  /** With any of them nothing is sent for this component. */
  problems: readonly ReportedProblem[];
  notices: readonly ReportedProblem[];
};

export type Allowed = { billingChange: boolean };

/** A step for each component of the file, in its order. */
export function planComponents(
  wanted: readonly ComponentDefinition[],
  { components }: WaldurComponents,
  allowed: Allowed,
): Step[] {
  const known = components[0]?.shown ?? null;
  return wanted.map((definition) => {
    const present = components.find(({ type }) => type === definition.type);
    return present === undefined ? planNew(definition, known) : planChange(definition, present, allowed);
  });
}

/** The fields that are sent for a step, but for those that say which component is meant. */
export function fieldsOf({ changes }: Step): Readonly<Record<string, FieldValue>> {
  return Object.fromEntries(changes.map(({ field, to }) => [field, to]));
}

type Fields = ComponentDefinition["fields"];
type Shown = WaldurComponent["shown"];

/** Without another component of the offering the fields of this server are not known. */
function planNew({ type, fields }: ComponentDefinition, known: Shown | null): Step {
  const { kept, notices } = withoutUnknown(type, fields, known);
  const changes = Object.entries(kept).map(([field, to]) => ({ field, from: null, to }));
  const hasPlaces = known === null || Object.hasOwn(known, "limit_decimal_places");
  const places = hasPlaces ? (kept.limit_decimal_places ?? 0) : undefined;
  const problems = [...incomplete(type, fields), ...fractions(type, kept, places)];
  return { type, uuid: null, action: "create", changes, problems, notices };
}

function planChange({ type, fields }: ComponentDefinition, present: WaldurComponent, allowed: Allowed): Step {
  const { kept, notices } = withoutUnknown(type, fields, present.shown);
  const changes = Object.entries(kept).flatMap(([field, to]): Change[] => {
    const from = shownValue(present.shown[field], to);
    return from === to ? [] : [{ field, from, to }];
  });
  const action = changes.length === 0 ? "unchanged" : "update";
  const billing = allowed.billingChange ? [] : changes.filter(({ field }) => field === "billing_type");
  const { limit_decimal_places: places } = { ...present.shown, ...kept };
  const changed = Object.fromEntries(changes.map(({ field, to }) => [field, to]));
  const problems = [
    ...billing.map((change) => billingChanges(type, change)),
    ...fractions(type, changed, places),
  ];
  return { type, uuid: present.uuid, action, changes, problems, notices };
}

/** Fields that this server does not support would be ignored, and always differ. */
function withoutUnknown(type: string, fields: Fields, known: Shown | null) {
  const entries = Object.entries(fields);
  const unknown = known === null ? [] : entries.filter(([field]) => !Object.hasOwn(known, field));
  if (unknown.length === 0) return { kept: fields, notices: [] };
  const names = unknown.map(([field]) => keyOf(field)).join(", ");
  const message = `component ${type}: this Waldur does not support ${names}: not sent`;
  const kept = Object.fromEntries(entries.filter((entry) => !unknown.includes(entry)));
  return { kept, notices: [{ code: "field-unknown", message, component: type }] };
}

/** As the file would have it: null for nothing, and a number where Waldur writes one as text. */
function shownValue(shown: unknown, like: FieldValue): FieldValue | null {
  if (shown === null || shown === undefined || shown === "") return null;
  if (typeof like === "number" && typeof shown === "string" && Number.isFinite(Number(shown)))
    return Number(shown);
  if (typeof shown === "string" || typeof shown === "number" || typeof shown === "boolean") return shown;
  return JSON.stringify(shown);
}

function incomplete(type: string, fields: Fields): ReportedProblem[] {
  const missing = (["billing_type", "name"] as const).filter((field) => fields[field] === undefined);
  if (missing.length === 0) return [];
  const keys = missing.map(keyOf).join(" and ");
  const message = `component ${type} is not in Waldur yet, and cannot be created without ${keys}`;
  return [
    {
      code: "component-incomplete",
      message,
      component: type,
      hint: `add ${keys} to backend_components.${type}`,
    },
  ];
}

const AMOUNTS: readonly string[] = [
  "limit_amount",
  "min_value",
  "max_value",
  "max_available_limit",
  "default_limit",
];

/** Amounts with more decimal places than the component takes; undefined where this server knows no such field. */
function fractions(type: string, sent: Fields, places: unknown): ReportedProblem[] {
  const digits = typeof places === "number" ? places : 0;
  return Object.entries(sent).flatMap(([field, value]) => {
    if (!AMOUNTS.includes(field) || typeof value !== "number") return [];
    if (Number(value.toFixed(digits)) === value) return [];
    const takes = digits === 0 ? "whole numbers only" : `${digits} decimal place`;
    const message = `component ${type} takes ${takes}, and ${keyOf(field)} is ${value}`;
    const hint =
      places === undefined
        ? "this version of Waldur supports no others; use a smaller unit"
        : "set limit_decimal_places, at most 2";
    return [{ code: "component-fraction", message, component: type, hint }];
  });
}

function billingChanges(type: string, { from, to }: Change): ReportedProblem {
  return {
    code: "billing-change",
    message: `component ${type} is billed by ${from} in Waldur, but accounting_type is ${to}: left as it is`,
    component: type,
    hint: "the change affects what customers pay; --allow-billing-change allows it",
  };
}
