// What a receipt contains, and reading it: a file with anything invalid is no receipt.

import { isTable } from "../json.ts";
import type { OrderType } from "../storage/document.ts";
import { isPlainUuid } from "../uuid.ts";
import { parseOrderFileName } from "./names.ts";

export type Receipt = {
  version: 1;
  /** Several offerings may share a directory; the uuid of the one that the order belongs to. */
  offering: string;
  order: string;
  type: OrderType;
  /** Name of the order's file in the output directory. */
  file: string;
  resource: string;
  mountPoint: string;
  claimedAt: string;
  /** The file was durable under its name. Version 0.1 wrote it only with `completion: external`. */
  published: boolean;
  /** Whether the file has the address to report back to; absent: not checked. */
  actions?: "present" | "missing";
  closedAt?: string;
  /** The state of the order that closed the receipt, `gone` where Waldur does not know it any more. */
  ended?: OrderEnd & { at: string };
  /** Reserved. */
  instance?: string;
  /** With `completion: on-ack`: what the provisioner answered, kept before anything of it is sent. */
  answer?: Answer;
  /** With `completion: on-ack`: since when an answer is waited for; absent where that began before. */
  awaitedSince?: string;
};

export type Answer = { result: "done" | "erred"; message?: string; backendId?: string; at: string };

/** Since when an answer is waited for; version 0.1 and other settings did not write it down. */
export function awaitedSince({ awaitedSince: since, claimedAt }: Receipt): string {
  return since ?? claimedAt;
}

/** `reuseAfterDays`: of a terminate order that is done, how long the path stays that of its resource. */
export type OrderEnd = { state: string; reuseAfterDays?: number };

/**
 * The order ended without a published file, so the receipt names its path no longer. One that version 0.1 closed says
 * nothing about its end, and counts as published.
 */
export function isWithdrawn({ ended, published }: Receipt): boolean {
  return ended !== undefined && !published;
}

/**
 * Its `file` becomes a path, so it must be the name of a file of just this order. Fields of other versions are kept as
 * they are, because the receipt is written again; a field of ours that is not what it should be is left out.
 */
export function parseReceipt(value: unknown): Receipt | null {
  if (!isTable(value) || value.version !== 1) return null;
  const { actions, closedAt, ended, instance, answer, awaitedSince, ...rest } = value;
  const { offering, order, file, resource, mountPoint, claimedAt, published } = rest;
  const named = parseOrderFileName(typeof file === "string" ? file : "");
  if (typeof file !== "string" || named === null || named.uuid !== order || named.type !== value.type)
    return null;
  if (!isPlainUuid(offering) || !isPlainUuid(resource)) return null;
  if (!isPath(mountPoint) || !isTime(claimedAt) || typeof published !== "boolean") return null;
  const { uuid, type } = named;
  const required = { offering, order: uuid, type, file, resource, mountPoint, claimedAt, published };
  return {
    ...rest,
    ...required,
    version: 1,
    ...(actions === "present" || actions === "missing" ? { actions } : {}),
    ...(isTime(closedAt) ? { closedAt } : {}),
    ...(isEnd(ended) ? { ended } : {}),
    ...(typeof instance === "string" ? { instance } : {}),
    ...(isAnswer(answer) ? { answer } : {}),
    ...(isTime(awaitedSince) ? { awaitedSince } : {}),
  };
}

function isAnswer(value: unknown): value is Answer {
  if (!isTable(value) || !isTime(value.at)) return false;
  const { result, message, backendId } = value;
  const isText = (text: unknown) => text === undefined || typeof text === "string";
  return (result === "done" || result === "erred") && isText(message) && isText(backendId);
}

function isEnd(value: unknown): value is NonNullable<Receipt["ended"]> {
  if (!isTable(value) || typeof value.state !== "string" || !isTime(value.at)) return false;
  const { reuseAfterDays: days } = value;
  return days === undefined || (typeof days === "number" && days >= 0 && days <= MOST_DAYS);
}

/** What `path_reuse_after_days` may be. */
const MOST_DAYS = 3650;

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** Whether it may be published as a path. */
function isPath(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && [...value].every((one) => one >= " ");
}
