// Which resource claims which mount point, and what supports each claim. A resource has one present path and may have
// older ones, which stay its own until its data is gone (docs/contract.md, "Mount points"). Typed arrays: a site with a
// million resources has a million claims. It knows no rules; rows.ts and order-path.ts do. One file because
// what it does to one column it does to all.

import { createKeySet, keyAt, startedWith, uuidKey, uuidText } from "../key-set.ts";
import { type Ended, emptyClaims, type StoredClaims } from "./columns.ts";
import { createPathStore } from "./paths.ts";
import { createReleases } from "./releases.ts";

/** What supports a claim. Without any of these it is only that of the resource's row. */
export const BY_SNAPSHOT = 1;
export const BY_ORDER = 2;
/** The path is an absolute backend id. */
export const EXPLICIT = 4;
/** Released, or free: as if it had never been. */
export const VOID = 8;
/** The row of the resource asked for the path when the list was read last. */
export const WANTED = 16;
/** An entry of the draft names it: once the draft is published, by a snapshot. */
export const DRAFTED = 32;
/** An order file that is not published yet: only its receipt names the path. */
export const BY_RECEIPT = 64;
export const BY_ORDER_OR_RECEIPT = BY_ORDER | BY_RECEIPT;
export const BY_FILE = BY_SNAPSHOT | BY_ORDER_OR_RECEIPT;
const SUPPORTED = BY_FILE | DRAFTED;

/** What the last snapshot had of a resource (`was`), or the present listing has so far (`now`). */
export const LIVE = 1;
export const WRITTEN = 2;
export const QUOTAS = 4;
export const GID = 8;

export type NewClaim = {
  path: string;
  marks: number;
  /** When a file first named it, or the row was first seen, in milliseconds. */
  since: number;
  /** Uuid of its offering. */
  offering: string;
  /** The order file that names it. */
  file?: string;
};

export type ClaimTable = ReturnType<typeof createClaimTable>;

export function createClaimTable(stored: StoredClaims = emptyClaims()) {
  const keys = createKeySet();
  keys.restore(stored.uuids, stored.resources);
  const paths = createPathStore(stored.paths);
  const offeringUuids = [...stored.offeringUuids];
  const files = new Map(stored.files);
  const ended = new Map(stored.ended);
  const releases = createReleases(stored.released);
  const moved = new Map(stored.moved);
  const receipts = new Map(stored.receipts);
  /** Records of a resource besides its present one. */
  const others = new Map<number, number[]>();
  let { was, present, owners, marks, since, offerings } = stored;
  let now = new Uint8Array(present.length);

  const growResources = (length: number): void => {
    was = startedWith(new Uint8Array(length), was);
    now = startedWith(new Uint8Array(length), now);
    present = startedWith(new Int32Array(length), present);
  };
  const growRecords = (length: number): void => {
    owners = startedWith(new Int32Array(length), owners);
    marks = startedWith(new Uint8Array(length), marks);
    since = startedWith(new Uint32Array(length), since);
    offerings = startedWith(new Uint8Array(length), offerings);
  };
  const resource = (uuid: string): number => {
    const number = keys.add(uuidKey(uuid));
    if (number < 0) return -1 - number;
    if (number >= present.length) growResources(present.length * 2);
    present[number] = -1;
    return number;
  };
  const isVoid = (record: number) => ((marks[record] ?? 0) & VOID) !== 0;
  const valid = (records: readonly number[]): number[] => records.filter((record) => !isVoid(record));
  const recordsOf = (resource: number): number[] => {
    const [first = -1, more = []] = [present[resource], others.get(resource)];
    return valid(first < 0 ? more : [first, ...more]);
  };
  const append = (owner: number, claim: NewClaim): number => {
    const record = paths.add(claim.path);
    if (record >= owners.length) growRecords(owners.length * 2);
    owners[record] = owner;
    marks[record] = 0;
    since[record] = Math.floor(claim.since / 1000);
    offerings[record] = numberOf(claim.offering, offeringUuids);
    // The first claim of a resource is its present one until another is made that.
    if ((present[owner] ?? -1) < 0) present[owner] = record;
    else others.set(owner, [...(others.get(owner) ?? []), record]);
    return record;
  };
  /** The resource's record for that path, or -1; most resources have one record. */
  const recordFor = (owner: number, path: string): number => {
    const first = present[owner] ?? -1;
    if (first >= 0 && !isVoid(first) && paths.is(first, path)) return first;
    if (!others.has(owner)) return -1;
    return recordsOf(owner).find((record) => paths.is(record, path)) ?? -1;
  };
  const support = (record: number, added: number, at: number): void => {
    const before = marks[record] ?? 0;
    // The time of the first file, not of the row that only asked for the path before.
    if ((before & SUPPORTED) === 0 && (added & SUPPORTED) !== 0) since[record] = Math.floor(at / 1000);
    marks[record] = before | added;
  };
  const makePresent = (record: number): void => {
    const resource = owners[record] ?? -1;
    const before = present[resource] ?? -1;
    if (before === record) return;
    const rest = (others.get(resource) ?? []).filter((one) => one !== record);
    if (before >= 0) rest.push(before);
    if (rest.length === 0) others.delete(resource);
    else others.set(resource, rest);
    present[resource] = record;
  };

  for (let record = 0; record < paths.size; record++) {
    const resource = owners[record] ?? -1;
    if (present[resource] !== record) others.set(resource, [...(others.get(resource) ?? []), record]);
  }

  return {
    /** The number of a resource, which it gets when it is first asked for. */
    resource,
    /** Makes room for a list of so many resources, with one path each. */
    reserve(count: number): void {
      // Some more may come while it is read.
      const room = Math.ceil(count * 1.1);
      if (count > present.length) {
        keys.reserve(room);
        growResources(room);
      }
      if (count > owners.length) {
        paths.reserve(room);
        growRecords(room);
      }
    },
    /** The number of a resource that is known, or -1. */
    find: (uuid: string): number => keys.find(uuidKey(uuid)),
    uuid: (owner: number): string => uuidText(keyAt(keys.words(), owner)),
    /** The record of the resource's present path; -1 where it has none. */
    present(owner: number): number {
      const record = present[owner] ?? -1;
      return record < 0 || isVoid(record) ? -1 : record;
    },
    /** All records of the resource, the present one first. */
    recordsOf,
    /** The resource's record for that path: the one that is there, with the marks added, or a new one. */
    claim(owner: number, claim: NewClaim): number {
      const known = recordFor(owner, claim.path);
      const record = known < 0 ? append(owner, claim) : known;
      const isPublished = ((marks[record] ?? 0) & BY_ORDER) !== 0;
      support(record, claim.marks, claim.since);
      // The name of a published file stays; a receipt may be withdrawn.
      if (claim.file !== undefined && ((claim.marks & BY_ORDER) !== 0 || !isPublished))
        files.set(record, claim.file);
      return record;
    },
    /** Adds marks to a record; the first that a file gives it counts as its time. */
    support,
    makePresent,
    /**
     * Takes note that the receipt of the order names the record, or its file does by now; false when that is no news.
     */
    noteReceipt(order: string, record: number, isPublished: boolean): boolean {
      const said = record * 2 + (isPublished ? 1 : 0);
      const isNew = receipts.get(order) !== said;
      receipts.set(order, said);
      return isNew;
    },
    /** What the receipt of the order said was known, and the path was free since, so that it says it no longer. */
    isFreed(order: string, path: string, isPublished: boolean): boolean {
      const said = receipts.get(order);
      if (said === undefined || said % 2 !== (isPublished ? 1 : 0)) return false;
      const record = Math.floor(said / 2);
      return isVoid(record) && paths.is(record, path);
    },
    /** Drops the receipts of other orders: they are too old to be read again. */
    keepReceipts(orders: ReadonlySet<string>): void {
      for (const order of receipts.keys()) if (!orders.has(order)) receipts.delete(order);
    },
    /** A draft moves the resource away from its present path. */
    noteMove(owner: number): void {
      if (!moved.has(owner)) moved.set(owner, present[owner] ?? -1);
    },
    /** By resource that the last draft moved: the record of its path before. */
    moved: (): ReadonlyMap<number, number> => moved,
    /** Records of other resources that claim this path, one above it or one below it. */
    claimants(path: string, own: number): Claimants {
      const ofOthers = (records: readonly number[]) =>
        records.length === 0 ? NONE : valid(records).filter((record) => owners[record] !== own);
      return {
        same: ofOthers(paths.find(path)),
        above: ofOthers(paths.above(path)),
        below: ofOthers(paths.below(path)),
      };
    },
    /** Records of other resources whose path is above this one. */
    above: (path: string, own: number): number[] =>
      valid(paths.above(path)).filter((record) => owners[record] !== own),
    /** Whether paths of different depth exist, so that one may be inside another. */
    hasDepths: (): boolean => paths.hasDepths(),
    /** Paths that files give to several resources which all live. */
    doubled(): { path: string; owners: number[] }[] {
      const isLiving = (record: number) =>
        ((marks[record] ?? 0) & BY_FILE) !== 0 && ((now[owners[record] ?? -1] ?? 0) & LIVE) !== 0;
      return paths
        .twins()
        .map((records) => valid(records).filter(isLiving))
        .filter((records) => records.length > 1)
        .map((records) => ({
          path: paths.text(records[0] ?? -1),
          owners: records.map((record) => owners[record] ?? -1),
        }));
    },
    /** The resource whose entry in the draft names that path; null where none does. */
    draftedAt(path: string): string | null {
      const record = valid(paths.find(path)).find((one) => ((marks[one] ?? 0) & DRAFTED) !== 0);
      return record === undefined ? null : uuidText(keyAt(keys.words(), owners[record] ?? -1));
    },
    path: (record: number): string => paths.text(record),
    isPath: (record: number, path: string): boolean => paths.is(record, path),
    owner: (record: number): number => owners[record] ?? -1,
    marks: (record: number): number => marks[record] ?? 0,
    setMarks(record: number, value: number): void {
      marks[record] = value;
    },
    since: (record: number): number => (since[record] ?? 0) * 1000,
    offering: (record: number): string => offeringUuids[offerings[record] ?? 0] ?? "",
    offeringOf(owner: number): string | undefined {
      const [record] = recordsOf(owner);
      return record === undefined ? undefined : offeringUuids[offerings[record] ?? 0];
    },
    file: (record: number): string | undefined => files.get(record),
    forgetFile: (record: number): boolean => files.delete(record),
    ended: (owner: number): Ended | undefined => ended.get(owner),
    /** The first finding counts. */
    end(owner: number, value: Ended): void {
      if (!ended.has(owner)) ended.set(owner, value);
    },
    /** The resource is live after all. */
    revive: (owner: number): boolean => ended.size > 0 && ended.delete(owner),
    /** The resource claims the path no longer, whatever older files say. */
    release(owner: number, path: string, at: number): void {
      for (const record of paths.find(path)) if (owners[record] === owner) marks[record] = VOID;
      releases.add(owner, { path, at });
    },
    /** Whether what a file of that time says of the path was released since. */
    isReleased: releases.covers,
    was: (owner: number): number => was[owner] ?? 0,
    setWas(owner: number, bits: number): void {
      was[owner] = bits;
    },
    now: (owner: number): number => now[owner] ?? 0,
    addNow(owner: number, bits: number): void {
      now[owner] = (now[owner] ?? 0) | bits;
    },
    /** The rows of the offering are about to be read again. */
    forgetWanted(offering: string): void {
      moved.clear();
      const number = offeringUuids.indexOf(offering);
      for (let record = 0; record < paths.size; record++) {
        const said = offerings[record] === number ? WANTED | DRAFTED : DRAFTED;
        marks[record] = (marks[record] ?? 0) & ~said;
      }
    },
    /** What the present listing wrote becomes what the last snapshot had. */
    turnOver(): void {
      for (let record = 0; record < paths.size; record++) {
        const bits = marks[record] ?? 0;
        if ((bits & DRAFTED) !== 0) marks[record] = (bits & ~DRAFTED) | BY_SNAPSHOT;
      }
      was = now;
      now = new Uint8Array(was.length);
    },
    get resources(): number {
      return keys.size();
    },
    get records(): number {
      return paths.size;
    },
    columns: (): StoredClaims => ({
      resources: keys.size(),
      uuids: keys.words(),
      was,
      present,
      paths: paths.columns(),
      owners,
      marks,
      since,
      offerings,
      offeringUuids,
      files,
      ended,
      released: releases.stored(),
      moved,
      receipts,
    }),
  };
}

export type Claimants = Readonly<Record<"same" | "above" | "below", readonly number[]>>;

const NONE: readonly number[] = [];

function numberOf(uuid: string, uuids: string[]): number {
  const known = uuids.indexOf(uuid);
  return known < 0 ? uuids.push(uuid) - 1 : known;
}
