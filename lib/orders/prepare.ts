// From an open order to what would be published for it: everything that can be decided by reading alone. The real run
// and the dry run share it. An order that cannot be handled stays as it is in Waldur and becomes a problem.

import type { PathQuestion } from "../claims/order-path.ts";
import { peekReceipt } from "../output/receipts.ts";
import type { Problem } from "../report/report.ts";
import { addProblem, type Job } from "../run/job.ts";
import type { OrderType, StorageResource } from "../storage/document.ts";
import { sourceOf } from "../storage/source.ts";
import { fetchResource } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { Pass } from "./pass.ts";

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
/** Its path is that of a resource that was terminated not long ago. */
export type Waiting = { waits: Omit<Problem, "offering"> };

const TYPES: Readonly<Record<string, OrderType>> = {
  Create: "create",
  Update: "update",
  Terminate: "terminate",
};

/** The type as file names have it; undefined for Restore and whatever else Waldur may invent. */
function orderType(order: WaldurOrder): OrderType | undefined {
  return Object.hasOwn(TYPES, order.type) ? TYPES[order.type] : undefined;
}

/** Fixes what an order's file will name; called under the lock, and only for what can be published. */
export type Claim = (prepared: Prepared) => void;

/** Reads the order's resource, asks for its path, maps it, and claims. Network and other faults throw. */
export async function prepareOrder(
  order: WaldurOrder,
  { job, pass, claim }: { job: Job; pass: Pass; claim: Claim },
): Promise<Prepared | LeftAlone | Waiting> {
  const type = orderType(order);
  if (type === undefined) return leave(order, unsupportedType(order));
  if (order.marketplaceResourceUuid === null) return leave(order, missingResource(order));
  const resource = await fetchResource(job.reader, order.marketplaceResourceUuid);
  if (resource === null) return leave(order, missingResource(order));
  const { project, customer } = order;
  const source = sourceOf(resource, { ...project, customer });
  const place = pass.mapper.placeOf(source);
  const question: PathQuestion = {
    type,
    wants: { uuid: resource.uuid, name: resource.slug, project: project.name },
    place,
    receipt: fixedPath(job.config.settings.outputDirectory, order.uuid),
  };
  return pass.claims.settle(question, (answer) => {
    if ("held" in answer) return leave(order, answer.held);
    if ("waits" in answer) return { waits: { ...answer.waits, order: order.uuid, resource: resource.uuid } };
    const named = { type, limits: order.limits, attributes: order.attributes };
    const mapped = pass.mapper.mapOrder(named, source, { ...place, path: answer.path });
    if (!mapped.ok) return leave(order, ...mapped.problems);
    const prepared = {
      order,
      type,
      resource,
      entry: mapped.entry,
      hasWorker: resource.projectSlug === undefined,
    };
    if ("finding" in answer && answer.finding !== undefined)
      addProblem(job, { ...answer.finding, order: order.uuid, resource: resource.uuid });
    claim(prepared);
    return prepared;
  });
}

function fixedPath(directory: string, order: string): PathQuestion["receipt"] {
  const receipt = peekReceipt(directory, order)?.receipt;
  return receipt === undefined ? null : { path: receipt.mountPoint, isPublished: receipt.published };
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
