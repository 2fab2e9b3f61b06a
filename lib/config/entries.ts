// The entries of `offerings`, and which of them are ours.

import type { OfferingContext, PartialFile } from "./context.ts";
import { type Findings, textOf } from "./findings.ts";
import { nearestWord } from "./nearest.ts";
import { BACKEND, backendOf, modesOf } from "./ours.ts";
import { isGiven, isYamlMap, type YamlMap } from "./yaml-map.ts";

export type Entry = { index: number; given: YamlMap };

/** The maps of the list, of which anything else is reported by the schema; null where it cannot be meant so. */
export function entriesOf({ offerings }: YamlMap, findings: Findings): Entry[] | null {
  const list: unknown[] = Array.isArray(offerings) ? offerings : [];
  if (list.length > 1 && list.every((given) => isYamlMap(given) && Object.keys(given).length === 1)) {
    const hint = "write the dash before the first key of an offering only, and the others below that key";
    findings.at(["offerings", 1]).error("each line begins an offering of its own", hint);
    return null;
  }
  return list.flatMap((given, index) => (isYamlMap(given) ? [{ index, given }] : []));
}

export function openOffering(
  { index, given }: Entry,
  { offerings = [] }: PartialFile,
  findings: Findings,
): OfferingContext[] {
  const { sync, orders } = modesOf(given);
  if (!sync && !orders) return [];
  const path = ["offerings", index];
  return [
    {
      index,
      path: textOf(path),
      given,
      values: offerings[index] ?? {},
      sync,
      orders,
      at: (key) => findings.at([...path, key]),
      atSetting: (key) => findings.at([...path, "backend_settings", key]),
    },
  ];
}

export function reportNoneOfOurs(file: YamlMap, findings: Findings): void {
  const strays = ["backend_type", "order_processing_backend", "waldur_api_url"].filter((key) =>
    isGiven(file, key),
  );
  const hint =
    strays.length > 0
      ? `${strays.join(", ")} and others stand at the top level: indent them as far as the \`name\` after the dash`
      : "set backend_type (for sync) or order_processing_backend (for orders) to cscs-hpc-storage";
  findings.at(["offerings"]).error("none of the offerings is for this program", hint);
}

/** A backend that is nearly ours is probably ours: without the warning the offering would just not be there. */
export function warnNearBackend({ index, given }: Entry, findings: Findings): void {
  for (const key of ["backend_type", "order_processing_backend"]) {
    const backend = backendOf(given, key);
    if (backend === null || backend === BACKEND || nearestWord(backend, [BACKEND]) === null) continue;
    findings.at(["offerings", index, key]).warn("unknown backend, ignored", `did you mean ${BACKEND}?`);
  }
}
