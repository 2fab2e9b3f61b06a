// The simulator against answers of a real server of October 2024: each recorded request is sent again, to a world
// staged the same way, and must be answered with the same status, content type, keys, types and words. The same answers
// go through the wire schemas.

import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import { type Simulator, startSimulator } from "../../lib/simulator/server.ts";
import { isFault, parseUuid } from "../../lib/waldur/wire.ts";
import { parseOffering } from "../../lib/waldur/wire-offering.ts";
import { parseOrder } from "../../lib/waldur/wire-order.ts";
import { parseResource } from "../../lib/waldur/wire-resource.ts";

const DIRECTORY = `${import.meta.dir}/../fixtures/recorded`;
const RECORDED_OFFERINGS = /ca7a04fae6f74bb5aeb88447ca8692ad|509dad49e6a541e9875777e9d479c934/g;
const RECORDED_HOST = "https://waldur.example.org";

type Recorded = {
  request: { method: string; path: string; body?: unknown };
  status: number;
  headers: Record<string, string>;
  body: unknown;
};

type Token = "provider" | "consumer" | "stranger" | "unknown" | "none";

/** How to send a recorded request again. The stage gives the uuid that the path is about. */
type Replay = { as?: Token; stage?: Stage };
type Stage = (simulator: Simulator) => Promise<string | undefined> | string | undefined;

/** Staging goes through the simulator's own endpoints, so the recorded answers hold the state machine, too. */
function act(action: string, body?: Record<string, string>) {
  return async (simulator: Simulator, order: SimOrder): Promise<SimOrder> => {
    const answer = await fetch(`${simulator.url}marketplace-orders/${order.uuid}/${action}/`, {
      method: "POST",
      headers: { Authorization: `Token ${simulator.providerToken}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBe(200);
    return order;
  };
}
type Act = ReturnType<typeof act>;
const approve = act("approve_by_provider");
const execute = act("set_state_executing");
const reject = act("reject_by_provider");
const done = act("set_state_done");
const err = act("set_state_erred", { error_message: "no space left", error_traceback: "" });

const create = ({ world }: Simulator): SimOrder => {
  const name = "new-store";
  const attributes = { name, permissions: "775", storage_data_type: "store" };
  return world.addOrder({ type: "Create", name, attributes, limits: { storage: 10 } });
};
const existing = ({ world }: Simulator, storage: number): SimResource => {
  const [first] = world.rows.select({}).slice(0, 1);
  const resource = world.resource(first?.uuid ?? "");
  resource.limits = { storage };
  resource.project = world.projects[0] ?? null;
  return resource;
};
const update = (simulator: Simulator): SimOrder => {
  const resource = existing(simulator, 100);
  return simulator.world.addOrder({ type: "Update", resource, limits: { storage: 120 } });
};
const terminate = (simulator: Simulator): SimOrder =>
  simulator.world.addOrder({ type: "Terminate", resource: existing(simulator, 40) });

async function staged(simulator: Simulator, make: (simulator: Simulator) => SimOrder, acts: readonly Act[]) {
  const order = make(simulator);
  for (const one of acts) await one(simulator, order);
  return order;
}
/** A new order after these actions; the request is about the order. */
function order(make: (simulator: Simulator) => SimOrder, ...acts: Act[]): { stage: Stage } {
  return { stage: async (simulator) => (await staged(simulator, make, acts)).uuid };
}
/** The same; the request is about the order's resource. */
function resource(make: (simulator: Simulator) => SimOrder, ...acts: Act[]): { stage: Stage } {
  return { stage: async (simulator) => (await staged(simulator, make, acts)).resourceUuid ?? "" };
}
/** A resource that is there already, with this limit. */
function having(storage: number): { stage: Stage } {
  return { stage: (simulator) => existing(simulator, storage).uuid };
}

const fourOpenOrders: Stage = async (simulator) => {
  create(simulator);
  await execute(simulator, create(simulator));
  update(simulator);
  const [, second] = simulator.world.rows.select({}).slice(0, 2);
  simulator.world.addOrder({ type: "Terminate", resource: second?.uuid ?? "" });
  return undefined;
};

const REPLAYS: Record<string, Replay> = {
  "301-no-slash": {},
  "401-bad-token": { as: "unknown" },
  "401-no-token": { as: "none" },
  "403-version": {},
  "404-unknown-order": {},
  "404-unknown-path": {},
  "approve-200": order(create),
  "approve-403-consumer": { ...order(create), as: "consumer" },
  "approve-404-stranger": { ...order(create), as: "stranger" },
  "approve-409-again": order(create, approve),
  "cancel-405": { ...order(create), as: "consumer" },
  "component-create-201": {},
  "component-create-400": {},
  "component-create-500-duplicate": {},
  "component-update-200": {},
  "component-update-400-no-uuid": {},
  "component-update-404": {},
  "offering-detail": {},
  "order-create-done": order(create, approve, done),
  "order-create-erred": order(create, approve, err),
  "order-create-executing": order(create, approve),
  "order-create-executing-before-worker": order(create, approve),
  "order-create-pending-provider": order(create),
  "order-create-rejected": order(create, reject),
  "order-create-request": { as: "consumer" },
  "order-terminate-done": order(terminate, approve, done),
  "order-terminate-executing": order(terminate, approve),
  "order-terminate-pending-provider": order(terminate),
  "order-update-done": order(update, execute, done),
  "order-update-erred-by-server": order(update, approve),
  "order-update-executing": order(update, execute),
  "order-update-pending-provider": order(update),
  "orders-bad-state": {},
  "orders-empty": {},
  "orders-page": { stage: fourOpenOrders },
  "orders-page-fields": { stage: fourOpenOrders },
  "reject-200": order(create),
  "resource-after-update": resource(update, execute, done),
  "resource-creating": resource(create),
  "resource-detail": resource(create, approve, done),
  "resource-during-update": resource(update, execute),
  "resource-erred": resource(create, approve, err),
  "resource-terminating": resource(terminate, approve),
  "resources-bad-order": {},
  "resources-bad-state": {},
  "resources-consumer-endpoint-empty": {},
  "resources-csv-offering-uuid": {},
  "resources-head": {},
  "resources-page": {},
  "resources-page-fields": {},
  "resources-page-middle-link": {},
  "resources-page-past-end": {},
  "set-backend-id-200": resource(create),
  "set-backend-id-200-same": {
    stage(simulator) {
      const { uuid } = simulator.world.addResource({ state: "Creating", backendId: "store-7" });
      return uuid;
    },
  },
  "set-backend-id-400-long": resource(create),
  "set-backend-id-404-consumer-endpoint": { ...resource(create), as: "consumer" },
  "set-backend-id-500-empty-body": resource(create),
  "set-backend-id-on-order-404": order(create),
  "set-backend-metadata-200": resource(create),
  "set-state-done-200": order(create, approve),
  "set-state-done-409-again": order(create, approve, done),
  "set-state-done-409-pending": order(create),
  "set-state-erred-200": order(create, approve),
  "set-state-erred-500-no-body": order(create, approve),
  "set-state-executing-200": order(update),
  "terminate-200": { ...having(40), as: "consumer" },
  "update-limits-200": { ...having(100), as: "consumer" },
  "update-limits-400-fraction": { ...having(250), as: "consumer" },
  "update-limits-400-pending": { ...resource(update), as: "consumer" },
  "update-limits-400-same": { ...having(250), as: "consumer" },
  "users-me": {},
};

const running: Simulator[] = [];
afterAll(() => Promise.all(running.map((simulator) => simulator.stop())));

/** Five resources, as on the recorded server; its worker is through when an approval returns. */
function start(): Simulator {
  const simulator = startSimulator({ generation: "2024", resources: 5, seed: 7, workerDelayMs: 0 });
  running.push(simulator);
  return simulator;
}

const files = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length));

async function load(file: string): Promise<Recorded> {
  return (await Bun.file(`${DIRECTORY}/${file}.json`).json()) as Recorded;
}

test("every recorded exchange is replayed", () => {
  expect(Object.keys(REPLAYS).sort()).toEqual(files.toSorted());
});

describe("the simulator of a 2024 server answers like the real one", () => {
  for (const [file, replay] of Object.entries(REPLAYS)) {
    test(file, async () => {
      const recorded = await load(file);
      const simulator = start();
      const about = await replay.stage?.(simulator);
      const answer = await send(simulator, recorded, { about, token: replay.as ?? "provider" });
      expect({ status: answer.status, type: answer.headers.get("content-type") }).toEqual({
        status: recorded.status,
        type: recorded.headers["Content-Type"] ?? null,
      });
      expectHeaders(answer.headers, recorded, simulator);
      expectBody(await answer.text(), recorded);
    });
  }
});

type Sending = { about: string | undefined; token: Token };

function send(simulator: Simulator, { request }: Recorded, { about, token }: Sending): Promise<Response> {
  const tokens: Record<Token, string | null> = {
    provider: simulator.providerToken,
    consumer: simulator.consumerToken,
    stranger: simulator.strangerToken,
    unknown: "f".repeat(40),
    none: null,
  };
  const key = tokens[token];
  return fetch(simulator.origin + pathHere(request.path, simulator, about), {
    method: request.method,
    redirect: "manual",
    headers: {
      ...(key === null ? {} : { Authorization: `Token ${key}` }),
      ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(request.body === undefined ? {} : { body: bodyHere(request.body, simulator) }),
  });
}

/** The recorded path with the offering of this simulator, and the staged order or resource. */
function pathHere(path: string, { offeringUuid }: Simulator, about: string | undefined): string {
  const [bare = "", query] = path.replace(RECORDED_OFFERINGS, "OFFERING").split("?");
  const there = about === undefined ? bare : bare.replace(/[0-9a-f]{32}/, about);
  return [there, ...(query === undefined ? [] : [query])].join("?").replaceAll("OFFERING", offeringUuid);
}

function bodyHere(body: unknown, { offeringUuid, projectUuid, world }: Simulator): string {
  const [{ uuid: componentUuid } = { uuid: "" }] = world.offering.components;
  return JSON.stringify(body)
    .replaceAll("ca7a04fae6f74bb5aeb88447ca8692ad", offeringUuid)
    .replaceAll("193c0abf7f6b4cbb9e476f512214e8e8", projectUuid)
    .replaceAll("a8e0792b371647abb490d21b8cf00f2c", componentUuid);
}

/** `Content-Length` differs with the names in a body, `Content-Language` and `Vary` say nothing. */
function expectHeaders(headers: Headers, recorded: Recorded, { origin, offeringUuid }: Simulator): void {
  const compared = ["X-Result-Count", "Link", "WWW-Authenticate", "Allow", "Location"];
  const expected = compared.filter((name) => recorded.headers[name] !== undefined);
  expect(compared.filter((name) => headers.get(name) !== null)).toEqual(expected);
  for (const name of expected) {
    const there = recorded.headers[name]
      ?.replaceAll(RECORDED_HOST, origin)
      .replace(RECORDED_OFFERINGS, offeringUuid);
    expect(withoutUuids(headers.get(name) ?? "")).toBe(withoutUuids(there ?? ""));
  }
}

function withoutUuids(text: string): string {
  return text.replace(/\/[0-9a-f]{32}\//g, "/UUID/");
}

/** States, and the words of refusals and results, must be the same; of everything else the keys and types. */
function expectBody(text: string, { status, body }: Recorded): void {
  if (typeof body === "string") {
    expect(text).toBe(body);
    return;
  }
  const here: unknown = JSON.parse(text);
  expect(shapeOf(here)).toEqual(shapeOf(body));
  if (status >= 400) expect(here).toEqual(body);
  expect(wordsOf(here)).toEqual(wordsOf(body));
}

function wordsOf(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(wordsOf);
  if (!isTable(body)) return body;
  const { status, state, type, error_message } = body;
  return { status, state, type, error_message };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (!isTable(value)) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

describe("the wire schemas accept what a real server said", () => {
  const rows = async (file: string) => (await load(file)).body as unknown[];
  const good = (parsed: object) => expect(isFault(parsed) ? parsed : null).toBeNull();

  for (const file of ["resources-page", "resources-page-fields"]) {
    test(`${file}, row by row`, async () => {
      for (const row of await rows(file)) good(parseResource(row));
    });
  }

  test("resource-detail", async () => {
    const resource = parseResource((await load("resource-detail")).body);
    expect(resource).toMatchObject({
      limits: { storage: 100 },
      backendId: "be-ice-raw",
      projectSlug: undefined,
    });
  });

  for (const file of ["orders-page", "orders-page-fields"]) {
    test(`${file}, row by row`, async () => {
      for (const row of await rows(file)) good(parseOrder(row));
    });
  }

  for (const file of files.filter((name) => name.startsWith("order-"))) {
    test(file, async () => {
      const order = parseOrder((await load(file)).body);
      good(order);
      expect(order).toMatchObject({ offeringUuid: "ca7a04fae6f74bb5aeb88447ca8692ad" });
    });
  }

  test("offering-detail", async () => {
    expect(parseOffering((await load("offering-detail")).body)).toEqual({
      uuid: "ca7a04fae6f74bb5aeb88447ca8692ad",
      slug: "cold-sto-1",
      type: "Marketplace.Slurm",
      customerUuid: "564c26efbf23461382940cdeeffb66a7",
    });
  });

  test("resources-page-middle-link, which has nothing but uuids", async () => {
    for (const row of await rows("resources-page-middle-link")) parseUuid(row, "a resource");
  });
});
