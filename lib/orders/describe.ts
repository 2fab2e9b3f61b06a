// What a real run would do with one order, found out by reading alone.

import { join } from "node:path";
import { minuteStamp, orderFileName } from "../output/names.ts";
import { describeOrderFile } from "../output/order-file.ts";
import { peekFileName, peekReceipt } from "../output/receipts.ts";
import type { OrderOutcome, OrderReport } from "../report/report.ts";
import { addNotice, addProblem, type Job } from "../run/job.ts";
import { documentDigest } from "../storage/digest.ts";
import { compareDocuments, documentText } from "../storage/text.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import { orderDocument } from "./document.ts";
import type { Pass } from "./pass.ts";
import { planCalls } from "./plan.ts";
import { prepareOrder, waitsForWorker } from "./prepare.ts";
import { describeReceipt, fileProblem } from "./publish.ts";

export async function describeOrder(
  order: WaldurOrder,
  pass: Pass,
  { job, line }: { job: Job; line: OrderReport },
): Promise<OrderOutcome> {
  const { settings, uuid } = job.config;
  const directory = settings.outputDirectory;
  const receipt = peekReceipt(directory, order.uuid)?.receipt;
  if (settings.completion === "external" && receipt?.published === true) return "published";
  const prepared = await prepareOrder(order, {
    job,
    pass,
    claim: (claimable) => pass.claims.add({ receipt: describeReceipt(claimable, job), open: true }),
  });
  if ("waits" in prepared) {
    addNotice(job, prepared.waits);
    return "waiting";
  }
  if ("left" in prepared) {
    for (const problem of prepared.left) addProblem(job, problem);
    return "left";
  }
  if (order.state === "executing" && waitsForWorker(prepared, job.now())) return "waiting";
  line.calls.push(...planCalls(prepared, settings));
  const name =
    receipt?.file ??
    peekFileName(directory, prepared.type, order.uuid) ??
    orderFileName(minuteStamp(job.now(), job.timezone), prepared.type, order.uuid);
  const document = orderDocument(prepared, job, pass.offering);
  const text = documentText(document);
  const found = describeOrderFile(directory, name, (existing) =>
    compareDocuments(existing, text, order.uuid),
  );
  if (found === "differs" || found === "foreign") addProblem(job, fileProblem(found, name, order.uuid));
  if (found === "foreign") return "left";
  job.ledger.addFile({
    offering: uuid,
    path: join(directory, name),
    action: found === "absent" ? "create" : "unchanged",
    bytes: Buffer.byteLength(text),
    sha256: documentDigest([text]),
    document,
  });
  return settings.completion === "external" ? "published" : "done";
}
