// The stage for tests of `orders`: short names for the requests of a run, a hand that reaches in when one of them
// arrives, and at the end of every test what must hold after each: no order was erred by us, nothing half-written is
// left.

import { expect } from "bun:test";
import type { ClaimsSource } from "../../lib/claims/header.ts";
import { writeClaims } from "../../lib/claims/store.ts";
import { type ClaimTable, createClaimTable } from "../../lib/claims/table.ts";
import { type Mode, openOutput } from "../../lib/output/directory.ts";
import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import { type Arrival, type HereOptions, listenTo, openStage, type StageOptions } from "../stage.ts";

export const GENERATIONS = ["current", "2024"] as const;
export const TYPES = ["Create", "Update", "Terminate"] as const;

export type OrdersStage = Awaited<ReturnType<typeof openOrders>>;

/**
 * `await using stage = await openOrders()`; what must hold after every test is checked when it goes. An earlier pass
 * has read the list for its claims already, unless `isNew` says that there was none. `mayErr`: a provisioner says so.
 */
export async function openOrders({
  isNew = false,
  mayErr = false,
  ...options
}: StageOptions & { isNew?: boolean; mayErr?: boolean } = {}) {
  const stage = await openStage({ inMemory: true, ...options });
  if (!isNew) leaveClaims(stage.out, stage.simulator.offeringUuid);
  const { simulator } = stage;
  const listeners = listenTo(simulator);
  return {
    ...stage,
    /** Calls back when such a request arrives, before the server looks at it. */
    on(step: string, act: (request: Arrival) => void) {
      listeners.push((request) => {
        if (stepOf(request) === step) act(request);
      });
    },
    /** The same, for the first such request only. */
    once(step: string, act: (request: Arrival) => void) {
      let over = false;
      listeners.push((request) => {
        if (over || stepOf(request) !== step) return;
        over = true;
        act(request);
      });
    },
    /** Calls back with the number of each request from now on, the first being 0. */
    count(act: (number: number, request: Arrival) => void) {
      let number = 0;
      listeners.push((request) => act(number++, request));
    },
    forget: () => listeners.splice(0),
    /** One pass inside this process. A request that fails is not tried again unless asked for. */
    async pass(more: HereOptions = {}) {
      const from = simulator.requests.length;
      const { report, lines } = await stage.runHere("orders", { retries: 0, ...more });
      const requests = simulator.requests.slice(from);
      return {
        code: report.exitCode,
        outcomes: report.orders.map(({ outcome }) => outcome),
        problems: report.problems.map(({ code }) => code),
        steps: requests.map(stepOf),
        requests,
        report,
        lines,
      };
    },
    /** Names of the files of an order. */
    filesOf: ({ uuid }: { uuid: string }) => stage.files().filter((name) => name.endsWith(`_${uuid}.json`)),
    /** The document of the one file of an order. */
    documentOf(order: { uuid: string }) {
      const names = stage.files().filter((name) => name.endsWith(`_${order.uuid}.json`));
      expect(names).toHaveLength(1);
      return stage.read(the(names[0]));
    },
    entryOf(order: { uuid: string }) {
      const [name] = stage.files().filter((one) => one.endsWith(`_${order.uuid}.json`));
      return the(stage.read(the(name)).result.storageResources[0]);
    },
    resourceOf: (order: SimOrder): SimResource => stage.world.resource(order.resourceUuid ?? ""),
    receipts: (folder: "open" | "closed") =>
      stage.everything().filter((path) => RECEIPT[folder].test(path)).length,
    async [Symbol.asyncDispose]() {
      const wrong = simulator.requests.filter((request) => !mayErr && stepOf(request) === "set_state_erred");
      const leftovers = stage.everything().filter((path) => path.includes("tmp-"));
      await stage.close();
      expect({ wrong, leftovers }).toEqual({ wrong: [], leftovers: [] });
    },
  };
}

const RECEIPT = {
  open: /^\.waldur-cscs-storage\/receipts\/[^/]+$/,
  closed: /^\.waldur-cscs-storage\/receipts\/closed\/[^/]+$/,
} as const;

const READS: Readonly<Record<string, string>> = {
  "marketplace-provider-offerings/*/": "offering",
  "marketplace-orders/": "list",
  "marketplace-orders/*/": "order",
  "marketplace-provider-resources/*/": "resource",
};

/** What a request is for: `list`, `order`, `resource`, or the name of the action that is POSTed. */
export function stepOf({ method, path }: Pick<Arrival, "method" | "path">): string {
  if (method === "POST") return path.split("/").at(-2) ?? path;
  return READS[path.replace(/[0-9a-f]{32}/, "*")] ?? `${method} ${path}`;
}

/** The value, which the test has made sure of. */
export function the<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error("the test expects something here");
  return value;
}

/** An order of the type, pending; updates and terminations get a live resource of their own with a backend id. */
export function place(
  { world }: Pick<OrdersStage, "world">,
  type: (typeof TYPES)[number],
  name = `home-${type.toLowerCase()}`,
): SimOrder {
  if (type === "Create") return world.addOrder({ type, name, limits: { storage: 4 } });
  const resource = world.addResource({ name, backendId: name, limits: { storage: 10 } });
  return world.addOrder({ type, resource, ...(type === "Update" ? { limits: { storage: 20 } } : {}) });
}

/** What a pass leaves that found no resource. */
export function leaveClaims(directory: string, offering: string): void {
  const source = { snapshot: null, listedAt: new Date().toISOString(), listed: [offering] };
  storeClaims(directory, "orders", { table: createClaimTable(), source });
}

/** Stores claims as a run of that mode does. */
export function storeClaims(
  directory: string,
  mode: Mode,
  { table, source }: { table: ClaimTable; source: ClaimsSource },
): void {
  const output = openOutput({
    directory,
    mode,
    requireMount: null,
    allowShared: false,
    fileMode: 0o644,
    now: () => new Date(),
    warn: () => undefined,
    notice: () => undefined,
  });
  try {
    writeClaims(output, table, source);
  } finally {
    output.close();
  }
}
