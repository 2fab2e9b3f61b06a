// A document written piece by piece, so that memory does not grow with it: head, entries, tail. Knows nothing of what
// the pieces mean. The digest takes another head, because the head of a file holds its date.

import { lstatSync } from "node:fs";
import { join } from "node:path";
import { reach } from "../places/held.ts";
import type { Output } from "./directory.ts";
import { createTemporary, type Published } from "./durable.ts";
import { attemptIfExists } from "./failure.ts";

export type Frame = {
  head: string;
  /** Stands for `head` in the digest. */
  digestHead: string;
  /** Written before the first entry. */
  first: string;
  /** Written between entries. */
  separator: string;
  tail: string;
  /** Written instead of `tail` when there was no entry. */
  emptyTail: string;
};

export type Draft = {
  /** Forgets everything written and begins with the head. */
  restart(frame: Frame): void;
  /** The text of one or several entries, joined already by the separator; none when `entries` is 0. */
  add(text: string, entries: number): void;
  /** Writes the tail and makes the file durable, still without a name. */
  finish(): { entries: number; bytes: number; sha256: string };
  /** The identity of the finished file, to know it from another of its name; null where there is no file. */
  inode(): string | null;
  publish(name: string): Published;
  /** Never throws. */
  discard(): void;
};

/** A draft on the disk, which becomes a file of the output directory. Each piece is one write: they are large. */
export function draftSnapshot(output: Output): Draft {
  const temporary = createTemporary(output, "public");
  return {
    ...writeDraft({ empty: temporary.truncate, write: temporary.write, seal: temporary.seal }),
    inode: temporary.inode,
    publish: temporary.publish,
    discard: temporary.discard,
  };
}

/** A draft in memory, for a run that changes nothing; `publish` only says what it would do. */
export function describeSnapshot(directory: string): Draft & { text(): string } {
  let parts: Uint8Array[] = [];
  const empty = () => {
    parts = [];
  };
  const write = (part: Uint8Array) => {
    parts.push(part.slice());
  };
  const seal = () => parts.reduce((bytes, part) => bytes + part.length, 0);
  return {
    ...writeDraft({ empty, write, seal }),
    inode: () => null,
    publish: (name) => describePublish(join(directory, name)),
    discard: empty,
    text: () => Buffer.concat(parts).toString(),
  };
}

/** A draft that keeps nothing but its size. */
export function measureSnapshot(directory: string): Draft {
  let bytes = 0;
  const empty = () => {
    bytes = 0;
  };
  const write = (part: Uint8Array) => {
    bytes += part.length;
  };
  return {
    ...writeDraft({ empty, write, seal: () => bytes }),
    inode: () => null,
    publish: (name) => describePublish(join(directory, name)),
    discard: empty,
  };
}

function describePublish(path: string): Published {
  const exists = attemptIfExists("find", path, () => lstatSync(reach(path))) !== null;
  return { path, action: exists ? "replace" : "create" };
}

type Sink = { empty(): void; write(bytes: Uint8Array): void /** The number of bytes. */; seal(): number };

function writeDraft(sink: Sink): Pick<Draft, "restart" | "add" | "finish"> {
  let state: { frame: Frame; entries: number; digest: Bun.CryptoHasher } | null = null;
  const started = () => {
    if (state === null) throw new Error("a snapshot needs its head first");
    return state;
  };
  const encode = createEncoder();
  const write = (...texts: string[]) => {
    const bytes = encode(texts);
    started().digest.update(bytes);
    sink.write(bytes);
  };
  return {
    restart(frame) {
      sink.empty();
      sink.write(Buffer.from(frame.head));
      state = { frame, entries: 0, digest: new Bun.CryptoHasher("sha256").update(frame.digestHead) };
    },
    add(text, entries) {
      if (entries === 0) return;
      const { frame, entries: before } = started();
      write(before === 0 ? frame.first : frame.separator, text);
      started().entries = before + entries;
    },
    finish() {
      const { frame, entries, digest } = started();
      write(entries === 0 ? frame.emptyTail : frame.tail);
      return { entries, bytes: sink.seal(), sha256: digest.digest("hex") };
    },
  };
}

/** UTF-8 of texts, one after the other, in bytes that the next call reuses: joining them first would copy each page. */
function createEncoder(): (texts: readonly string[]) => Uint8Array {
  const encoder = new TextEncoder();
  let scratch = new Uint8Array(0);
  return (texts) => {
    const units = texts.reduce((sum, { length }) => sum + length, 0);
    // No character takes more than three bytes for each of its UTF-16 units.
    if (scratch.length < units * 3) scratch = new Uint8Array(units * 3);
    let end = 0;
    for (const text of texts) end += encoder.encodeInto(text, scratch.subarray(end)).written;
    return scratch.subarray(0, end);
  };
}
