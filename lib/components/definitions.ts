// What `backend_components` says of each component besides its unit: the keys by which the site agent sets up an
// offering. Only the command `components` reads them, and only there a mistake in them is an error: runs ignore
// them. Null and blank mean that the file says nothing.

import * as v from "valibot";
import type { OfferingContext } from "../keys/entries.ts";
import { anyText, type Check, flag, notNumber, textOrBlank, wholeNumber, word } from "../keys/kinds.ts";
import { AGENT_KEYS, OWN_KEYS } from "../keys/levels.ts";
import { nearestWord } from "../nearest.ts";
import type { Findings } from "../yaml/findings.ts";
import { isYamlMap, type Path, type YamlMap } from "../yaml/map.ts";

export type ComponentField =
  | Exclude<keyof typeof FIELDS, "accounting_type" | "label" | "limit">
  | RenamedField;
type RenamedField = "billing_type" | "name" | "limit_amount";
export type FieldValue = string | number | boolean;

/** One component as the file wants it, by Waldur's names of the fields. */
export type ComponentDefinition = {
  type: string;
  fields: Readonly<Partial<Record<ComponentField, FieldValue>>>;
};

const atMost =
  (longest: number): Check =>
  (text) =>
    text.length > longest ? `has more than ${longest} characters` : null;

const NOT_AMOUNT = "must be a number of at least 0, with at most two decimal places";

/** Waldur keeps two decimal places at most; how many a component takes depends on the component. */
const amount = v.pipe(
  v.number(notNumber(NOT_AMOUNT)),
  v.check((value) => value >= 0 && value <= Number.MAX_SAFE_INTEGER, NOT_AMOUNT),
  v.check((value) => Number(value.toFixed(2)) === value, NOT_AMOUNT),
);

const months = wholeNumber(0, 1200);

const FIELDS = {
  accounting_type: word(["usage", "limit", "one"]),
  label: textOrBlank(atMost(150)),
  measured_unit: textOrBlank(atMost(30)),
  description: anyText("must be text\nput it in quotes"),
  article_code: textOrBlank(atMost(30)),
  limit: amount,
  min_value: amount,
  max_value: amount,
  max_available_limit: amount,
  default_limit: amount,
  limit_period: word(["annual", "month", "quarterly", "total"]),
  limit_decimal_places: wholeNumber(0, 2),
  is_boolean: flag,
  is_prepaid: flag,
  min_prepaid_duration: months,
  max_prepaid_duration: months,
  prepaid_duration_step: months,
  min_renewal_duration: months,
  max_renewal_duration: months,
  renewal_duration_step: months,
} as const;

const Definition = v.partial(v.object(FIELDS));

/** Waldur's names of the keys that are called otherwise in the file. */
const NAMES: Readonly<Record<string, string>> = {
  accounting_type: "billing_type",
  label: "name",
  limit: "limit_amount",
};

/** The key of the file for a field of Waldur's, for messages. */
export function keyOf(field: string): string {
  return Object.entries(NAMES).find(([, name]) => name === field)?.[0] ?? field;
}

/** The components of an offering, in the order of the file; what is wrong is reported. */
export function readDefinitions(offering: OfferingContext, findings: Findings): ComponentDefinition[] {
  const components = offering.given.backend_components;
  const path: Path = ["offerings", offering.index, "backend_components"];
  return entriesOf(components).flatMap(([type, given]) => {
    const place = [...path, type];
    if (!/^[a-zA-Z0-9_\-/:]{1,50}$/.test(type)) {
      const problem =
        "the name of a component in Waldur may contain only letters, digits, `_`, `-`, `/` and `:`";
      (isYamlMap(components) ? findings.atKey(place) : findings.at(path)).error(problem);
    }
    return [{ type, fields: fieldsOf(given, place, findings) }];
  });
}

/** A list has names alone; the schema of the file reports what is not a map. */
function entriesOf(components: unknown): (readonly [string, YamlMap])[] {
  if (Array.isArray(components)) return components.filter(isText).map((type) => [type, {}] as const);
  if (!isYamlMap(components)) return [];
  return Object.entries(components).map(([type, given]) => [type, isYamlMap(given) ? given : {}] as const);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function fieldsOf(given: YamlMap, place: Path, findings: Findings): ComponentDefinition["fields"] {
  reportNearMisses(given, place, findings);
  const stated = Object.entries(given).filter(([key, value]) => Object.hasOwn(FIELDS, key) && value !== null);
  const parsed = v.safeParse(Definition, Object.fromEntries(stated));
  for (const issue of parsed.issues ?? []) {
    const key = String(issue.path?.[0]?.key ?? "");
    // What the runs check too, they report.
    if (OWN_KEYS.component.includes(key)) continue;
    const [problem = "", hint] = issue.message.split("\n", 2);
    findings.at([...place, key]).error(problem, hint);
  }
  if (!parsed.success) return {};
  const values = Object.entries(parsed.output).filter(([, value]) => value !== null);
  const fields = Object.fromEntries(values.map(([key, value]) => [NAMES[key] ?? key, value]));
  reportContradictions(parsed.output, place, findings);
  return fields;
}

function reportNearMisses(given: YamlMap, place: Path, findings: Findings): void {
  const known = new Set([...OWN_KEYS.component, ...AGENT_KEYS.component, ...Object.keys(FIELDS)]);
  for (const key of Object.keys(given)) {
    if (known.has(key) || nearestWord(key, OWN_KEYS.component) !== null) continue;
    const near = nearestWord(key, Object.keys(FIELDS));
    if (near !== null) findings.atKey([...place, key]).error("unknown key", `did you mean ${near}?`);
  }
}

/** Waldur sets these itself for boolean components, so that they would always differ. */
const OF_BOOLEAN: Readonly<Record<string, FieldValue | null>> = {
  min_value: 0,
  max_value: 1,
  limit_period: "month",
  limit: null,
};

function reportContradictions(
  values: v.InferOutput<typeof Definition>,
  place: Path,
  findings: Findings,
): void {
  if (values.is_boolean === true) {
    for (const [key, settled] of Object.entries(OF_BOOLEAN)) {
      const value = Reflect.get(values, key);
      if (value === undefined || value === settled) continue;
      const message = `Waldur sets this itself where is_boolean is true${settled === null ? "" : `, to ${settled}`}`;
      findings.at([...place, key]).error(message, "leave it out");
    }
    return;
  }
  const { min_value: least = 0, max_value: most = Number.POSITIVE_INFINITY } = values;
  if (least > most) findings.at([...place, "min_value"]).error(`is greater than max_value (${most})`);
}
