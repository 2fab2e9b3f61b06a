// Which calls an order still needs. A dry run lists them; the real run sends them one by one, reading back between.

import type { StorageSettings } from "../config/config.ts";
import { CALLS, type Call } from "../waldur/orders.ts";
import type { Prepared } from "./prepare.ts";

/**
 * How a pending order is accepted. On a server with a worker behind approval, approving makes that worker err updates and
 * undo finished orders; setting the order executing starts no worker (docs/waldur.md, "Orders").
 */
export function acceptCall(prepared: Prepared, settings: StorageSettings): Call {
  const { order } = prepared;
  return approves(prepared, settings) ? CALLS.approve(order.uuid) : CALLS.execute(order.uuid);
}

/**
 * A Terminate order that was approved there waits for its worker however long that takes, and only then can it be set
 * erred: worth the wait where a provisioner ends orders, not where this program does.
 */
function approves({ type, hasWorker }: Prepared, { acceptance, completion }: StorageSettings): boolean {
  if (!hasWorker) return acceptance !== "execute";
  return acceptance === "approve" && (type !== "terminate" || completion === "external");
}

/** What the resource's backend id becomes; null when it has one already or the order is no create. */
export function backendIdFor(prepared: Prepared, settings: StorageSettings): string | null {
  if (prepared.type !== "create" || prepared.resource.backendId !== "") return null;
  if (settings.completion === "external") return null;
  const id =
    settings.backendId === "mount_point" ? prepared.entry.mountPoint.default : prepared.resource.slug;
  return id === "" ? null : id;
}

/** All calls from here to the end, in order. */
export function planCalls(prepared: Prepared, settings: StorageSettings): Call[] {
  const { order, resource } = prepared;
  const calls: Call[] = [];
  if (order.state === "pending-provider") calls.push(acceptCall(prepared, settings));
  if (backendIdFor(prepared, settings) !== null) calls.push(CALLS.setBackendId(resource.uuid));
  if (settings.completion === "on-publish") calls.push(CALLS.setDone(order.uuid));
  return calls;
}
