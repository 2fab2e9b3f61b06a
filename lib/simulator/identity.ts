// Deterministic uuids, tokens and slugs. The uuid of a seeded resource is a one-to-one function of its index, so that a
// world of a million resources needs no table to find one by its uuid.

import { isPlainUuid } from "../uuid.ts";
import type { Generation } from "./model.ts";

const ODD = 0x9e3779b1;
const ODD_INVERSE = 0x0e8b2f51;
const SALTS = {
  resource: 1,
  order: 2,
  project: 3,
  customer: 4,
  offering: 5,
  plan: 6,
  allocation: 7,
  provider: 8,
  token: 9,
  component: 10,
  user: 11,
  group: 12,
} as const;

export type Kind = keyof typeof SALTS;

/** 32 bits that look random, the same for the same numbers. */
export function mix(a: number, b: number): number {
  let x = (a ^ Math.imul(b, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The uuid of the n-th thing of a kind: 32 lower-case hex digits, as Waldur writes them. */
export function uuidOf(seed: number, kind: Kind, n: number): string {
  const salt = mix(seed, SALTS[kind]);
  const first = (Math.imul(n, ODD) ^ salt) >>> 0;
  const second = ((mix(first, salt) & 0xffff0fff) | 0x4000) >>> 0;
  const third = ((mix(second, first) & 0x3fffffff) | 0x80000000) >>> 0;
  return hex(first) + hex(second) + hex(third) + hex(mix(third, second));
}

/** The number that `uuidOf` made a uuid of, if it did. */
export function numberOf(seed: number, kind: Kind, uuid: string): number | undefined {
  const first = Number.parseInt(uuid.slice(0, 8), 16);
  const n = Math.imul(first ^ mix(seed, SALTS[kind]), ODD_INVERSE) >>> 0;
  return uuidOf(seed, kind, n) === uuid ? n : undefined;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

/** A token: 40 hex digits. */
export function tokenOf(seed: number, n: number): string {
  return uuidOf(seed, "token", n) + hex(mix(seed, n + 1000));
}

/** A uuid in any form that Waldur takes: hex, dashed, upper case, braces, urn. Undefined when it is none. */
export function parseUuid(text: string): string | undefined {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^urn:uuid:/, "")
    .replace(/[{}-]/g, "");
  return isPlainUuid(bare) ? bare : undefined;
}

/** The stem of a slug: what is left of a name in ASCII, cut short; empty for names in other scripts. */
export function slugStem(name: string, generation: Generation): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[^a-zA-Z0-9_\s-]/g, "")
    .trim()
    .toLowerCase()
    .replace(/[-\s]+/g, "-");
  return plain.replace(/^[-_]+|[-_]+$/g, "").slice(0, slugLength(generation));
}

/** Longest stem of a slug. */
export function slugLength(generation: Generation): number {
  return generation === "2024" ? 8 : 10;
}

/** The n-th slug of a stem: servers of 2024 number from the first one on, newer ones from the second. */
export function slugFrom(stem: string, n: number, generation: Generation): string {
  return n === 1 && generation === "current" ? stem : `${stem}-${n}`;
}
