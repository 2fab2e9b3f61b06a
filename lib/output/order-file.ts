// Publishing the file of one order, once: a file that is there is compared, never rewritten. What has the name but is
// not a regular file is somebody else's, and stays.

import { lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Output } from "./directory.ts";
import { createTemporary } from "./durable.ts";
import { attempt } from "./failure.ts";
import { syncDirectory, syncFile } from "./fsync.ts";
import { parseOrderFileName } from "./names.ts";

/** What the text of an existing file is to the one we want: equal, ours but different, or not ours at all. */
export type Compare = (existing: string) => "same" | "differs" | "foreign";

/**
 * Publishes the file durably unless one of that name exists. The lock keeps other runs on this host from coming in
 * between; another host could, and then the later of two complete files stays (an admitted limit: a link would be
 * exclusive, but is no rename to those who watch the directory).
 */
export function publishOrderFile(
  output: Output,
  name: string,
  text: string,
  compare: Compare,
): "created" | "same" | "differs" | "foreign" {
  const found = describeOrderFile(output.directory, name, compare);
  const outcome = found === "absent" ? createOrderFile(output, { name, text, compare }) : found;
  if (outcome === "same" || outcome === "differs") secure(output, join(output.directory, name));
  return outcome;
}

/** What has the name now; reads only. */
export function describeOrderFile(
  directory: string,
  name: string,
  compare: Compare,
): "absent" | "same" | "differs" | "foreign" {
  if (parseOrderFileName(name) === null) throw new Error(`no name of an order file: ${JSON.stringify(name)}`);
  const path = join(directory, name);
  return attempt("read", path, () => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "absent";
    return stats.isFile() ? compare(readFileSync(path, "utf8")) : "foreign";
  });
}

function createOrderFile(output: Output, file: { name: string; text: string; compare: Compare }) {
  const temporary = createTemporary(output, "public");
  temporary.write(file.text);
  temporary.seal();
  // Once more, because the fsync can take long.
  const found = describeOrderFile(output.directory, file.name, file.compare);
  if (found !== "absent") {
    temporary.discard();
    return found;
  }
  temporary.publish(file.name);
  return "created" as const;
}

/** The run that wrote a file of ours may have died before the disk had it, whatever we would write today. */
function secure(output: Output, path: string): void {
  output.recheck();
  syncFile(path);
  syncDirectory(dirname(path));
}
