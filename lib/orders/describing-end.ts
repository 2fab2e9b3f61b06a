// The end of a dry run: it cannot write or POST. It assumes that every call succeeds.

import type { StorageSettings } from "../config/config.ts";
import { describeOrderFile } from "../output/order-file.ts";
import { isWithdrawn, type Receipt } from "../output/receipt.ts";
import { peekReceipt } from "../output/receipts.ts";
import type { Job } from "../run/job.ts";
import { wantsProvider } from "../storage/profile.ts";
import { fetchOrder, fetchResource } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { OrdersEnd } from "./end.ts";

/** What the recorded calls of a pass make of orders and resources, and which receipts it would have closed. */
export type Foreseen = {
  orders: Map<string, WaldurOrder>;
  resources: Map<string, WaldurResource>;
  closed: Map<string, Receipt>;
};

export function describingEnd(
  reader: Job["reader"],
  { orders, resources, closed }: Foreseen,
  settings: StorageSettings,
): OrdersEnd {
  const { outputDirectory: directory } = settings;
  const read = new Map<string, WaldurResource>();
  /** A terminate order that is done takes its resource along. */
  const foreseeOrder = (order: WaldurOrder) => {
    orders.set(order.uuid, order);
    const resource = read.get(order.marketplaceResourceUuid ?? "");
    if (resource !== undefined && order.type === "Terminate" && order.state === "done")
      resources.set(resource.uuid, { ...resource, state: "Terminated" });
  };
  return {
    readOrder: async (uuid) => orders.get(uuid) ?? (await fetchOrder(reader, uuid)),
    async readResource(uuid) {
      const found = resources.get(uuid) ?? (await fetchResource(reader, uuid, wantsProvider(settings)));
      if (found !== null) read.set(uuid, found);
      return found;
    },
    claim: (wanted) => describeClaim(directory, wanted),
    draft({ name, compare }) {
      const found = describeOrderFile(directory, name, compare);
      return { found, publish: () => (found === "absent" ? "created" : found), discard: () => undefined };
    },
    async call({ effect }) {
      if ("order" in effect) foreseeOrder(effect.order);
      else resources.set(effect.resource.uuid, effect.resource);
      return { outcome: "accepted", detail: "nothing: it was not sent" };
    },
    record: (_deed, act) => act(),
    note: () => undefined,
    reopen: () => undefined,
    close: (receipt, ended) =>
      void closed.set(receipt.order, { ...receipt, ended: { ...ended, at: new Date().toISOString() } }),
    shown: (document) => ({ document }),
  };
}

function describeClaim(directory: string, wanted: Receipt): Receipt {
  const receipt = peekReceipt(directory, wanted.order)?.receipt;
  if (receipt === undefined) return wanted;
  if (isWithdrawn(receipt)) return { ...wanted, file: receipt.file };
  return { ...receipt, mountPoint: wanted.mountPoint };
}
