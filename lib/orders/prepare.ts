// From an open order to what would be published for it: everything that can be decided by reading alone, up to the
// receipt. An order that cannot be handled stays as it is in Waldur and becomes a problem.

import type { PathQuestion } from "../claims/order-path.ts";
import { keptFinding, keptOutside } from "../claims/problems.ts";
import { isTable } from "../json.ts";
import { minuteStamp, orderFileName } from "../output/names.ts";
import type { Receipt } from "../output/receipt.ts";
import { peekReceipt } from "../output/receipts.ts";
import type { Problem } from "../report/report.ts";
import { addNotice, addProblem, type Job } from "../run/job.ts";
import type { DirectoryEntry, OrderType, StorageResource, StorageSource } from "../storage/document.ts";
import type { GidProject } from "../storage/gids.ts";
import type { Mapped } from "../storage/mapper.ts";
import { keepPlace, type Place } from "../storage/place.ts";
import { quoted } from "../storage/problems.ts";
import { sourceOf } from "../storage/source.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { OrderRun, Pass } from "./order-run.ts";
import { pastOf } from "./past.ts";

/** An order with its resource, the entry of its file, and the receipt that fixes the file's name and path. */
export type Prepared = {
  order: WaldurOrder;
  type: OrderType;
  resource: WaldurResource;
  entry: StorageResource;
  /** Those above it, in the hierarchy profile. */
  directories: readonly DirectoryEntry[];
  receipt: Receipt;
  /** What was asked of the claims, to be asked again before the file gets its name. */
  question: PathQuestion;
  /** Resources carry no slugs, so the server is of 2024 and a worker is behind approval. */
  hasWorker: boolean;
  /** Its project has no GID, and may get one when the order is accepted; `remap` is what it maps to then. */
  lateGid: { project: GidProject; remap: () => Mapped } | null;
};

/** An order with its resource, as both were read. */
export type Asking = Omit<Prepared, "entry" | "directories" | "receipt" | "question" | "lateGid">;

/** `isMoot`: the resource is terminated, so no file of the order is of use to anybody. */
export type LeftAlone = { left: Omit<Problem, "offering">[]; isMoot?: boolean };
/** Its path is that of a resource that was terminated not long ago. */
export type Waiting = { waits: Omit<Problem, "offering"> };

const TYPES: Readonly<Record<string, OrderType>> = {
  Create: "create",
  Update: "update",
  Terminate: "terminate",
};

/** The type as file names have it; undefined for Restore and unknown types. */
function orderType(order: WaldurOrder): OrderType | undefined {
  return Object.hasOwn(TYPES, order.type) ? TYPES[order.type] : undefined;
}

/** Reads the order's resource, maps it and claims its file. Network and other faults throw. */
export async function prepareOrder(
  order: WaldurOrder,
  run: OrderRun,
): Promise<Prepared | LeftAlone | Waiting> {
  const type = orderType(order);
  if (type === undefined) return leave(order, unsupportedType(order));
  if (order.marketplaceResourceUuid === null) return leave(order, missingResource(order));
  const resource = await run.end.readResource(order.marketplaceResourceUuid);
  if (resource === null) return leave(order, missingResource(order));
  if (resource.state === "Terminated" && type !== "terminate")
    return { ...leave(order, terminatedResource(order)), isMoot: true };
  return claimEntry({ order, type, resource, hasWorker: resource.projectSlug === undefined }, run);
}

/** Asks for the path, and with no other run in between writes the receipt, which names it. */
async function claimEntry(asking: Asking, run: OrderRun): Promise<Prepared | LeftAlone | Waiting> {
  const { order, type, resource } = asking;
  const { job, pass, end } = run;
  await job.lookAtPlace();
  const directory = job.config.settings.outputDirectory;
  const receipt = peekReceipt(directory, order.uuid)?.receipt ?? null;
  const past = pastOf({ uuid: order.uuid, type }, receipt, directory);
  if (order.state === "executing" && past.file === null) {
    const { noteElsewhere } = await import("./elsewhere.ts");
    await noteElsewhere(order, asking, run);
  }
  const source = sourceOf(resource, { ...order.project, customer: order.customer });
  const place = pass.mapper.placeOf(source);
  const isAccepted = type !== "create" || order.state !== "pending-provider";
  if (job.gids !== null) {
    const mayLack = job.gids.comesWithAcceptance && !isAccepted;
    await job.gids.learn([{ uuid: source.project.uuid, slug: source.project.slug, mayLack }]);
  }
  const wants = { uuid: resource.uuid, name: resource.slug, project: order.project.name };
  const question = { type, wants, place, receipt: past.path };
  return pass.claims.settle(question, (answer) => {
    if ("held" in answer) return leave(order, answer.held);
    if ("waits" in answer) return { waits: about(order, answer.waits) };
    const asked = { type, limits: order.limits, attributes: order.attributes, isAccepted };
    const { path } = answer;
    const settled = path === undefined ? place : keepPlace(place, path);
    const mapped = pass.mapper.mapOrder(asked, source, settled);
    if (!mapped.ok) return leave(order, ...mapped.problems);
    for (const { message, ...spared } of mapped.spared)
      addNotice(
        job,
        about(order, { ...spared, message: `${message}; the terminate file is published without it` }),
      );
    if ("finding" in answer && answer.finding !== undefined) addProblem(job, about(order, answer.finding));
    for (const warning of mapped.warnings) addNotice(job, about(order, warning));
    if (path !== undefined && settled !== place) noteKept(order, { place, path }, run);
    if (mapped.lack !== null) addProblem(job, about(order, mapped.lack));
    const claimed = end.claim(receiptOf(asking, { entry: mapped.entry, file: past.file, job }));
    pass.claims.add({ receipt: claimed, open: true });
    const directories = directoriesAbove(mapped.entry, source, pass);
    const remap = () => pass.mapper.mapOrder({ ...asked, isAccepted: true }, source, settled);
    const isLate = job.gids?.comesWithAcceptance === true && !isAccepted && lacksGid(mapped.entry);
    const lateGid = isLate ? { project: source.project, remap } : null;
    return { ...asking, entry: mapped.entry, directories, receipt: claimed, question, lateGid };
  });
}

/** Of the project, also where the entry is for a user. */
export function lacksGid({ target: { targetItem } }: StorageResource): boolean {
  const item: Readonly<Record<string, unknown>> = targetItem;
  const owner = isTable(item.primaryProject) ? item.primaryProject : item;
  return (owner.unixGid ?? null) === null;
}

function directoriesAbove(
  entry: StorageResource,
  source: StorageSource,
  { mapper: { hierarchy } }: Pass,
): readonly DirectoryEntry[] {
  if (hierarchy === null) return [];
  const parents = hierarchy.collect();
  parents.add(entry, source);
  return parents.entries();
}

/** The resource's own values may give another path than the one that it keeps. */
function noteKept(
  order: WaldurOrder,
  { place, path }: { place: Place; path: string },
  { job, pass }: OrderRun,
): void {
  if (!pass.mapper.policy.admits(path)) addNotice(job, about(order, keptOutside(path)));
  const kept = keptFinding(place, path);
  if (kept !== null) (kept.isProblem ? addProblem : addNotice)(job, about(order, kept.finding));
}

function receiptOf(
  { order, type, resource }: Asking,
  { entry, file, job }: { entry: StorageResource; file: string | null; job: Job },
): Receipt {
  const now = job.now();
  return {
    version: 1,
    offering: job.config.uuid,
    order: order.uuid,
    type,
    file: file ?? orderFileName(minuteStamp(now, job.timezone), type, order.uuid),
    resource: resource.uuid,
    mountPoint: entry.mountPoint.default,
    claimedAt: now.toISOString(),
    published: false,
  };
}

type Finding = Omit<Problem, "offering" | "order" | "resource">;

function leave(order: WaldurOrder, ...findings: readonly Finding[]): LeftAlone {
  return { left: findings.map((finding) => about(order, finding)) };
}

export function about(order: WaldurOrder, finding: Finding): Omit<Problem, "offering"> {
  const resource = order.marketplaceResourceUuid;
  return { ...finding, order: order.uuid, ...(resource === null ? {} : { resource }) };
}

function unsupportedType(order: WaldurOrder): Finding {
  return {
    code: "unsupported-order",
    field: "type",
    message: `order ${order.uuid} is of type ${quoted(order.type)}, for which no file is published; it stays as it is`,
    hint: "handle it in Waldur by hand: reject it, or set it done once the storage is changed",
  };
}

function missingResource(order: WaldurOrder): Finding {
  return {
    code: "no-resource",
    field: "marketplace_resource_uuid",
    message: `order ${order.uuid} has no readable resource; it stays as it is`,
    hint: "if this persists for minutes, check the order in Waldur",
  };
}

/** Waldur would reactivate the resource, whose path may be another resource's by now. */
export function terminatedResource(order: WaldurOrder): Finding {
  return {
    code: "resource-terminated",
    field: "marketplace_resource_uuid",
    message: `order ${order.uuid} is for a terminated resource; it stays as it is`,
    hint: "reject the order in Waldur, or cancel it",
  };
}

/**
 * The 10 minutes after which the worker of a 2024 server is assumed to have finished an approved Create or Update
 * order.
 */
const WORKER_PATIENCE_MS = 10 * 60 * 1000;

/**
 * An order that was approved on a server with a worker behind approval: finishing it before the worker has finished
 * loses the backend id or is undone (docs/waldur.md, "The worker of 2024"). Such an order waits; a Terminate order
 * without a limit, because what a late worker brings back is a resource whose data is gone.
 */
export function waitsForWorker({ order, type, resource, hasWorker }: Asking, now: Date): boolean {
  if (!hasWorker || order.providerReviewedAt === null) return false;
  if (type === "terminate") return resource.state !== "Terminating";
  // With an invalid date the order does not wait for ever.
  const waitedMs = now.getTime() - Date.parse(order.providerReviewedAt);
  if (!(waitedMs < WORKER_PATIENCE_MS)) return false;
  return type === "create" ? order.allocationUuid === null : resource.state !== "Updating";
}
