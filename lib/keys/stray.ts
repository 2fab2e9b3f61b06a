// Keys of `backend_settings` that are neither ours nor the site agent's, and near none of ours. They may be for another
// program, so they are never an error; but a value without effect must be noticed. One warning for each offering, since
// every run logs it, and files of other programs may have any number of such keys.

import { wordAlike } from "../nearest.ts";
import type { Document } from "../yaml/document.ts";
import type { Findings } from "../yaml/findings.ts";
import type { Path, YamlMap } from "../yaml/map.ts";
import { OWN_KEYS } from "./levels.ts";
import { BACKEND, backendOf } from "./ours.ts";

type Strays = {
  offering: YamlMap;
  /** Of `backend_settings`. */
  path: Path;
  keys: readonly string[];
};

/** Names beyond these are only counted. */
const MOST_NAMES = 10;
const MOST_HINTS = 3;
const IGNORED = "unknown key, ignored";

/** Warns at the first of them, and names the others. */
export function warnStrayKeys(
  { offering, path, keys }: Strays,
  { document, findings }: { document: Document; findings: Findings },
): void {
  if (isOfAnotherBackend(offering)) return;
  const strays = keys.filter((key) => !document.isAnchored([...path, key]));
  const [first, ...others] = strays.filter(isShowable);
  const hidden = strays.length - others.length - (first === undefined ? 0 : 1);
  if (first !== undefined) {
    const names = others.slice(0, MOST_NAMES);
    const more = others.length - names.length + hidden;
    const also = [...names, ...(more > 0 ? [`${more} more`] : [])];
    const verb = names.length + more === 1 ? "is" : "are";
    const message = also.length === 0 ? IGNORED : `${IGNORED}, as ${verb} ${listed(also)}`;
    findings.atKey([...path, first]).warn(message, hintFor([first, ...others]));
  } else if (hidden > 0) {
    const message = `has unknown keys, ignored: ${hidden} whose names are not shown`;
    findings
      .at(path)
      .warn(message, "a name that looks like a password or a token is not repeated: remove it");
  }
}

const BACKEND_KEYS = [
  "backend_type",
  "order_processing_backend",
  "reporting_backend",
  "membership_sync_backend",
];

/** Its settings are in the same map, and are not known here. */
function isOfAnotherBackend(offering: YamlMap): boolean {
  return BACKEND_KEYS.some((key) => ![null, "", BACKEND].includes(backendOf(offering, key)));
}

const LONGEST_WORD = 24;
/** Letters and digits mixed, from this length on. */
const LIKE_A_TOKEN = 10;

/** Whatever may be a secret in the wrong place is not repeated. */
function isShowable(key: string): boolean {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return false;
  return key.split(/[_-]/).every((part) => {
    const isMixed = /\d/.test(part) && /[A-Za-z]/.test(part);
    return part.length < (isMixed ? LIKE_A_TOKEN : LONGEST_WORD);
  });
}

function hintFor(keys: readonly string[]): string {
  const meant = keys.flatMap((key) => {
    const near = wordAlike(key, OWN_KEYS.settings);
    return near === null ? [] : [{ key, near }];
  });
  const [only] = meant;
  if (only === undefined) return "correct the name, or remove the key; README.md has a table of all keys";
  if (keys.length === 1) return `did you mean ${only.near}?`;
  const pairs = meant.slice(0, MOST_HINTS).map(({ key, near }) => `${near} instead of ${key}`);
  return `did you mean ${listed(pairs)}?`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
