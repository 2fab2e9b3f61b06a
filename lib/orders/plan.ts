// Which calls an order needs.

import type { StorageSettings } from "../config/config.ts";
import type { Job } from "../run/job.ts";
import { CALLS, type Call } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { Prepared } from "./prepare.ts";

/**
 * How a pending order is accepted, and what it is then. On a server with a worker behind approval, approving makes that
 * worker set updates erred and undo finished orders; set_state_executing starts no worker (docs/waldur.md, "Orders").
 */
export function acceptance(prepared: Prepared, job: Job): { call: Call; accepted: WaldurOrder } {
  const { order } = prepared;
  const accepted = { ...order, state: "executing" };
  if (!approves(prepared, job.config.settings)) return { call: CALLS.execute(order.uuid), accepted };
  return {
    call: CALLS.approve(order.uuid),
    accepted: { ...accepted, providerReviewedAt: job.now().toISOString() },
  };
}

/**
 * A Terminate order that was approved there waits for its worker however long that takes, and only then can it be set
 * erred: worth the wait where a provisioner ends orders, not where this program does.
 */
function approves({ type, hasWorker }: Prepared, { acceptance, completion }: StorageSettings): boolean {
  if (!hasWorker) return acceptance !== "execute";
  return acceptance === "approve" && (type !== "terminate" || completion !== "on-publish");
}

/** What the resource's backend id becomes; null when it has one already or the order is no create. */
export function backendIdFor(prepared: Prepared, settings: StorageSettings): string | null {
  if (prepared.type !== "create" || prepared.resource.backendId !== "") return null;
  if (settings.completion !== "on-publish") return null;
  const id =
    settings.backendId === "mount_point" ? prepared.entry.mountPoint.default : prepared.resource.slug;
  return id === "" ? null : id;
}
