// Orders that arrive by themselves, as from users who order a storage, change it, and end it again.

import { startOrder } from "./lifecycle.ts";
import type { SimOrder } from "./model.ts";
import type { World } from "./state.ts";

const KINDS = ["Create", "Update", "Create", "Terminate"] as const;

/** Places the next order each time it is called: changes and ends are for what was created so, once that is in OK. */
export function createArrivals(world: World): () => SimOrder {
  const created: string[] = [];
  let number = 0;
  const place = (): SimOrder => {
    const type = KINDS[number % KINDS.length];
    const limits = { storage: 5 + (number % 20) };
    number++;
    const ready = created.filter(
      (uuid) => world.rows.find(uuid)?.state === "OK" && !hasOpenOrder(world, uuid),
    );
    const resource = type === "Terminate" ? ready.at(0) : ready.at(-1);
    if (type === "Create" || resource === undefined) {
      const order = startOrder(world, { type: "Create", name: `arrived-${number}`, limits });
      if (order.resourceUuid !== null) created.push(order.resourceUuid);
      return order;
    }
    if (type === "Update") return startOrder(world, { type, resource, limits });
    created.splice(created.indexOf(resource), 1);
    return startOrder(world, { type: "Terminate", resource });
  };
  return place;
}

function hasOpenOrder({ orders }: World, uuid: string): boolean {
  return orders.some(
    ({ resourceUuid, state }) =>
      resourceUuid === uuid && (state.startsWith("pending-") || state === "executing"),
  );
}
