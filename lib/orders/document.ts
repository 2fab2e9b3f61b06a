// The document of one order: its entry, and in `meta.order` what lets a provisioner distinguish orders.

import { dateWithOffset } from "../output/names.ts";
import type { Job } from "../run/job.ts";
import type { DocumentMeta, StorageDocument, StorageEntry } from "../storage/document.ts";
import { CALLS } from "../waldur/orders.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import type { Prepared } from "./prepare.ts";

/** `meta.date` is now; the name of the file keeps the minute of the claim. */
export function orderDocument(
  prepared: Prepared,
  job: Job,
  offering: WaldurOffering,
): StorageDocument<StorageEntry> {
  const { order, type } = prepared;
  return {
    status: "success",
    code: 200,
    meta: {
      date: dateWithOffset(job.now(), job.timezone),
      appVersion: job.version,
      offering: { uuid: offering.uuid, slug: offering.slug },
      order: { uuid: order.uuid, type, created: order.created, ...actionsOf(prepared, job) },
    },
    result: { storageResources: [...prepared.directories, prepared.entry] },
  };
}

/** With `completion: external` the provisioner finishes the order itself, and is given the URLs for it. */
function actionsOf(
  { order, resource }: Prepared,
  job: Job,
): Pick<NonNullable<DocumentMeta["order"]>, "actions"> {
  if (job.config.settings.completion !== "external") return {};
  const url = (call: { path: string }) => new URL(call.path, job.config.apiUrl).href;
  return {
    actions: {
      done: url(CALLS.setDone(order.uuid)),
      erred: url(CALLS.setErred(order.uuid)),
      backendId: url(CALLS.setBackendId(resource.uuid)),
    },
  };
}
