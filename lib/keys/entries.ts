// The entries of `offerings`, and which of them are ours.

import { pathText } from "../json.ts";
import { nearestWord } from "../nearest.ts";
import type { Findings, Report } from "../yaml/findings.ts";
import { isGiven, isYamlMap, type YamlMap } from "../yaml/map.ts";
import type { PartialFile, PartialValues } from "./issues.ts";
import { BACKEND, backendOf, isOurs, modesOf } from "./ours.ts";

export type Entry = { index: number; given: YamlMap };

/** The maps of the list; the schema reports its other items. null, reported, where the indentation is wrong. */
export function entriesOf({ offerings }: YamlMap, findings: Findings): Entry[] | null {
  const list: unknown[] = Array.isArray(offerings) ? offerings : [];
  if (arePieces(list)) {
    const hint = "write a dash only before the first key of an offering, and the other keys below that key";
    findings.at(["offerings", 1]).error("each of these lines starts a new offering", hint);
    return null;
  }
  const entries = list.flatMap((given, index) => (isYamlMap(given) ? [{ index, given }] : []));
  const wrapped = entries.find(({ given }) => isWrapped(given));
  if (wrapped === undefined) return entries;
  const hint = "write its `name:` and all its other keys directly after the dash, without a key around them";
  findings.at(["offerings", wrapped.index]).error("the keys of this offering are one level too deep", hint);
  return null;
}

/** An item with more keys is an offering of its own. */
const MOST_IN_A_PIECE = 2;

/** Several items that are pieces of offerings: each has a key or two, and none both address and uuid. */
function arePieces(list: readonly unknown[]): boolean {
  if (list.length < 2) return false;
  return list.every((item) => {
    if (!isYamlMap(item) || isWrapped(item)) return false;
    const keys = Object.keys(item);
    const isWhole = isGiven(item, "waldur_api_url") && isGiven(item, "waldur_offering_uuid");
    return keys.length > 0 && keys.length <= MOST_IN_A_PIECE && !isWhole;
  });
}

/** `- storage:` with the keys of an offering below it. */
function isWrapped(given: YamlMap): boolean {
  const [inner, ...others] = Object.values(given);
  return others.length === 0 && isOurs(inner);
}

/** An entry of `offerings` that is ours, while the file is read. */
export type OfferingContext = {
  index: number;
  /** Such as `offerings[0]`. */
  path: string;
  /** As the file has it. */
  given: YamlMap;
  /** As the schema understands it, without invalid values, which are reported. */
  values: PartialValues;
  sync: boolean;
  orders: boolean;
  at(key: string): Report;
  atSetting(key: string): Report;
};

/** Empty for an offering of another backend. */
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
      path: pathText(path),
      given,
      values: offerings[index] ?? {},
      sync,
      orders,
      at: (key) => findings.at([...path, key]),
      atSetting: (key) => findings.at([...path, "backend_settings", key]),
    },
  ];
}

export function reportNoneOfOurs(file: YamlMap, entries: readonly Entry[], findings: Findings): void {
  const near = entries.flatMap(nearBackends);
  for (const path of near) findings.at(path).error("unknown backend", `did you mean ${BACKEND}?`);
  if (near.length > 0) return;
  const strays = ["backend_type", "order_processing_backend", "waldur_api_url"].filter((key) =>
    isGiven(file, key),
  );
  const hint =
    strays.length > 0
      ? `${strays.join(", ")} and others are at the top level: indent them like the \`name\` after the dash`
      : "set backend_type (for sync) or order_processing_backend (for orders) to cscs-hpc-storage";
  findings.at(["offerings"]).error("no offering is for this program", hint);
}

/** A backend that is nearly ours is probably ours: without the warning the offering would be ignored silently. */
export function warnNearBackend(entry: Entry, findings: Findings): void {
  for (const path of nearBackends(entry))
    findings.at(path).warn("unknown backend, ignored", `did you mean ${BACKEND}?`);
}

function nearBackends({ index, given }: Entry) {
  return ["backend_type", "order_processing_backend"].flatMap((key) => {
    const backend = backendOf(given, key);
    if (backend === null || backend === BACKEND || nearestWord(backend, [BACKEND]) === null) return [];
    return [["offerings", index, key]];
  });
}
