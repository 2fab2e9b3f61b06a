// Characters that move a cursor, start a line, turn the direction of a text or cannot be seen. People and servers put
// them into names; no terminal and no log gets one from here, and a document holds them escaped.

/** Control characters, also U+0080 to U+009F, format characters, and the two line ends of Unicode. */
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** A text in one line, for messages: each run of such characters is a space. */
export function clean(text: string): string {
  return text.replace(UNSAFE, " ");
}

/** The same, and halves of characters, which no terminal can show. */
const EACH_UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A text that is quoted: a question mark in the place of each such character shows that it is there. */
export function masked(text: string): string {
  return text.replace(EACH_UNSAFE, "?");
}

/** Those that JSON leaves as they are; the first 32 it escapes itself, but for the line breaks of its own layout. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Cf}\u2028\u2029]/u;
const EACH_UNSAFE_IN_JSON = new RegExp(UNSAFE_IN_JSON, "gu");

/** JSON with the same content whose text shows every such character as `\uXXXX`; they are in its strings alone. */
export function escapeUnsafe(json: string): string {
  if (isAscii(json) || !UNSAFE_IN_JSON.test(json)) return json;
  return json.replace(EACH_UNSAFE_IN_JSON, escaped);
}

/** Most documents are nothing but ASCII, and this is known ten times sooner than by looking at each character. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length && !text.includes("\u007f");
}

/** A character outside the first plane is two escapes, as JSON has it. */
function escaped(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return text;
}
