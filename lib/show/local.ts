// What the files of one output directory say of a subject: its entry in the last snapshot, its order files, receipts,
// claims and history. Reads only, and sends no requests to Waldur.

import { type ClaimPlace, claimsOf, type ListedClaim, loadPlace } from "../claims/list.ts";
import { type NamedByOrder, namedByOrderFiles } from "../claims/order-files.ts";
import { type HistoryEntry, listHistory } from "../history/reader.ts";
import { fileTimeMs, readChunks } from "../output/files.ts";
import { parseOrderFileName } from "../output/names.ts";
import { changedReceipts, type FoundReceipt } from "../output/receipts.ts";
import { isOfResource, scanDocument } from "../storage/scan.ts";
import { isSamePath, type Subject } from "./subject.ts";

/** Parts are empty where nothing is known. */
export type Known = {
  directory: string;
  entries: ShownEntry[];
  files: ShownFile[];
  receipts: ShownReceipt[];
  claims: ListedClaim[];
  history: HistoryEntry[];
};

/** An entry of the last snapshot, `file`. */
export type ShownEntry = {
  file: string;
  date: string;
  offering: string;
  /** Of a directory the id of its entry, without dashes. */
  resource: string;
  /** Above mount points, and of no resource. */
  isDirectory: boolean;
  path: string;
  status: string;
  /** As it was published. */
  entry: unknown;
};

export type ShownFile = {
  file: string;
  order: string;
  type: string;
  offering: string;
  resource: string;
  path: string;
  /** Of its content; RFC 3339. */
  date: string;
};

export type ShownReceipt = {
  order: string;
  type: string;
  offering: string;
  resource: string;
  path: string;
  file: string;
  claimedAt: string;
  /** The order is not through yet. */
  open: boolean;
  published: boolean;
  /** The state that the order ended in, `gone` where Waldur does not know it any more; null while it is open. */
  ended: string | null;
  closedAt: string | null;
  /** With `completion: on-ack`: the provisioner's answer, and when it was read; null while there is none. */
  answer: { result: string; message: string | null; backendId: string | null; at: string } | null;
};

export function lookUp(place: ClaimPlace, subject: Subject, now: Date): Known {
  const { directory } = place;
  const { table, snapshot } = loadPlace(place, now);
  const files = namedByOrderFiles(directory).flatMap(shownFile);
  const receipts = changedReceipts(directory, new Date(0)).map(shownReceipt);
  const history = listHistory([directory]);
  const isAbout = about(subject, [...files, ...receipts, ...history]);
  return {
    directory,
    entries: entriesOf(snapshot, isAbout.resource),
    files: files.filter(isAbout.order),
    receipts: receipts.filter(isAbout.order),
    claims: claimsOf(table).filter(isAbout.resource),
    history: history.filter(isAbout.order),
  };
}

/** Whether anything at all is known there. */
export function isKnown({ entries, files, receipts, claims, history }: Known): boolean {
  return [entries, files, receipts, claims, history].some((part) => part.length > 0);
}

type OfOrder = { order: string | null; resource: string | null; path: string | null };
type OfResource = { resource: string; path: string };

type IsAbout = { order: (part: OfOrder) => boolean; resource: (part: OfResource) => boolean };

/**
 * Which parts are to be shown: of a resource or a path whatever concerns it; of an order only its own, with entry and
 * claims of its resource.
 */
function about(subject: Subject, known: readonly OfOrder[]): IsAbout {
  if ("path" in subject) return aboutPath(subject.path, known);
  const { uuid } = subject;
  const resources = new Set([uuid]);
  for (const { order, resource } of known) if (order === uuid && resource !== null) resources.add(resource);
  return {
    order: ({ order, resource }) => order === uuid || resource === uuid,
    resource: ({ resource }) => resources.has(resource),
  };
}

/** A call names no path, so it is found by its order. */
function aboutPath(wanted: string, known: readonly OfOrder[]): IsAbout {
  const isThere = ({ path }: { path: string | null }) => isSamePath(path, wanted);
  const orders = new Set(known.filter(isThere).flatMap(({ order }) => order ?? []));
  return {
    order: (part) => isThere(part) || (part.path === null && part.order !== null && orders.has(part.order)),
    resource: isThere,
  };
}

function entriesOf(snapshot: string | null, isAbout: (part: OfResource) => boolean): ShownEntry[] {
  if (snapshot === null || fileTimeMs(snapshot) === null) return [];
  const found: ShownEntry[] = [];
  const file = snapshot.slice(snapshot.lastIndexOf("/") + 1);
  scanDocument(readChunks(snapshot, "ours"), (scanned, { date, offering }) => {
    const { mountPoint: path, status } = scanned;
    const isDirectory = !isOfResource(scanned);
    const resource = isDirectory ? scanned.itemId.replaceAll("-", "") : scanned.itemId;
    if (!isAbout({ resource, path })) return;
    const entry: unknown = JSON.parse(scanned.text);
    found.push({ file, date, offering: offering.uuid, resource, isDirectory, path, status, entry });
  });
  return found;
}

function shownFile({ file, resource, path, date, offering }: NamedByOrder): ShownFile[] {
  const parts = parseOrderFileName(file);
  if (parts === null) return [];
  const { uuid: order, type } = parts;
  return [{ file, order, type, offering, resource, path, date: new Date(date).toISOString() }];
}

function shownReceipt({ receipt, open }: FoundReceipt): ShownReceipt {
  const { order, type, offering, resource, mountPoint: path, file, claimedAt, published, answer } = receipt;
  return {
    ...{ order, type, offering, resource, path, file, claimedAt, open, published },
    ended: receipt.ended?.state ?? null,
    closedAt: receipt.closedAt ?? null,
    answer: answer === undefined ? null : { message: null, backendId: null, ...answer },
  };
}
