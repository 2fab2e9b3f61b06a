// The table of claims in the state directory: a line of JSON, then the columns as they are in memory, so that a million
// claims are read and written in a moment. It is this machine's own; whatever is broken reads as lost, and what was
// lost is made again from the files and the list (recover.ts).

import { closeSync, fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { STATE_DIRECTORY, type StatePlace } from "../output/directory.ts";
import { createTemporary } from "../output/durable.ts";
import { attempt } from "../output/failure.ts";
import { removeFile } from "../output/files.ts";
import { datedReceipts, olderReceipts } from "../output/receipts.ts";
import type { Damaged } from "../output/state.ts";
import { openStateFile } from "../output/state-file.ts";
import type { StoredClaims } from "./columns.ts";
import { type ClaimsSource, type Header, parseHeader, receiptsSince } from "./header.ts";
import { roomForPaths } from "./path-room.ts";
import { type ClaimTable, createClaimTable } from "./table.ts";

export const CLAIMS_FILE = "claims";
/** What 0.1.0 kept; an older program that finds none reads the newest snapshot instead. */
const OLD_INDEX = "mount-points";

export type ReadClaims = ClaimsSource &
  Pick<Header, "olderReceipts"> & { table: ClaimTable; identity: string };

/** Longer than any header of a site whose claims are in order; the rest of the file is read by its own sizes. */
const LONGEST_HEADER = 256 * 1_048_576;

/** null where there are none, or they are cut or of another kind. */
export function readClaims(directory: string, damaged: Damaged = []): ReadClaims | null {
  const path = join(directory, STATE_DIRECTORY, CLAIMS_FILE);
  const fd = openStateFile(path);
  if (fd === undefined) damaged.push(path);
  if (typeof fd !== "number") return null;
  try {
    const claims = attempt("read", path, () => readFrom(fd));
    if (claims === null) damaged.push(path);
    return claims;
  } finally {
    closeSync(fd);
  }
}

/** Changes with every writing of the claims; null where there are none. */
export function claimsIdentity(directory: string): string | null {
  const path = join(directory, STATE_DIRECTORY, CLAIMS_FILE);
  const fd = openStateFile(path);
  if (typeof fd !== "number") return null;
  try {
    return attempt("find", path, () => identityOf(fd));
  } finally {
    closeSync(fd);
  }
}

function identityOf(fd: number): string {
  const { ino, mtimeMs, size } = fstatSync(fd);
  return `${ino} ${mtimeMs} ${size}`;
}

function readFrom(fd: number): ReadClaims | null {
  const { size } = fstatSync(fd);
  const line = readLine(fd, Math.min(size, LONGEST_HEADER));
  const header = line === null ? null : parseHeader(line.text, size);
  if (line === null || header === null) return null;
  const { resources, records, bytes } = header;
  if (size !== line.end + resources * 21 + records * 14 + 4 + bytes) return null;
  const stored = roomFor(header);
  let at = line.end;
  for (const [column, length] of columnsOf(stored, header)) {
    if (!readInto(fd, new Uint8Array(column.buffer, column.byteOffset, length), at)) return null;
    at += length;
  }
  if (!isSound(stored, header)) return null;
  return {
    snapshot: header.snapshot,
    listedAt: header.listedAt,
    listed: header.listed,
    olderReceipts: header.olderReceipts,
    table: createClaimTable(stored),
    identity: identityOf(fd),
  };
}

const LINE_CHUNK = 65_536;

function readLine(fd: number, limit: number): { text: string; end: number } | null {
  const chunks: Buffer[] = [];
  for (let at = 0; at < limit; ) {
    const chunk = Buffer.alloc(Math.min(LINE_CHUNK, limit - at));
    const count = readSync(fd, chunk, 0, chunk.length, at);
    if (count === 0) return null;
    const end = chunk.subarray(0, count).indexOf("\n");
    chunks.push(chunk.subarray(0, end < 0 ? count : end));
    if (end >= 0) return { text: Buffer.concat(chunks).toString("utf8"), end: at + end + 1 };
    at += count;
  }
  return null;
}

function readInto(fd: number, bytes: Uint8Array, at: number): boolean {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(fd, bytes, done, bytes.length - done, at + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

function roomFor(header: Header): StoredClaims {
  const { resources, records, bytes, offerings, files, spellings, depths, hasTwins } = header;
  const { ended, released, moved, receipts } = header;
  const more = (count: number) => Math.max(Math.ceil(count * 1.1), 512);
  return {
    resources,
    uuids: new Int32Array(resources * 4),
    was: new Uint8Array(more(resources)),
    present: new Int32Array(more(resources)),
    paths: {
      ...roomForPaths(records, bytes),
      size: records,
      depths,
      hasTwins,
      spellings: new Map(spellings),
    },
    owners: new Int32Array(more(records)),
    marks: new Uint8Array(more(records)),
    since: new Uint32Array(more(records)),
    offerings: new Uint8Array(more(records)),
    offeringUuids: [...offerings],
    files: new Map(files),
    ended: new Map(ended),
    released: new Map(released),
    moved: new Map(moved),
    receipts: new Map(receipts),
  };
}

/** Numbers that would lead out of the columns are those of a broken file. */
function isSound({ present, owners, paths, offerings }: StoredClaims, sizes: Header): boolean {
  const { resources, records, bytes } = sizes;
  for (let at = 0; at < resources; at++) {
    const record = present[at] ?? -2;
    if (record < -1 || record >= records) return false;
  }
  const { starts } = paths;
  const offeringCount = sizes.offerings.length;
  for (let at = 0; at < records; at++) {
    const owner = owners[at] ?? -1;
    if ((starts[at + 1] ?? 0) < (starts[at] ?? 0) || owner < 0 || owner >= resources) return false;
    if ((offerings[at] ?? 0) >= offeringCount) return false;
  }
  return paths.starts[0] === 0 && paths.starts[records] === bytes;
}

type Column = Uint8Array | Int32Array | Uint32Array;
type Sizes = { resources: number; records: number; bytes: number };

/** The columns in the order of the file, each with its length in bytes. */
function columnsOf(stored: StoredClaims, { resources, records, bytes }: Sizes): [Column, number][] {
  return [
    [stored.uuids, resources * 16],
    [stored.present, resources * 4],
    [stored.was, resources],
    [stored.owners, records * 4],
    [stored.paths.starts, (records + 1) * 4],
    [stored.since, records * 4],
    [stored.marks, records],
    [stored.offerings, records],
    [stored.paths.bytes, bytes],
  ];
}

/** Writes the table durably. What 0.1.0 kept in its place is removed, because it would grow stale. */
export function writeClaims(output: StatePlace, table: ClaimTable, source: ClaimsSource): void {
  const stored = table.columns();
  const { paths, files, ended, released, moved, receipts, offeringUuids } = stored;
  const sizes = { resources: stored.resources, records: paths.size, bytes: paths.starts[paths.size] ?? 0 };
  const header: Header = {
    version: 1,
    ...source,
    ...sizes,
    offerings: offeringUuids,
    olderReceipts: olderReceipts(datedReceipts(output.directory), receiptsSince(source)),
    files: [...files],
    spellings: [...paths.spellings],
    depths: Array.from(paths.depths, (count) => count ?? 0),
    hasTwins: paths.hasTwins,
    ended: [...ended],
    ...(released.size === 0 ? {} : { released: [...released] }),
    ...(moved.size === 0 ? {} : { moved: [...moved] }),
    receipts: [...receipts],
  };
  const temporary = createTemporary(output, "state");
  temporary.write(`${JSON.stringify(header)}\n`);
  for (const [column, length] of columnsOf(stored, sizes)) {
    temporary.write(new Uint8Array(column.buffer, column.byteOffset, length));
  }
  temporary.seal();
  temporary.publish(CLAIMS_FILE);
  removeFile(join(output.statePath, OLD_INDEX));
}
