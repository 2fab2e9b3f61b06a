// What `check` found, an item a line, and the JSON that it prints of it (docs/contract.md, "Check").

import * as v from "valibot";
import { EXIT, type ExitCode } from "../errors.ts";

/** In the order in which they are looked at. */
export const ITEMS = [
  "configuration",
  "metrics-file",
  "offerings",
  "settings",
  "output-directory",
  "latest-link",
  "file-system",
  "state-directory",
  "lock",
  "acks",
  "gid-map",
  "server",
  "clock",
  "token",
  "offering",
  "type",
  "component",
  "read-resources",
  "generation",
  "read-orders",
  "change-orders",
  "gid-source",
  "sync",
  "orders",
] as const;

const Code = v.picklist(Object.values(EXIT));
const Counts = v.record(v.string(), v.number());

const Finding = v.strictObject({
  item: v.picklist(ITEMS),
  /** uuid; null for what concerns all. */
  offering: v.nullable(v.string()),
  status: v.picklist(["ok", "warn", "fail", "skipped"]),
  message: v.string(),
  hint: v.optional(v.string()),
  /** With `fail`: what a run would end with for this alone. */
  exitCode: v.optional(Code),
  /** With `skipped`: the item that has to be right first. */
  needs: v.optional(v.picklist(ITEMS)),
  /** Of the items `sync` and `orders`: what would become of resources and orders. */
  counts: v.optional(Counts),
  /** The same: problems by code. */
  problems: v.optional(Counts),
});

export const CheckReport = v.strictObject({
  version: v.string(),
  checkedAt: v.string(),
  /** Absolute path of the configuration file. */
  configuration: v.string(),
  offerings: v.array(
    v.strictObject({ uuid: v.string(), name: v.string(), sync: v.boolean(), orders: v.boolean() }),
  ),
  items: v.array(Finding),
  exitCode: Code,
});

export type ItemName = (typeof ITEMS)[number];
export type Finding = v.InferOutput<typeof Finding>;
export type CheckReport = Omit<v.InferOutput<typeof CheckReport>, "exitCode"> & { exitCode: ExitCode };
