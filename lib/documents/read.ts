// A published file as its readers meet it: each entry of its list in turn, and what stands around the list. Takes any
// layout of the same JSON, so also documents of the Python plugin and what jq wrote; follows links, because people name
// `latest-all.json`; says what is wrong with a file, and repairs nothing.

import { closeSync, fstatSync, readSync } from "node:fs";
import { createCollector } from "../collect.ts";
import { DocumentError, UsageError } from "../errors.ts";
import { openToRead } from "../places/open.ts";
import { createTape, NotJson, type Taken, type Tape } from "./tape.ts";

export type ReadEntry = Taken & {
  /** From 1. */
  number: number;
};

export type ReadDocument = {
  path: string;
  /** Throws `DocumentError` for what is not JSON, and for a file that cannot be read to its end. */
  entries: Iterable<ReadEntry>;
  /** The document with an empty list in the place of its entries; whole once these were read. */
  frame(): unknown;
};

/** Nothing is opened before the first entry is asked for. */
export function readDocument(path: string): ReadDocument {
  let frame: unknown;
  const onFrame = (whole: unknown) => {
    frame = whole;
  };
  return { path, entries: entriesOf(path, onFrame), frame: () => frame };
}

/** In entries. */
const PACE = 1000;

function* entriesOf(path: string, onFrame: (frame: unknown) => void): Generator<ReadEntry> {
  let number = 0;
  const collect = createCollector(PACE);
  try {
    for (const taken of elementsOf(createTape(textOf(path)), onFrame)) {
      yield { ...taken, number: ++number };
      // What is parsed is garbage at once, and would fill the memory before anybody collects it.
      collect(1);
    }
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const place = number === 0 ? "before its first entry" : `after entry ${number}`;
    throw new DocumentError(`${path} is not a complete JSON document: ${error.message}, ${place}`, {
      entry: number,
      hint: error.isCut
        ? "it may have been copied while it was written, or truncated by a full disk"
        : undefined,
    });
  }
}

/** The elements of `result.storageResources`. Everything else, and a list that is none, becomes the frame. */
function* elementsOf(tape: Tape, onFrame: (frame: unknown) => void): Generator<Taken> {
  let lists = 0;
  const isList = () => tape.peek() === "[";
  const resultOf = function* (): Generator<Taken, unknown> {
    const fields: [string, unknown][] = [];
    for (const key of keysOf(tape)) {
      if (key !== "storageResources" || !isList()) fields.push([key, tape.take().value]);
      else {
        if (++lists > 1) throw new NotJson("it has two lists of storageResources");
        yield* itemsOf(tape);
        fields.push([key, []]);
      }
    }
    return Object.fromEntries(fields);
  };
  const documentOf = function* (): Generator<Taken, unknown> {
    const fields: [string, unknown][] = [];
    for (const key of keysOf(tape)) {
      const isResult = key === "result" && tape.peek() === "{";
      fields.push([key, isResult ? yield* resultOf() : tape.take().value]);
    }
    return Object.fromEntries(fields);
  };
  const frame = tape.peek() === "{" ? yield* documentOf() : tape.take().value;
  if (tape.peek() !== "") throw new NotJson("something follows its end");
  onFrame(frame);
}

/** The keys of an object; the caller that asks for the next one has taken the value. */
function* keysOf(tape: Tape): Generator<string> {
  tape.expect("{");
  for (let isFirst = true; !(isFirst && tape.peek() === "}"); isFirst = false) {
    const { value: key } = tape.take();
    if (typeof key !== "string") throw new NotJson("it has a key that is not text");
    tape.expect(":");
    yield key;
    if (tape.peek() === "}") break;
    tape.expect(",");
  }
  tape.expect("}");
}

function* itemsOf(tape: Tape): Generator<Taken> {
  tape.expect("[");
  for (let isFirst = true; !(isFirst && tape.peek() === "]"); isFirst = false) {
    yield tape.take();
    if (tape.peek() === "]") break;
    tape.expect(",");
  }
  tape.expect("]");
}

const CHUNK_BYTES = 65_536;

/**
 * The text in pieces. Unlike a reader that must continue, it refuses what is not UTF-8, and a mark of the byte order.
 */
function* textOf(path: string): Generator<string> {
  const fd = attempt(path, () => openToRead(path, "follow"));
  try {
    if (!attempt(path, () => fstatSync(fd)).isFile())
      throw new UsageError(`cannot read ${path}: it is not a regular file`);
    const bytes = new Uint8Array(CHUNK_BYTES);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    for (let count = 1; count > 0; ) {
      count = attempt(path, () => readSync(fd, bytes, 0, CHUNK_BYTES, null));
      const text = decode(decoder, bytes.subarray(0, count));
      if (text !== "") yield text;
    }
  } finally {
    closeSync(fd);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: bytes.length > 0 });
  } catch {
    throw new NotJson("it is not UTF-8");
  }
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR")
      throw new UsageError(`${path}: no such file`, { cause });
    throw new UsageError(`cannot read ${path} (${cause.code})`, { cause });
  }
}
