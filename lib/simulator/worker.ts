// The background worker behind `approve_by_provider`. That of 2024 does harm (docs/waldur.md, "The worker of 2024"): it
// errs update orders, takes back a backend id that was set meanwhile, and undoes what ended before it ran. That of
// newer servers ends orders that change nothing but options, and leaves the others alone; so their sources say, it was
// not measured.

import { uuidOf } from "./identity.ts";
import { finish, isOptionsOnly, setResource } from "./lifecycle.ts";
import type { SimOrder, SimResource } from "./model.ts";
import type { World } from "./state.ts";

export type Worker = {
  /** Queues the job of an approved order. A late one starts only when the order has ended. */
  queue(order: SimOrder, late: boolean): void;
  /** Waits until nothing is queued. A late job whose order never ends keeps it waiting. */
  idle(): Promise<void>;
  stop(): void;
};

const LATE_POLL_MS = 5;
const NOT_READY = "Can't switch from state '5' using method 'schedule_updating'";
/** Not measured: an update whose resource was never given an allocation. */
const NO_ALLOCATION = "'NoneType' object has no attribute 'schedule_updating'";

/** `delayMs`: between approval and the worker's write; 0 means that the effect is there when the approval returns. */
export function createWorker(world: World, delayMs: number): Worker {
  let stopped = false;
  const running = new Set<Promise<void>>();

  const run = async (order: SimOrder, late: boolean) => {
    while (late && !stopped && order.state === "executing") await Bun.sleep(LATE_POLL_MS);
    const read = readRow(world, order);
    if (delayMs > 0) await Bun.sleep(late ? LATE_POLL_MS : delayMs);
    if (!stopped && read !== undefined) write(world, order, late ? readRow(world, order) : read);
  };

  return {
    queue(order, late) {
      if (!late && delayMs === 0) return write(world, order, readRow(world, order));
      const job = run(order, late).finally(() => running.delete(job));
      running.add(job);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
    stop() {
      stopped = true;
    },
  };
}

/** What the worker remembers of the resource while it works, and later saves. */
type Row = Pick<SimResource, "backendId" | "backendMetadata">;

function readRow(world: World, order: SimOrder): Row | undefined {
  const resource = order.resourceUuid === null ? undefined : world.rows.find(order.resourceUuid);
  return resource && { backendId: resource.backendId, backendMetadata: resource.backendMetadata };
}

/** The worker does not look at the order again before it writes. */
function write(world: World, order: SimOrder, read: Row | undefined): void {
  const resource = order.resourceUuid === null ? undefined : world.rows.edit(order.resourceUuid);
  if (resource === undefined || read === undefined) return;
  if (world.generation === "current" && isOptionsOnly(world, order)) {
    // Anybody who set the order done first has applied its options.
    if (order.state === "executing") finish(world, order);
  } else if (order.type === "Create") {
    const allocationUuid = uuidOf(world.seed, "allocation", resource.index);
    setResource(world, resource, { ...read, allocationUuid });
  } else if (order.type === "Terminate") {
    setResource(world, resource, { ...read, state: "Terminating" });
  } else if (resource.allocationReady) {
    setResource(world, resource, { ...read, state: "Updating", allocationReady: false });
  } else {
    order.state = "erred";
    order.errorMessage = resource.allocationUuid === null ? NO_ALLOCATION : NOT_READY;
    world.touch(order);
  }
}
