// Unknown keys. One that is nearly a key of ours, or a key of ours at another level, is a misspelt one: where the right
// key is missing, its value would have no effect, so it is an error in an offering that this command takes. Elsewhere
// it is a warning. Other unknown keys of settings are a warning (stray.ts).

import { pathText } from "../json.ts";
import { nearestWord } from "../nearest.ts";
import type { Document } from "../yaml/document.ts";
import type { Findings } from "../yaml/findings.ts";
import { isGiven, isYamlMap, type Path, type YamlMap } from "../yaml/map.ts";
import { AGENT_KEYS, type Level, NAME_OF_LEVEL, OWN_KEYS } from "./levels.ts";

/** The maps around an offering, innermost last, and where they stand. */
type Maps = Partial<Record<Level, { map: YamlMap; path: Path }>>;

type Judge = {
  document: Document;
  findings: Findings;
  /** Paths of keys that are misspelt; those of settings have no entry, because all of them may be missing. */
  meant: Set<string>;
};

/** Whether a message may repeat the key; any other word could be a secret in the wrong place. */
export function isKnownKey(key: string): boolean {
  return [OWN_KEYS, AGENT_KEYS].some((levels) => Object.values(levels).some((keys) => keys.includes(key)));
}

/** Reports unknown keys at the top and in offerings of ours; returns the paths of the missing keys that they mean. */
export async function reportUnknownKeys(
  file: YamlMap,
  offerings: readonly { index: number; isTaken: boolean }[],
  into: Omit<Judge, "meant">,
): Promise<ReadonlySet<string>> {
  const judge: Judge = { ...into, meant: new Set() };
  // A key at the top matters for no offering, unless there is none.
  judgeMap("top", { top: { map: file, path: [] } }, { judge, isTaken: !isGiven(file, "offerings") });
  for (const { index, isTaken } of offerings) {
    const maps = mapsOf(file, index);
    judgeMap("offering", maps, { judge, isTaken });
    const strays = judgeMap("settings", maps, { judge, isTaken });
    if (isTaken && strays.length > 0 && maps.offering && maps.settings)
      (await import("./stray.ts")).warnStrayKeys(
        { offering: maps.offering.map, path: maps.settings.path, keys: strays },
        into,
      );
    const { map, path = [] } = mapAt(maps.offering, "backend_components") ?? {};
    for (const name of Object.keys(map ?? {})) {
      const component = mapAt(map && { map, path }, name);
      if (component) judgeMap("component", { ...maps, component }, { judge, isTaken });
    }
  }
  return judge.meant;
}

function mapsOf(file: YamlMap, index: number): Maps {
  const list = Array.isArray(file.offerings) ? file.offerings : [];
  const map: unknown = list[index];
  const offering = isYamlMap(map) ? { map, path: ["offerings", index] } : undefined;
  const settings = mapAt(offering, "backend_settings");
  return { top: { map: file, path: [] }, ...(offering && { offering }), ...(settings && { settings }) };
}

function mapAt(outer: Maps[Level], key: string): Maps[Level] {
  const map = outer?.map[key];
  return outer && isYamlMap(map) ? { map, path: [...outer.path, key] } : undefined;
}

type Meant = { key: string; level: Level };

/** Returns the unknown keys that are near no key of ours. */
function judgeMap(
  level: Level,
  maps: Maps,
  { judge, isTaken }: { judge: Judge; isTaken: boolean },
): readonly string[] {
  const strays: string[] = [];
  const { map, path } = maps[level] ?? { map: {}, path: [] };
  for (const key of Object.keys(map)) {
    if (OWN_KEYS[level].includes(key) || AGENT_KEYS[level].includes(key)) continue;
    const meant = meaningOf(key, level);
    if (meant === null) {
      strays.push(key);
      continue;
    }
    if (isUnused(meant, maps)) continue;
    const place = [...path, key];
    const report = judge.findings.atKey(place);
    const isLost =
      isTaken && !isGiven(maps[meant.level]?.map, meant.key) && !judge.document.isAnchored(place);
    const [message, hint] = wordsFor(meant, { level, isLost });
    if (isLost) {
      judge.meant.add(pathText([...(maps.offering?.path ?? []), meant.key]));
      report.error(message, hint);
    } else report.warn(message, hint);
  }
  return strays;
}

/** Files of the Python plugin, and of other programs, have such keys of their own. */
function isUnused({ key }: Meant, { settings }: Maps): boolean {
  return key.startsWith("hpc_user_") && settings?.map.unix_gid !== "http";
}

/** Shorter words are near too many. */
const LONG = 8;

/** The key of ours that was probably meant: a similar one at this level, else this one or a similar one at another. */
function meaningOf(key: string, level: Level): Meant | null {
  const near = nearestWord(key, OWN_KEYS[level]);
  if (near !== null) return { key: near, level };
  const others = (["settings", "offering", "top"] as const).filter((other) => other !== level);
  const home = others.find((other) => OWN_KEYS[other].includes(key));
  if (home !== undefined) return { key, level: home };
  for (const other of level === "component" || key.length < LONG ? [] : others) {
    const there = nearestWord(key, OWN_KEYS[other]);
    if (there !== null) return { key: there, level: other };
  }
  return null;
}

function wordsFor(
  { key, level: home }: Meant,
  { level, isLost }: { level: Level; isLost: boolean },
): [message: string, hint?: string] {
  if (home === level) return [isLost ? "unknown key" : "unknown key, ignored", `did you mean ${key}?`];
  const where = NAME_OF_LEVEL[home];
  return isLost
    ? [`is not a key of ${NAME_OF_LEVEL[level]}`, `did you mean ${key} of ${where}?`]
    : [`ignored here: it is a key of ${where}`];
}
