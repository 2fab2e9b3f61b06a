// The end that acts, and records what it does.

import type { History } from "../history/writer.ts";
import type { Output } from "../output/directory.ts";
import { draftOrderFile, type OrderFileDraft } from "../output/order-file.ts";
import type { Receipt } from "../output/receipt.ts";
import { claimReceipt, closeReceipt, reopenReceipt, rewriteReceipt } from "../output/receipts.ts";
import type { RealJob } from "../run/job.ts";
import { wantsProvider } from "../storage/profile.ts";
import { actionOf, fetchOrder, fetchResource, send } from "../waldur/orders.ts";
import type { OrdersEnd } from "./end.ts";

/** The ends of one pass. A pass that handles no order loads nothing of the history. */
export function realEnds(job: RealJob, output: Output) {
  const opened: { history?: History } = {};
  return {
    async open(reader: RealJob["reader"]): Promise<OrdersEnd> {
      const { historyOf } = await import("../run/history.ts");
      opened.history ??= historyOf(job, output);
      return realEnd({ ...job, reader }, output, opened.history);
    },
    close: () => opened.history?.close(),
  };
}

function realEnd({ reader, actor, config }: RealJob, output: Output, history: History): OrdersEnd {
  return {
    readOrder: (uuid) => fetchOrder(reader, uuid),
    readResource: (uuid) => fetchResource(reader, uuid, wantsProvider(config.settings)),
    claim: (wanted) => claimReceipt(output, wanted).receipt,
    draft: (file, receipt) => recorded(draftOrderFile(output, file), receipt, history),
    call({ call, body, order, resource }) {
      const deed = { event: "sent", offering: config.uuid, order, resource, call: actionOf(call) } as const;
      return history.post(deed, () => send(actor, call, body));
    },
    record: (deed, act) => history.around(deed, act),
    note: (receipt) => void rewriteReceipt(output, receipt),
    reopen: (receipt) => reopenReceipt(output, receipt),
    close: (receipt, end) => closeReceipt(output, receipt, end),
    shown: () => ({}),
  };
}

/**
 * A file that is there already is not published again, so it is not recorded as an action, unless it goes in between.
 */
function recorded(draft: OrderFileDraft, receipt: Receipt, history: History): OrderFileDraft {
  const { offering, order, resource, file, mountPoint: path } = receipt;
  const deed = {
    ...({ event: "published", offering, order, resource, file, path } as const),
    ...{ entries: 1, inode: null },
  };
  const isCreated = (found: ReturnType<OrderFileDraft["publish"]>) => found === "created";
  return {
    ...draft,
    publish() {
      if (draft.found === "absent") return history.around(deed, draft.publish, isCreated);
      const found = draft.publish();
      return isCreated(found) ? history.around(deed, () => found) : found;
    },
  };
}
