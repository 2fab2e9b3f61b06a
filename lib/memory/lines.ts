// The lines of the memory: one after the other, by their place in the file, and all of them once for an index.

import { readAt } from "./blocks.ts";
import { LONGEST_LINE } from "./row.ts";

const BREAK = 10;
/** A character of JSON takes three bytes of UTF-8 at most. */
const BUFFER_BYTES = 4 * LONGEST_LINE;
const UUID_BYTES = 32;

export type Lines = {
  /** The next line; null at the end. */
  next(): string | null;
  /** The line that begins at that byte. */
  at(position: number): string | null;
  /** Where each line begins, and the uuid it begins with. */
  each(visit: (position: number, uuid: Uint8Array) => void): void;
};

/** Lines of at most `LONGEST_LINE` characters in the first bytes of a file. */
export function createLines(fd: number, end: number): Lines {
  const aside = createWindow(fd, end);
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let position = 0;
  let ahead: readonly string[] = [];
  let taken = 0;
  const readAhead = (): void => {
    const room = buffer.subarray(0, Math.min(buffer.length, end - position));
    const read = room.subarray(0, readAt(fd, room, position));
    const whole = read.subarray(0, read.lastIndexOf(BREAK) + 1);
    ahead = whole.toString("utf8").split("\n").slice(0, -1);
    position += whole.length;
    taken = 0;
  };
  return {
    next() {
      if (taken === ahead.length) readAhead();
      return ahead[taken++] ?? null;
    },
    at: (place) => aside.line(place)?.toString("utf8") ?? null,
    each(visit) {
      for (let at = 0; ; ) {
        const line = aside.line(at);
        if (line === null) return;
        visit(at, line.subarray(0, UUID_BYTES));
        at += line.length + 1;
      }
    },
  };
}

/** A part of the file in memory, moved along. */
function createWindow(fd: number, end: number) {
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let from = 0;
  let to = 0;
  const find = (position: number): Buffer | null => {
    if (position < from || position >= to) return null;
    const held = buffer.subarray(0, to - from);
    const stop = held.indexOf(BREAK, position - from);
    return stop < 0 ? null : held.subarray(position - from, stop);
  };
  return {
    line(position: number): Buffer | null {
      if (position >= end) return null;
      const found = find(position);
      if (found !== null) return found;
      const length = Math.min(buffer.length, end - position);
      from = position;
      to = position + readAt(fd, buffer.subarray(0, length), position);
      return find(position);
    },
  };
}
