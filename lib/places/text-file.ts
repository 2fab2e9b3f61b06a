// Reads a small text file that a person wrote. A directory, a huge file and another encoding are refused. No message
// contains the path, which may be a token in the wrong place.

import { closeSync, fstatSync, type Stats } from "node:fs";
import { AppError } from "../errors.ts";
import { openAnswering, type Place, readAnswering, type TouchLimits } from "./answers.ts";
import { type Changeable, changeableBy } from "./changeable.ts";
import { readUpTo } from "./open.ts";

/** The access is that of the file that was opened, not of the one that has the name now. */
export type TextFile = { text: string; worldReadable: boolean; changeable: Changeable | null };

export type Unreadable = { problem: string; hint?: string; line?: number; column?: number };

/** Which file is read, its name in messages, and the most bytes that it may have. */
export type Reading = Place & { limitBytes: number };

/**
 * The text without a byte order mark. Links are followed, a pipe is read like a file.
 * @throws RetryLaterError or InterruptedError when it does not answer
 */
export async function readTextFile(reading: Reading, limits: TouchLimits): Promise<TextFile | Unreadable> {
  try {
    const fd = await openAnswering(reading, limits);
    try {
      return await readOpened(fd, reading, limits);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    return { problem: describeFailure(error) };
  }
}

async function readOpened(fd: number, reading: Reading, limits: TouchLimits): Promise<TextFile | Unreadable> {
  const stats = fstatSync(fd);
  const { limitBytes } = reading;
  if (stats.isDirectory()) return { problem: "is a directory, not a file" };
  if (stats.isFile() && stats.size > limitBytes) return tooLarge(limitBytes);
  // A file that was opened answers; a pipe may not continue.
  const bytes = stats.isFile()
    ? readUpTo(fd, limitBytes + 1)
    : await readAnswering(fd, limitBytes + 1, { shown: reading.shown, limits });
  if (bytes.length > limitBytes) return tooLarge(limitBytes);
  return decode(bytes, { worldReadable: isWorldReadable(stats), changeable: changeableBy(stats) });
}

function isWorldReadable(stats: Stats): boolean {
  return stats.isFile() && (stats.mode & 0o004) !== 0;
}

function decode(bytes: Buffer, access: Omit<TextFile, "text">): TextFile | Unreadable {
  const text = new TextDecoder("utf-8").decode(bytes);
  if (!isUtf8(bytes)) {
    return {
      problem: "is not UTF-8 text",
      hint: "save the file as UTF-8",
      ...positionAt(text, text.indexOf("\uFFFD")),
    };
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) return { problem: "contains a NUL byte", ...positionAt(text, nul) };
  return { text, ...access };
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Line and column of an offset, both starting at 1. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

function tooLarge(limit: number): Unreadable {
  return {
    problem: `is larger than ${limit >= 1_048_576 ? `${limit / 1_048_576} MiB` : `${limit / 1024} KiB`}`,
  };
}

/** The problem of a path that does not exist. */
export const MISSING = "does not exist";

/** The hint where the user lacks the permission. */
export const READABLE = "give the user that runs this the right to read it: chgrp, and chmod 640";

/** Only the code of the error: its message holds the path. */
function describeFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  if (code === "ENOENT" || code === "ENOTDIR") return MISSING;
  if (code === "EACCES" || code === "EPERM") return "cannot be read: permission denied";
  return `cannot be read: ${code}`;
}
