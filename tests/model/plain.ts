// Where nobody asked for the place of another and nothing befell resources beside their orders, more can be said at
// rest: what an order was for is in its file and in Waldur, and only what cannot be mapped is an excuse to be open.

import type { SimOrder } from "../../lib/simulator/model.ts";
import { ANSWERS } from "./answers.ts";
import { resourcesIn } from "./directories.ts";
import { tableOf } from "./expected.ts";
import { LOSSES } from "./history.ts";
import { orderFilesOf, type Site } from "./site.ts";

const HARMLESS: ReadonlySet<string> = new Set([
  ...LOSSES.map((loss) => `${loss} lost`),
  ...ANSWERS.map((answer) => `an order is answered: ${answer}`),
  ...["1 days go by", "8 days go by", "hours go by"],
]);

export function isPlain({ seen }: Site): boolean {
  return [...seen.outcomes].every((outcome) => HARMLESS.has(outcome));
}

/** Of orders that the program itself has set done. */
export function complaintsOfPlain(site: Site): string[] {
  const { book, setup } = site;
  if (!isPlain(site) || setup.repaired) return [];
  return book.placed
    .filter((order) => order.state === "done" && !book.finishedByOthers.has(order))
    .flatMap((order) => [...complaintsOfBackendId(site, order), ...complaintsOfQuota(site, order)]);
}

function complaintsOfBackendId({ stage }: Site, { uuid, type, resourceUuid }: SimOrder): string[] {
  const isSet = stage.world.resource(resourceUuid ?? "").backendId !== "";
  return type !== "Create" || isSet ? [] : [`the Create order ${uuid} is done without a backend id`];
}

/** What an order asks for stays once it is accepted, so its file says what it says in the end. */
function complaintsOfQuota(site: Site, order: SimOrder): string[] {
  if (order.type === "Terminate") return [];
  const wanted = tableOf(order.limits).storage;
  return orderFilesOf(site, order).flatMap((name) => {
    const found = resourcesIn(site.stage.read(name))[0]?.quotas?.[0]?.quota;
    return found === wanted ? [] : [`${name} has a quota of ${found}, and its order of ${wanted}`];
  });
}
