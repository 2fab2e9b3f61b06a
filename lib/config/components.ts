// `backend_components`: which component carries the space quota, and how its unit becomes terabytes.

import type { StorageComponent } from "./config.ts";
import type { Context } from "./context.ts";
import { warnUnknownKeys } from "./known-keys.ts";
import { readNumber, readWord } from "./readers.ts";
import { emptySection, isNull, openSection, type Section, type Spot } from "./section.ts";

const DEFAULT: StorageComponent = { name: "storage", unitFactor: 1 };
const readFactor = readNumber({ above: 0 });
const readAccountingType = readWord(["usage", "limit", "one"]);

/** The component `storage`, or the only one there is; without any the default (docs/contract.md, "Configuration"). */
export function readComponent(offering: Section, context: Context): StorageComponent {
  const spot = offering.spot("backend_components");
  const section = spot && openSection(spot, context);
  if (!spot || !section) return DEFAULT;
  const components = Array.from(section.entries, ([name, at]) => readOne(name, at, context));
  const chosen = components.find(({ name }) => name === "storage") ?? components[0];
  if (components.length > 1 && chosen?.name !== "storage") {
    const hint = "name the one that carries the space quota `storage`";
    context.findings.error(spot, "has several components, and none is named storage", hint);
  }
  return chosen ?? DEFAULT;
}

function readOne(name: string, spot: Spot, context: Context): StorageComponent {
  const section = isNull(spot) ? emptySection(spot, context.findings) : openSection(spot, context);
  if (section === null) return { name, unitFactor: 1 };
  warnUnknownKeys(section, "component", context.findings);
  section.read("accounting_type", readAccountingType, null);
  return { name, unitFactor: section.read("unit_factor", readFactor, 1) };
}
