// What must hold of a POST at the moment it arrives, before the server has looked at it.

import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Arrival } from "../stage.ts";

const ACCEPTANCES = new Set(["approve_by_provider", "set_state_executing"]);

/**
 * Only what waits for the provider is accepted, only what has its one file is set done, whatever the provisioner says.
 */
export function complaintsOfPost(
  { method, path }: Pick<Arrival, "method" | "path">,
  placed: readonly SimOrder[],
  filesOf: (order: SimOrder) => readonly string[],
): string[] {
  if (method !== "POST") return [];
  const action = path.split("/").at(-2) ?? "";
  const order = placed.find(({ uuid }) => path.includes(uuid));
  if (order === undefined) return [];
  if (ACCEPTANCES.has(action) && order.state !== "pending-provider")
    return [`${action} was sent of order ${order.uuid}, which is ${order.state}`];
  const files = filesOf(order).length;
  if ((action === "set_state_done" || action === "set_state_erred") && files !== 1)
    return [`${action} was sent of order ${order.uuid}, which has ${files} files`];
  return [];
}
