// The simulated Waldur kept up for a rehearsal: what to type to see it as the provider, to order as a consumer, and to
// let it fail; and orders that arrive by themselves.

import { EXIT, type ExitCode } from "../errors.ts";
import { createArrivals } from "../simulator/arrivals.ts";
import { CONTROL_PATH } from "../simulator/control.ts";
import type { Simulator } from "../simulator/server.ts";

type Rehearsal = {
  configPath: string;
  /** How often an order arrives; null: never. */
  orderEveryMs: number | null;
  show: (text: string) => Promise<void>;
  interrupted: AbortSignal;
};

/** Serves until the signal. */
export async function serve(simulator: Simulator, rehearsal: Rehearsal): Promise<ExitCode> {
  const { orderEveryMs, show, interrupted } = rehearsal;
  await show(`${providerPart(simulator, rehearsal)}\n${consumerPart(simulator)}\n${faultPart(simulator)}`);
  const timer = orderEveryMs === null ? undefined : startArrivals(simulator, orderEveryMs, show);
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(timer);
  return EXIT.ok;
}

function providerPart(
  { url, world, providerToken, offeringUuid }: Simulator,
  { configPath }: Rehearsal,
): string {
  const kind = world.generation === "2024" ? "a simulated Waldur of 2024" : "a simulated Waldur";
  const orders = `marketplace-orders/?offering_uuid=${offeringUuid}&state=pending-provider`;
  return `${kind} is running at ${url} until you press Ctrl-C

configuration: ${configPath}

try, in another terminal:
  waldur-cscs-storage check -c ${configPath}
  waldur-cscs-storage sync -c ${configPath}
  waldur-cscs-storage orders -c ${configPath} --dry-run
  curl -s -H 'Authorization: Token ${providerToken}' '${url}${orders}'
`;
}

/** Each line is a complete command; the later ones need the resource of the first one in state OK. */
function consumerPart({ url, world, consumerToken, offeringUuid, projectUuid }: Simulator): string {
  const curl = `curl -s -H 'Authorization: Token ${consumerToken}'`;
  const order = JSON.stringify({
    offering: `${url}marketplace-public-offerings/${offeringUuid}/`,
    project: `${url}projects/${projectUuid}/`,
    plan: `${url}marketplace-plans/${world.offering.planUuid}/`,
    attributes: { name: "rehearsal", permissions: "2770", storage_data_type: "store" },
    limits: { storage: 5 },
  });
  const json = "-H 'Content-Type: application/json'";
  return `as a consumer, order storage, then change and terminate it, each after \`orders\` has set the order done:
  RESOURCE=$(${curl} ${json} -d '${order}' ${url}marketplace-orders/ | jq -r .marketplace_resource_uuid)
  ${curl} ${json} -d '{"limits":{"storage":9}}' ${url}marketplace-resources/$RESOURCE/update_limits/
  ${curl} -X POST ${url}marketplace-resources/$RESOURCE/terminate/
`;
}

function faultPart({ origin }: Simulator): string {
  return `switch on a fault, list all faults, and switch them off again:
  curl -s -d '503@marketplace-orders' ${origin}${CONTROL_PATH}
  curl -s ${origin}${CONTROL_PATH}
  curl -s -X POST ${origin}${CONTROL_PATH}
`;
}

function startArrivals({ world }: Simulator, everyMs: number, show: Rehearsal["show"]) {
  const place = createArrivals(world);
  return setInterval(() => {
    const { type, uuid, resourceName } = place();
    // A reader that is gone ends nothing: the server is what this is for.
    show(`an order arrived: ${type} ${resourceName} (${uuid})\n`).catch(() => undefined);
  }, everyMs);
}
