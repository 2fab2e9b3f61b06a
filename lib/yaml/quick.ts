// Simple YAML, read by the runtime's own parser. The library, which knows every place, takes 5 of the 20 ms of an idle
// pass, and places are needed only for messages. The two parsers agree on files in which each line is a simple key,
// list item or comment (a property test compares them on lines of every kind). Other files, and files with what the
// runtime's parser accepts silently, such as a key that appears twice, are left to the library.

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
