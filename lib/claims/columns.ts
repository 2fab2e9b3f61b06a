// The columns of the table of claims, as they are in memory and in the state directory.

import { roomForPaths, type StoredPaths } from "./path-room.ts";
import type { StoredReleases } from "./releases.ts";

/** When the resource was first found Terminated, in milliseconds, and for how many days its paths stay its own. */
export type Ended = { at: number; days: number };

/** Everything of a table as it is stored; the arrays may be longer than `records` and `resources` need. */
export type StoredClaims = {
  resources: number;
  uuids: Int32Array;
  was: Uint8Array<ArrayBuffer>;
  /** The record of each resource's present path, or -1. */
  present: Int32Array<ArrayBuffer>;
  paths: StoredPaths;
  /** The resource of each record. */
  owners: Int32Array<ArrayBuffer>;
  marks: Uint8Array<ArrayBuffer>;
  /** In seconds. */
  since: Uint32Array<ArrayBuffer>;
  offerings: Uint8Array<ArrayBuffer>;
  offeringUuids: string[];
  files: ReadonlyMap<number, string>;
  /** By resource. */
  ended: ReadonlyMap<number, Ended>;
  released: StoredReleases;
  /** By resource that the draft moved: the record of its path before. */
  moved: ReadonlyMap<number, number>;
  /** By order, twice the number of the record that its receipt names, and one more when its file is published. */
  receipts: ReadonlyMap<string, number>;
};

const FEWEST = 512;

export function emptyClaims(): StoredClaims {
  return {
    resources: 0,
    uuids: new Int32Array(0),
    was: new Uint8Array(FEWEST),
    present: new Int32Array(FEWEST),
    paths: roomForPaths(0, 0),
    owners: new Int32Array(FEWEST),
    marks: new Uint8Array(FEWEST),
    since: new Uint32Array(FEWEST),
    offerings: new Uint8Array(FEWEST),
    offeringUuids: [],
    files: new Map(),
    ended: new Map(),
    released: new Map(),
    moved: new Map(),
    receipts: new Map(),
  };
}
