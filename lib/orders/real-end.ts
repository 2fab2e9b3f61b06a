// The end that acts.

import type { Output } from "../output/directory.ts";
import { draftOrderFile } from "../output/order-file.ts";
import { claimReceipt, closeReceipt, rewriteReceipt } from "../output/receipts.ts";
import type { RealJob } from "../run/job.ts";
import { fetchOrder, fetchResource, send } from "../waldur/orders.ts";
import type { OrdersEnd } from "./end.ts";

export function realEnd({ reader, actor }: Pick<RealJob, "reader" | "actor">, output: Output): OrdersEnd {
  return {
    readOrder: (uuid) => fetchOrder(reader, uuid),
    readResource: (uuid) => fetchResource(reader, uuid),
    claim: (wanted) => claimReceipt(output, wanted).receipt,
    draft: (file) => draftOrderFile(output, file),
    call: ({ call, body }) => send(actor, call, body),
    note: (receipt) => void rewriteReceipt(output, receipt),
    close: (receipt, end) => closeReceipt(output, receipt, end),
    shown: () => ({}),
  };
}
