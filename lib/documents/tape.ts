// JSON as a stream: values are taken one after the other, so that a document of any length and any layout is read
// without being held. Knows nothing of what the values mean, and repairs nothing.

/** Why a text is not JSON; `isCut` when it ends too early. */
export class NotJson extends Error {
  readonly isCut: boolean;

  constructor(fault: string, isCut = false) {
    super(fault);
    this.isCut = isCut;
  }
}

export type Taken = {
  value: unknown;
  /** As it is in the file. */
  text: string;
};

export type Tape = {
  /** The next character that is no blank, which is not taken; empty at the end. */
  peek(): string;
  /** Takes that character; throws `NotJson` when it is another one. */
  expect(character: string): void;
  /** Takes a whole value; throws `NotJson` where none is. */
  take(): Taken;
};

/** An entry of a document as this program, or anybody's printer with two spaces, lays it out. */
const ENTRY_START = '{\n        "';
const ENTRY_END = "\n      }";
/**
 * No value of a document is as long; another program's file of a gigabyte must not be collected in search of an end.
 */
const LONGEST_VALUE = 32 * 1_048_576;

export function createTape(chunks: Iterable<string>): Tape {
  const source = chunks[Symbol.iterator]();
  /** What was read and not taken begins at `at`. */
  let text = "";
  let at = 0;
  let isOver = false;

  /** Reads on; lengths from `at` stay what they are. */
  const fill = (): boolean => {
    if (isOver) return false;
    const { value, done } = source.next();
    if (done === true) isOver = true;
    else {
      text = text.slice(at) + value;
      at = 0;
    }
    return !isOver;
  };
  const peek = (): string => {
    do {
      while (at < text.length && isBlank(text.charCodeAt(at))) at++;
    } while (at >= text.length && fill());
    return text.charAt(at);
  };
  const takeLength = (length: number): string => {
    const taken = text.slice(at, at + length);
    at += length;
    return taken;
  };
  /** Where an entry that is laid out as usual should end; 0 for anything else. Parsing shows whether it does. */
  const guessedLength = (): number => {
    while (text.length - at < ENTRY_START.length && fill());
    if (!text.startsWith(ENTRY_START, at)) return 0;
    for (let searched = 0; ; ) {
      const end = text.indexOf(ENTRY_END, at + searched);
      if (end >= 0) return end + ENTRY_END.length - at;
      searched = Math.max(0, text.length - at - ENTRY_END.length);
      if (searched > LONGEST_VALUE || !fill()) return 0;
    }
  };
  const valueLength = (): number => {
    let depth = 0;
    let isText = false;
    for (let length = 0; ; length++) {
      while (at + length >= text.length) {
        if (length > LONGEST_VALUE) throw new NotJson(`a value has more than ${LONGEST_VALUE} characters`);
        if (fill()) continue;
        if (depth === 0 && !isText && length > 0) return length;
        throw new NotJson("it ends too early", true);
      }
      const code = text.charCodeAt(at + length);
      if (isText) {
        if (code === BACKSLASH) length++;
        else if (code === QUOTE) isText = false;
        if (!isText && depth === 0) return length + 1;
      } else if (code === QUOTE) isText = true;
      else if (code === OPEN_OBJECT || code === OPEN_LIST) depth++;
      else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
        if (depth === 0) return length;
        if (--depth === 0) return length + 1;
      } else if (depth === 0 && (code === COMMA || code === COLON || isBlank(code))) return length;
    }
  };

  return {
    peek,
    expect(character) {
      const found = peek();
      if (found === "") throw new NotJson("it ends too early", true);
      if (found !== character)
        throw new NotJson(`it has ${JSON.stringify(found)} where ${JSON.stringify(character)} should be`);
      at++;
    },
    take() {
      peek();
      const guessed = guessedLength();
      if (guessed > 0) {
        // No valid JSON object begins with another one: what can be parsed is the whole value.
        const value = parse(text.slice(at, at + guessed));
        if (value !== undefined) return { value, text: takeLength(guessed) };
      }
      const taken = takeLength(valueLength());
      const value = parse(taken);
      if (value === undefined) throw new NotJson("it has something that is not a JSON value");
      return { value, text: taken };
    },
  };
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [34, 92, 44, 58];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [123, 125, 91, 93];

/** Blank, tab and the two line ends: what JSON allows between values. */
function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

/** undefined for what is not JSON; nesting that is too deep for the parser is none either. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
