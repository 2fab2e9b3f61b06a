// A document written piece by piece, so that memory does not grow with it: head, entries, tail. Knows nothing of what
// the pieces mean. The digest takes another head, because the head of a file holds its date.

import { lstatSync } from "node:fs";
import { join } from "node:path";
import { reach } from "../places/held.ts";
import type { Output } from "./directory.ts";
import { createTemporary, type Published } from "./durable.ts";
import { attemptIfExists } from "./failure.ts";
import { fileSpool, memorySpool, type Spool, sizeSpool } from "./spool.ts";

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

/** Entries that are known last and come first. */
export type Beginning = {
  pieces: Iterable<{ text: string; entries: number }>;
  /** What becomes of the text of the other entries; null where it stays as it is. */
  rewrite: ((chunks: Iterable<Uint8Array>) => Iterable<Uint8Array>) | null;
};

export type Draft = {
  /**
   * Drops everything written and begins with the head.
   * @param isHeld entries are kept apart until the end, because others come before them
   */
  restart(frame: Frame, isHeld?: boolean): void;
  /** The text of one or several entries, joined already by the separator; none when `entries` is 0. */
  add(text: string, entries: number): void;
  /**
   * Writes what is left and makes the file durable, still without a name. `entries` are those that were added.
   * @param beginning of a draft whose entries were held
   */
  finish(beginning?: Beginning): { entries: number; bytes: number; sha256: string };
  /** The identity of the finished file, to know it from another of its name; null where there is no file. */
  inode(): string | null;
  publish(name: string): Published;
  /** Never throws. */
  discard(): void;
};

/** A draft on the disk, which becomes a file of the output directory. Each piece is one write: they are large. */
export function draftSnapshot(output: Output): Draft {
  const temporary = createTemporary(output, "public");
  const { spool, discard } = fileSpool(output);
  return {
    ...writeDraft({ empty: temporary.truncate, write: temporary.write, seal: temporary.seal, spool }),
    inode: temporary.inode,
    publish: temporary.publish,
    discard() {
      temporary.discard();
      discard();
    },
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
    ...writeDraft({ empty, write, seal, spool: memorySpool }),
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
    ...writeDraft({ empty, write, seal: () => bytes, spool: sizeSpool }),
    inode: () => null,
    publish: (name) => describePublish(join(directory, name)),
    discard: empty,
  };
}

function describePublish(path: string): Published {
  const exists = attemptIfExists("find", path, () => lstatSync(reach(path))) !== null;
  return { path, action: exists ? "replace" : "create" };
}

type Sink = {
  empty(): void;
  write(bytes: Uint8Array): void;
  /** The number of bytes. */
  seal(): number;
  /** Where entries are held; asked for only if they are. */
  spool(): Spool;
};

function writeDraft(sink: Sink): Pick<Draft, "restart" | "add" | "finish"> {
  let state: Writing | null = null;
  let spool: Spool | null = null;
  const started = () => {
    if (state === null) throw new Error("a snapshot needs its head first");
    return state;
  };
  const encode = createEncoder();
  const writeBytes = (bytes: Uint8Array) => {
    started().digest.update(bytes);
    sink.write(bytes);
  };
  const write = (...texts: string[]) => writeBytes(encode(texts));
  return {
    restart(frame, isHeld = false) {
      sink.empty();
      sink.write(Buffer.from(frame.head));
      if (isHeld) {
        spool ??= sink.spool();
        spool.empty();
      }
      const digest = new Bun.CryptoHasher("sha256").update(frame.digestHead);
      state = { frame, entries: 0, digest, held: isHeld ? spool : null };
    },
    add(text, entries) {
      if (entries === 0) return;
      const { frame, entries: before, held } = started();
      if (held === null) write(before === 0 ? frame.first : frame.separator, text);
      else held.write(encode(before === 0 ? [text] : [frame.separator, text]));
      started().entries = before + entries;
    },
    finish(beginning) {
      const { frame, entries, digest, held } = started();
      let written = held === null ? entries : 0;
      for (const { text, entries: some } of beginning?.pieces ?? []) {
        write(written === 0 ? frame.first : frame.separator, text);
        written += some;
      }
      if (held !== null && entries > 0) {
        write(written === 0 ? frame.first : frame.separator);
        const rewrite = beginning?.rewrite ?? ((chunks) => chunks);
        for (const bytes of rewrite(held.chunks())) writeBytes(bytes);
        written += entries;
        held.empty();
      }
      write(written === 0 ? frame.emptyTail : frame.tail);
      return { entries, bytes: sink.seal(), sha256: digest.digest("hex") };
    },
  };
}

type Writing = { frame: Frame; entries: number; digest: Bun.CryptoHasher; held: Spool | null };

/** UTF-8 of texts, one after the other, in bytes that the next call reuses: joining them first would copy each page. */
function createEncoder(): (texts: readonly string[]) => Uint8Array {
  const encoder = new TextEncoder();
  let scratch = new Uint8Array(0);
  return (texts) => {
    const units = texts.reduce((sum, { length }) => sum + length, 0);
    // No character takes more than three bytes for each of its UTF-16 units; the next page may be a little longer. With
    // a new buffer for each page, a sync of 100 000 resources has a peak of 138 MB instead of 126.
    if (scratch.length < units * 3) scratch = new Uint8Array(units * 4);
    let end = 0;
    for (const text of texts) end += encoder.encodeInto(text, scratch.subarray(end)).written;
    return scratch.subarray(0, end);
  };
}
