// A run over orders is one program with two ends. The real end acts: it writes receipts and files and sends calls. The
// describing end only records, and answers a read with what the recorded calls would have made of Waldur. All that
// decides anything comes before them, so a dry run shows what the real run then does.

import type { AckDeed } from "../history/record.ts";
import type { OrderFile, OrderFileDraft } from "../output/order-file.ts";
import type { OrderEnd, Receipt } from "../output/receipt.ts";
import type { StorageDocument, StorageEntry } from "../storage/document.ts";
import type { Posted } from "../waldur/client.ts";
import type { Call } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";

/** Where the effects on one order go. Everything else about it is decided from what is read. */
export type OrdersEnd = {
  /** The order as it is now; null when it is gone. */
  readOrder(uuid: string): Promise<WaldurOrder | null>;
  /** The resource as it is now; null when it is gone. */
  readResource(uuid: string): Promise<WaldurResource | null>;
  /** Fixes the name and the path of the order's file; see `claimReceipt`. */
  claim(wanted: Receipt): Receipt;
  /** All of the file but its name, which the receipt fixed. */
  draft(file: OrderFile, receipt: Receipt): OrderFileDraft;
  /** Sends a call once. The effect is what reading gives if the call does what it is for. */
  call(call: OrderCall & { order: string; resource: string | null }): Promise<Posted>;
  /** Stores the judgement of an ack. */
  record(deed: AckDeed, act: () => void): void;
  /** Replaces the receipt. */
  note(receipt: Receipt): void;
  /** Reopens a closed receipt with this content. */
  reopen(receipt: Receipt): void;
  /** The order has ended. */
  close(receipt: Receipt, end: OrderEnd): void;
  /** Only in a dry run: the documents of published files, for the report. */
  shown(document: StorageDocument<StorageEntry>): { document?: StorageDocument<StorageEntry> };
};

export type OrderCall = {
  call: Call;
  body?: Readonly<Record<string, string>>;
  effect: { order: WaldurOrder } | { resource: WaldurResource };
};
