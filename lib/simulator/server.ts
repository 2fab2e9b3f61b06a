// A Waldur on the loopback address, in memory, with the state machine of a real one and faults on request. It serves
// `demo` and the tests; nothing else loads it. It is not complete: what no storage agent needs is missing.

import { createAccounts } from "./accounts.ts";
import { answerRequest, type LoggedRequest, type Site } from "./answering.ts";
import { answerControl } from "./control.ts";
import { planFaults } from "./faults.ts";
import type { Generation } from "./model.ts";
import { createRouter } from "./routes.ts";
import type { World } from "./state.ts";
import { createWorker } from "./worker.ts";
import { createWorld } from "./world.ts";

export type SimulatorOptions = {
  generation?: Generation;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Live resources, all in OK; up to a million cost nothing. */
  resources?: number;
  /** Terminated resources beside them, older than all others. */
  terminated?: number;
  /** Rows of a page at most; 300, as Waldur has it, where absent. */
  largestPage?: number;
  /** Pending orders of mixed types, oldest first; Create orders add resources in Creating. */
  orders?: number;
  /** Time that each request takes, in milliseconds. */
  latencyMs?: number;
  /**
   * Charge for the queries of a list as a server of 2024 does; 1 is as slow as the measured one, 0 (default) is free.
   */
  queryCost?: number;
  tls?: { cert: string; key: string };
  /** See `FAULTS`. */
  faults?: readonly string[];
  seed?: number;
  now?: () => Date;
  /** Between an approval and the write of the worker behind it, in milliseconds. */
  workerDelayMs?: number;
  /** Requests of one token wait for each other; servers of 2024 do that. */
  serializePerToken?: boolean;
  /** Faults can be switched by requests, too (control.ts). */
  isControlled?: boolean;
  /** Compress bodies for clients that accept it; Waldur itself does not. */
  gzip?: boolean;
};

export type Simulator = {
  /** `http://127.0.0.1:port/api/`. */
  url: string;
  origin: string;
  port: number;
  providerToken: string;
  consumerToken: string;
  staffToken: string;
  managerToken: string;
  strangerToken: string;
  offeringUuid: string;
  /** The consumer's first project. */
  projectUuid: string;
  /** The service provider record. */
  providerUuid: string;
  world: World;
  /** Every request so far, in the order of arrival. */
  requests: LoggedRequest[];
  /** Replaces all faults; throws an `Error` that lists the names when one is unknown. */
  setFaults(names: readonly string[]): void;
  /** Another clock for the `Date` of answers; the world keeps its own. */
  setDateClock(now: () => Date): void;
  /** Waits until the worker behind approval has nothing left to do. */
  workerIdle(): Promise<void>;
  stop(): Promise<void>;
};

const DEFAULT_WORKER_DELAY_MS = 150;

export function startSimulator(options: SimulatorOptions = {}): Simulator {
  const stopping = Promise.withResolvers<void>();
  const site = createSite(options, stopping.promise);
  let faults: readonly string[] = options.faults ?? [];
  const setFaults = (names: readonly string[]) => {
    site.faults = planFaults(names);
    faults = names;
  };
  const control = { faults: () => faults, setFaults };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    idleTimeout: 0,
    development: false,
    // Outside of development Bun would share a port that is taken.
    reusePort: false,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    async fetch(request) {
      const controlled = options.isControlled === true ? await answerControl(request, control) : null;
      return controlled ?? answerRequest(request, site);
    },
  });
  const { world, accounts } = site;
  const { callers: _callers, ...tokens } = accounts;
  const port = server.port ?? 0;
  const origin = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return {
    url: `${origin}/api/`,
    origin,
    port,
    ...tokens,
    offeringUuid: world.offering.uuid,
    projectUuid: world.projects[0]?.uuid ?? "",
    providerUuid: world.providerUuid,
    world,
    requests: site.requests,
    setFaults,
    setDateClock(now) {
      site.now = now;
    },
    workerIdle: () => site.worker.idle(),
    async stop() {
      stopping.resolve();
      site.worker.stop();
      await server.stop(true);
    },
  };
}

function createSite(options: SimulatorOptions, stopped: Promise<void>): Site {
  const generation = options.generation ?? "current";
  const world = createWorld({
    generation,
    seed: options.seed ?? 1,
    resources: options.resources ?? 0,
    terminated: options.terminated ?? 0,
    orders: options.orders ?? 0,
    largestPage: options.largestPage,
    now: options.now ?? (() => new Date()),
  });
  const accounts = createAccounts(world);
  const worker = createWorker(world, options.workerDelayMs ?? DEFAULT_WORKER_DELAY_MS);
  const serialize = options.serializePerToken ?? generation === "2024";
  return {
    world,
    accounts,
    worker,
    route: createRouter(generation, accounts, worker),
    faults: planFaults(options.faults ?? []),
    requests: [],
    locks: serialize ? new Map() : null,
    latencyMs: options.latencyMs ?? 0,
    queryCost: options.queryCost ?? 0,
    gzip: options.gzip ?? false,
    stopped,
    now: options.now ?? (() => new Date()),
  };
}
