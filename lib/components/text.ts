// The report of `components` for people: each offering with its components, and below each what changes.

import { clean } from "../unsafe-text.ts";
import type { FieldValue } from "./definitions.ts";
import type { ComponentLine, ComponentsReport, OfferingLine } from "./report.ts";

/** Longer values, such as descriptions, are cut: two of them and a field fit into 80 columns. */
const WIDEST_VALUE = 24;

export function componentsText({ offerings, dryRun }: ComponentsReport): string {
  return offerings
    .flatMap((offering) => offeringLines(offering, dryRun))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function offeringLines({ uuid, name, components, onlyInWaldur }: OfferingLine, dryRun: boolean): string[] {
  const types = [...components.map(({ type }) => type), ...onlyInWaldur];
  const column = Math.max(0, ...types.map((type) => type.length));
  const row = (type: string, words: string) => `  ${type.padEnd(column)}  ${words}`;
  return [
    `${clean(name)} (${uuid})`,
    ...components.flatMap((component) => [
      row(component.type, wordsFor(component, dryRun)),
      ...changeLines(component),
    ]),
    ...onlyInWaldur.map((type) => row(clean(type), "only in Waldur, left as it is")),
  ];
}

function wordsFor({ action, outcome }: ComponentLine, dryRun: boolean): string {
  if (action === "unchanged") return "as in the file";
  if (outcome === "left") return `left as it is, not ${PAST[action]}`;
  if (outcome === "failed") return "sent, not confirmed";
  return dryRun ? `would be ${PAST[action]}` : PAST[action];
}

const PAST = { create: "created", update: "updated" } as const;

function changeLines({ action, changes }: ComponentLine): string[] {
  const column = Math.max(0, ...changes.map(({ field }) => field.length));
  return changes.map(({ field, from, to }) => {
    const before = action === "create" ? "" : `${shown(from)} -> `;
    return `      ${field.padEnd(column)}  ${before}${shown(to)}`;
  });
}

function shown(value: FieldValue | null): string {
  const text = value === null ? "nothing" : clean(JSON.stringify(value));
  return text.length > WIDEST_VALUE ? `${text.slice(0, WIDEST_VALUE - 3)}...` : text;
}
