// From an open order to what would be published for it: everything that can be decided by reading alone. The real run
// and the dry run share it. An order that cannot be handled stays as it is in Waldur and becomes a problem.

import type { Problem } from "../report/report.ts";
import type { Job } from "../run/job.ts";
import type { OrderType, StorageResource } from "../storage/document.ts";
import type { Mapper } from "../storage/mapper.ts";
import { sourceOf } from "../storage/source.ts";
import { fetchResource } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { MountGuard } from "./mounts.ts";

/** An order with its resource and the entry of its file. */
export type Prepared = {
  order: WaldurOrder;
  type: OrderType;
  resource: WaldurResource;
  entry: StorageResource;
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

/** Reads the order's resource and maps it. Network and other faults throw. */
export async function prepareOrder(
  order: WaldurOrder,
  job: Job,
  { mapper, mounts }: { mapper: Mapper; mounts: MountGuard },
): Promise<Prepared | LeftAlone> {
  const type = orderType(order);
  if (type === undefined) return leave(order, unsupportedType(order));
  if (order.marketplaceResourceUuid === null) return leave(order, missingResource(order));
  const resource = await fetchResource(job.reader, order.marketplaceResourceUuid);
  if (resource === null) return leave(order, missingResource(order));
  const { project, customer } = order;
  const source = sourceOf(resource, { ...project, customer });
  const mapped = mapper.mapOrder({ type, limits: order.limits, attributes: order.attributes }, source);
  if (!mapped.ok) return leave(order, ...mapped.problems);
  const clash = mounts.clash(mapped.entry.mountPoint.default, resource.uuid);
  if (clash !== null) return leave(order, clash);
  return { order, type, resource, entry: mapped.entry, hasWorker: resource.projectSlug === undefined };
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

/** The 10 minutes after which the worker of a 2024 server is taken to be through with an approved Create or Update order. */
const WORKER_PATIENCE_MS = 10 * 60 * 1000;

/**
 * An order that was approved on a server with a worker behind approval: finishing it before the worker is through
 * loses the backend id or is undone (docs/waldur.md, "The worker of 2024"). Such an order waits; a Terminate order
 * without a limit, because what a late worker brings back is a resource whose data is gone.
 */
export function waitsForWorker({ order, type, resource, hasWorker }: Prepared, now: Date): boolean {
  if (!hasWorker || order.providerReviewedAt === null) return false;
  if (type === "terminate") return resource.state !== "Terminating";
  // A date that cannot be read is no reason to wait for ever.
  const waitedMs = now.getTime() - Date.parse(order.providerReviewedAt);
  if (!(waitedMs < WORKER_PATIENCE_MS)) return false;
  return type === "create" ? order.allocationUuid === null : resource.state !== "Updating";
}
