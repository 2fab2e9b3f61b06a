// An order's file: prepared before anything is changed in Waldur, put in place after it, never written again
// with another content.

import { join } from "node:path";
import type { OrderFileDraft } from "../output/order-file.ts";
import type { Receipt } from "../output/receipt.ts";
import type { Problem } from "../report/report.ts";
import { addProblem } from "../run/job.ts";
import { documentDigest } from "../storage/digest.ts";
import type { StorageDocument, StorageEntry } from "../storage/document.ts";
import { compareDocuments, documentText } from "../storage/text.ts";
import { CALLS } from "../waldur/orders.ts";
import { orderDocument } from "./document.ts";
import type { OrderRun } from "./order-run.ts";
import { factsOfFile } from "./past.ts";
import type { Prepared } from "./prepare.ts";

/** A file that only lacks its name. */
export type ReadyFile = {
  draft: OrderFileDraft;
  receipt: Receipt;
  document: StorageDocument<StorageEntry>;
  text: string;
};

/** Writes all of the file but its name; null, as a problem, when something that is not ours has the name. */
export function readyFile(prepared: Prepared, { job, pass, end }: OrderRun): ReadyFile | null {
  const { order, receipt } = prepared;
  const document = orderDocument(prepared, job, pass.offering);
  const text = documentText(document);
  const compare = (existing: string) => compareDocuments(existing, text, order.uuid);
  const draft = end.draft({ name: receipt.file, text, compare }, receipt);
  if (draft.found !== "foreign") return { draft, receipt, document, text };
  addProblem(job, fileProblem("foreign", receipt.file, order.uuid));
  return null;
}

/** Puts the file in place and on the disk, and lets the receipt say so. False when another file has its name by now. */
export function publishFile({ draft, receipt, document, text }: ReadyFile, { job, end }: OrderRun): boolean {
  const { settings, uuid } = job.config;
  const found = draft.publish();
  if (found === "differs" || found === "foreign")
    addProblem(job, fileProblem(found, receipt.file, receipt.order));
  if (found === "foreign") return false;
  const isOurs = found === "created" && settings.completion === "external";
  end.note({
    ...receipt,
    published: true,
    ...(isOurs ? { actions: "present" as const } : {}),
    ...(settings.completion === "on-ack" ? { awaitedSince: job.now().toISOString(), ...since(receipt) } : {}),
  });
  job.ledger.addFile({
    offering: uuid,
    path: join(settings.outputDirectory, receipt.file),
    action: found === "created" ? "create" : "unchanged",
    bytes: Buffer.byteLength(text),
    sha256: documentDigest([text]),
    ...end.shown(document),
  });
  return true;
}

function since({ awaitedSince }: Receipt): Pick<Receipt, "awaitedSince"> {
  return awaitedSince === undefined ? {} : { awaitedSince };
}

/**
 * A file that was published with `completion: on-publish` does not say where the provisioner reports back, and is not
 * written again. Reported once: the receipt remembers that.
 */
export function reportLackingActions(receipt: Receipt, { job, end }: OrderRun): void {
  if (receipt.actions !== undefined) return;
  const facts = factsOfFile(job.config.settings.outputDirectory, receipt.file, receipt.order);
  if (facts === null) return;
  end.note({ ...receipt, published: true, actions: facts.hasActions ? "present" : "missing" });
  if (facts.hasActions) return;
  addProblem(job, {
    code: "no-actions",
    order: receipt.order,
    resource: receipt.resource,
    field: "meta.order.actions",
    message: `${receipt.file} was published before completion was external, so it lacks meta.order.actions; it stays as it is`,
    hint: `once the provisioner is done, send ${CALLS.setDone(receipt.order).path}`,
  });
}

/** Why a file that is there already is not what would be published. */
function fileProblem(found: "differs" | "foreign", name: string, order: string): Omit<Problem, "offering"> {
  if (found === "foreign") {
    return {
      code: "foreign-file",
      order,
      message: `${name} exists and is not a document of order ${order}; the file and the order are left as they are`,
      hint: "move the file out of the output directory; the next run publishes the order",
    };
  }
  return {
    code: "file-differs",
    order,
    message: `${name} differs from what order ${order} maps to now; the published file stays`,
    hint: "the provisioner may have acted on it; compare the resource in Waldur with the file",
  };
}
