// Plain YAML by the runtime's own parser. The library that knows every place costs 5 of the 19 ms of an idle pass, and
// places are needed only where there is something to report. The two parsers agree on files of which each line is a
// simple key, list item or comment (a property test compares them on lines of every kind); whatever else is in a
// file, and what the runtime's parser ignores without a message, such as a key that appears twice, is left to the
// library.

/** The values of such a file; undefined for any other. */
export function quickValues(text: string): unknown {
  if (ODD_CHARACTER.test(text)) return undefined;
  const lines = text.split("\n");
  if (lines[0] === "---") lines.shift();
  let keys = 0;
  for (const line of lines) {
    const [matches, key] = LINE.exec(line) ?? [];
    if (matches === undefined) return undefined;
    if (key !== undefined) keys += 1;
  }
  try {
    const values: unknown = Bun.YAML.parse(text);
    return keysIn(values) === keys ? values : undefined;
  } catch {
    return undefined;
  }
}

const QUOTED = String.raw`"[^"\\]*"|'[^']*'`;
/** No number but a decimal one, no word that YAML 1.1 or 1.2 has a meaning for, no colon at the end of a word. */
const NUMBER = String.raw`(?:0|-?[1-9]\d{0,14})(?:\.\d{1,14})?`;
const WORD = String.raw`(?!(?:null|yes|no|on|off|y|n|true|false) *(?:$|#))[A-Za-z/](?:[\w./@+~=,{}%$-]|:(?=[\w/]))*(?: [\w/$-]+)*`;
/** A uuid or a token. Without another letter than e it could be a number. */
const HEX = String.raw`(?=\w*[a-df])[0-9a-f]{32,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`;
const VALUE = `(?:true|false|${NUMBER}|${WORD}|${HEX}|${QUOTED})`;
const LINE = new RegExp(
  String.raw`^ *(?:#.*|(?:- +)?(?:([A-Za-z_][\w-]*):(?: +${VALUE})?|${VALUE})(?: *| +#.*))?$`,
  "i",
);
const ODD_CHARACTER = /[^\n -~\u00a1-\u1fff]/;

function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, inner) => sum + keysIn(inner), own);
}
