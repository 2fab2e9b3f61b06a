// An order's file: claimed under one name by a receipt, published durably, never rewritten with another content.

import { join } from "node:path";
import type { Output } from "../output/directory.ts";
import { minuteStamp, orderFileName } from "../output/names.ts";
import { publishOrderFile } from "../output/order-file.ts";
import { claimReceipt, peekFileName, type Receipt } from "../output/receipts.ts";
import type { Problem } from "../report/report.ts";
import { addProblem, type Job } from "../run/job.ts";
import { documentDigest } from "../storage/digest.ts";
import { compareDocuments, documentText } from "../storage/text.ts";
import { orderDocument } from "./document.ts";
import type { Pass } from "./pass.ts";
import type { Prepared } from "./prepare.ts";

/** Fixes the order's file name and path, or finds the name that an earlier run fixed. */
export function claimOrder(prepared: Prepared, job: Job, output: Output): Receipt {
  return claimReceipt(output, describeReceipt(prepared, job)).receipt;
}

/** The receipt of an order that nobody has claimed yet. */
export function describeReceipt({ order, type, resource, entry }: Prepared, job: Job): Receipt {
  const now = job.now();
  const directory = job.config.settings.outputDirectory;
  // Where receipts were lost, a file of the order gives the name.
  const known = peekFileName(directory, type, order.uuid);
  return {
    version: 1,
    offering: job.config.uuid,
    order: order.uuid,
    type,
    file: known ?? orderFileName(minuteStamp(now, job.timezone), type, order.uuid),
    resource: resource.uuid,
    mountPoint: entry.mountPoint.default,
    claimedAt: now.toISOString(),
    published: false,
  };
}

/** Puts the file in place and on the disk. False when something that is not ours stands under its name. */
export function publishOrder(
  prepared: Prepared,
  name: string,
  { job, output, pass }: { job: Job; output: Output; pass: Pass },
): boolean {
  const { order } = prepared;
  const text = documentText(orderDocument(prepared, job, pass.offering));
  const found = publishOrderFile(output, name, text, (existing) =>
    compareDocuments(existing, text, order.uuid),
  );
  if (found === "differs" || found === "foreign") addProblem(job, fileProblem(found, name, order.uuid));
  if (found === "foreign") return false;
  job.ledger.addFile({
    offering: job.config.uuid,
    path: join(output.directory, name),
    action: found === "created" ? "create" : "unchanged",
    bytes: Buffer.byteLength(text),
    sha256: documentDigest([text]),
  });
  return true;
}

/** Why a file that stands there already is not what would be published. */
export function fileProblem(
  found: "differs" | "foreign",
  name: string,
  order: string,
): Omit<Problem, "offering"> {
  if (found === "foreign") {
    return {
      code: "foreign-file",
      order,
      message: `${name} exists and is not a document of order ${order}; it is left alone, and so is the order`,
      hint: "move the file away; the next run publishes the order",
    };
  }
  return {
    code: "file-differs",
    order,
    message: `${name} was published with another content than order ${order} maps to now; the published file stays`,
    hint: "the provisioner may have acted on it; compare the resource in Waldur with the file",
  };
}
