// From an open order to what would be published for it: everything that can be decided by reading alone, up to the
// receipt. An order that cannot be handled stays as it is in Waldur and becomes a problem.

import { minuteStamp, orderFileName } from "../output/names.ts";
import { peekReceipt, type Receipt } from "../output/receipts.ts";
import type { Problem } from "../report/report.ts";
import type { OrderType, StorageResource } from "../storage/document.ts";
import { sourceOf } from "../storage/source.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import { look } from "./look.ts";
import type { OrderRun } from "./pass.ts";
import { pastOf } from "./past.ts";

/** An order with its resource, the entry of its file, and the receipt that fixes the file's name and path. */
export type Prepared = {
  order: WaldurOrder;
  type: OrderType;
  resource: WaldurResource;
  entry: StorageResource;
  receipt: Receipt;
  /** Resources carry no slugs, so the server is of 2024 and a worker stands behind approval. */
  hasWorker: boolean;
};

export type LeftAlone = { left: Omit<Problem, "offering">[] };

const TYPES: Readonly<Record<string, OrderType>> = {
  Create: "create",
  Update: "update",
  Terminate: "terminate",
};

/** The type as file names have it; undefined for Restore and whatever else Waldur may invent. */
function orderType(order: WaldurOrder): OrderType | undefined {
  return Object.hasOwn(TYPES, order.type) ? TYPES[order.type] : undefined;
}

/** Reads the order's resource, maps it and claims its file. Network and other faults throw. */
export async function prepareOrder(order: WaldurOrder, run: OrderRun): Promise<Prepared | LeftAlone> {
  const type = orderType(order);
  if (type === undefined) return leave(order, unsupportedType(order));
  if (order.marketplaceResourceUuid === null) return leave(order, missingResource(order));
  const resource = await run.end.readResource(order.marketplaceResourceUuid);
  if (resource === null) return leave(order, missingResource(order));
  const claimed = await claimEntry({ order, type, resource }, run);
  if ("left" in claimed) return claimed;
  return { order, type, resource, ...claimed, hasWorker: resource.projectSlug === undefined };
}

/** Looks whether the order may name its path, and right after that writes the receipt, which names it. */
async function claimEntry(
  { order, type, resource }: Pick<Prepared, "order" | "type" | "resource">,
  { job, pass, end }: OrderRun,
): Promise<Pick<Prepared, "entry" | "receipt"> | LeftAlone> {
  const directory = job.config.settings.outputDirectory;
  const past = pastOf(
    { uuid: order.uuid, type },
    peekReceipt(directory, order.uuid)?.receipt ?? null,
    directory,
  );
  const source = sourceOf(resource, { ...order.project, customer: order.customer });
  const looked = await look({ order, resource, source, fixed: past.path }, pass);
  if ("refused" in looked) return leave(order, looked.refused);
  const asked = { type, limits: order.limits, attributes: order.attributes };
  const mapped = pass.mapper.mapOrder(asked, source, looked.place);
  if (!mapped.ok) return leave(order, ...mapped.problems);
  const now = job.now();
  const receipt = end.claim({
    version: 1,
    offering: job.config.uuid,
    order: order.uuid,
    type,
    file: past.file ?? orderFileName(minuteStamp(now, job.timezone), type, order.uuid),
    resource: resource.uuid,
    mountPoint: mapped.entry.mountPoint.default,
    claimedAt: now.toISOString(),
    published: false,
  });
  return { entry: mapped.entry, receipt };
}

type Finding = Omit<Problem, "offering" | "order" | "resource">;

function leave(order: WaldurOrder, ...findings: readonly Finding[]): LeftAlone {
  const resource = order.marketplaceResourceUuid;
  return {
    left: findings.map((finding) => ({
      ...finding,
      order: order.uuid,
      ...(resource === null ? {} : { resource }),
    })),
  };
}

function unsupportedType(order: WaldurOrder): Finding {
  return {
    code: "unsupported-order",
    field: "type",
    message: `order ${order.uuid} is of type ${JSON.stringify(order.type.slice(0, 40))}, which has no file; it stays as it is`,
    hint: "handle it in Waldur by hand: reject it, or set it done once the storage team has acted",
  };
}

function missingResource(order: WaldurOrder): Finding {
  return {
    code: "no-resource",
    field: "marketplace_resource_uuid",
    message: `order ${order.uuid} has no resource that can be read; it stays as it is`,
    hint: "if it stays so for minutes, look at the order in Waldur",
  };
}

/** The 10 minutes after which the worker of a 2024 server is taken to be through with an approved order. */
const WORKER_PATIENCE_MS = 10 * 60 * 1000;

/**
 * An order that was approved on a server with a worker behind approval: finishing it before the worker is through
 * loses the backend id or is undone (docs/waldur.md, "Orders"). Such an order waits.
 */
export function waitsForWorker({ order, type, resource, hasWorker }: Prepared, now: Date): boolean {
  if (!hasWorker || order.providerReviewedAt === null) return false;
  // A date that cannot be read is no reason to wait for ever.
  const waitedMs = now.getTime() - Date.parse(order.providerReviewedAt);
  if (!(waitedMs < WORKER_PATIENCE_MS)) return false;
  if (type === "create") return order.allocationUuid === null;
  return resource.state !== (type === "update" ? "Updating" : "Terminating");
}
