// Publishing the file of one order, once: a file that is there is compared, never rewritten. What has the name but is
// not a regular file is another program's, and stays. There are two steps, so that what can fail does so before
// anything is changed in Waldur.

import { dirname, join } from "node:path";
import type { Output } from "./directory.ts";
import { createTemporary, type Temporary } from "./durable.ts";
import { type FoundText, readFound } from "./files.ts";
import { syncDirectory, syncFile } from "./fsync.ts";
import { parseOrderFileName } from "./names.ts";

/** An existing file compared with the one that is wanted: equal, ours but different, or not ours. */
export type Compare = (existing: string) => "same" | "differs" | "foreign";

/** A file that has all it needs to be published: its bytes are on the disk, or it is there already. */
export type OrderFileDraft = {
  /** What has the name when the draft is made; a foreign file is never changed. */
  found: "absent" | "same" | "differs" | "foreign";
  /** Puts the file in place, durably, unless one of that name is there by now. */
  publish(): "created" | "same" | "differs" | "foreign";
  /** Removes what was not published; does nothing after `publish`. */
  discard(): void;
};

export type OrderFile = { name: string; text: string; compare: Compare };

/**
 * The lock keeps other runs on this host from coming in between the two steps; another host could, and then the later
 * of two complete files stays (an admitted limit: a link would be exclusive, but is no rename to those who watch the
 * directory).
 */
export function draftOrderFile(output: Output, file: OrderFile): OrderFileDraft {
  const { name, text, compare } = file;
  const look = () => describeOrderFile(output.directory, name, compare);
  const found = look();
  let temporary: Temporary | null = null;
  output.recheck();
  if (found === "absent") temporary = writeTemporary(output, text);
  else if (found !== "foreign") secure(output, name);
  const discard = () => {
    temporary?.discard();
    temporary = null;
  };
  return {
    found,
    discard,
    publish() {
      const now = look();
      if (now === "absent") {
        const written = temporary ?? writeTemporary(output, text);
        temporary = null;
        written.publish(name);
        return "created";
      }
      discard();
      if (now !== "foreign") secure(output, name);
      return now;
    },
  };
}

/** What has the name now; reads only. */
export function describeOrderFile(
  directory: string,
  name: string,
  compare: Compare,
): "absent" | "same" | "differs" | "foreign" {
  const found = readOrderFile(directory, name);
  if (typeof found !== "object") return found;
  const word = compare(found.text);
  // Only our own word can be one that we gave earlier and would not give again.
  return word === "differs" && !found.isOurs ? "foreign" : word;
}

/** Larger than any answer of Waldur, so than any document of ours. */
const LARGEST_BYTES = 32 * 1_048_576;

/** The text of a regular file of that name; `foreign` for anything else that has it. */
export function readOrderFile(directory: string, name: string): FoundText | "absent" | "foreign" {
  if (parseOrderFileName(name) === null) throw new Error(`no name of an order file: ${JSON.stringify(name)}`);
  const found = readFound(join(directory, name), LARGEST_BYTES);
  return found === "missing" ? "absent" : found;
}

function writeTemporary(output: Output, text: string): Temporary {
  const temporary = createTemporary(output, "public");
  temporary.write(text);
  temporary.seal();
  return temporary;
}

/** The run that wrote a file of ours may have been killed before the file was on the disk. */
function secure(output: Output, name: string): void {
  const path = join(output.directory, name);
  output.recheck();
  syncFile(path);
  syncDirectory(dirname(path));
}
