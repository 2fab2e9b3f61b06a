// What must hold of a POST at the moment it arrives, before the server has looked at it.

import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Arrival } from "../stage.ts";

const ACCEPTANCES = new Set(["approve_by_provider", "set_state_executing"]);

/** Only what waits for the provider is accepted, only what has its one file is set done, and nothing is ever set erred. */
export function complaintsOfPost(
  { method, path }: Pick<Arrival, "method" | "path">,
  placed: readonly SimOrder[],
  filesOf: (order: SimOrder) => readonly string[],
): string[] {
  if (method !== "POST") return [];
  const action = path.split("/").at(-2) ?? "";
  const order = placed.find(({ uuid }) => path.includes(uuid));
  if (action === "set_state_erred") return [`${path} was sent`];
  if (order === undefined) return [];
  if (ACCEPTANCES.has(action) && order.state !== "pending-provider")
    return [`${action} was sent of order ${order.uuid}, which is ${order.state}`];
  const files = filesOf(order).length;
  if (action === "set_state_done" && files !== 1)
    return [`order ${order.uuid} was to be set done with ${files} files`];
  return [];
}
