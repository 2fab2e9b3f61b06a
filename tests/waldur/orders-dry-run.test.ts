// A dry run shows the files, the outcomes and the calls that the real run then has, in scenes made up by chance: orders
// of all kinds and states, what earlier passes left, requests that fail in every pass. The exclusions are those of
// docs/contract.md, "Orders". SEED and SCENES choose others than the usual ones.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { join } from "pathe";
import type { SimOrder } from "../../lib/simulator/model.ts";
import { GENERATIONS, type OrdersStage, openOrders, TYPES } from "./orders-stage.ts";

const SCENES = Number(process.env.SCENES ?? 60);
const SEED = Number(process.env.SEED ?? 20_260_302);
const AT = new Date("2026-03-02T12:00:30Z");
const now = () => AT;

const ODDITIES = [
  "none",
  "bad limit",
  "bad row",
  "bad row without resource",
  "Restore",
  "no resource",
] as const;
/** What happens to an order between an earlier pass and the runs that are compared. */
const FATES = [
  "none",
  "executing",
  "approved",
  "done",
  "erred",
  "canceled",
  "gone",
  "renamed",
  "moved",
  "adopted",
] as const;
/** GETs that fail in both runs; what is answered to a POST cannot be known by a run that sends none. */
const FAULTS = ["500", "403", "404", "404-html", "broken-json", "html"] as const;

const scenes = fc.record({
  completion: fc.constantFrom("on-publish", "external"),
  before: fc.constantFrom("on-publish", "external"),
  acceptance: fc.constantFrom("auto", "approve", "execute"),
  backendId: fc.constantFrom("slug", "mount_point"),
  /** An earlier pass, with a fault that leaves its orders half-way. */
  earlier: fc.constantFrom(
    null,
    "none",
    "503@approve",
    "503@set_state",
    "done-without-effect",
    "lost-backend-id",
  ),
  orders: fc.array(
    fc.record({
      type: fc.constantFrom(...TYPES),
      resource: fc.nat({ max: 3 }),
      oddity: fc.oneof(
        { weight: 3, arbitrary: fc.constant("none" as const) },
        { weight: 1, arbitrary: fc.constantFrom(...ODDITIES) },
      ),
      fate: fc.oneof(
        { weight: 2, arbitrary: fc.constant("none" as const) },
        { weight: 3, arbitrary: fc.constantFrom(...FATES) },
      ),
      file: fc.constantFrom("none", "none", "none", "foreign"),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  late: fc.array(fc.constantFrom(...TYPES), { maxLength: 2 }),
  faults: fc.array(
    fc.tuple(fc.constantFrom(...FAULTS), fc.nat({ max: 5 }), fc.constantFrom("order", "resource")),
    {
      maxLength: 2,
    },
  ),
});

type Scene = typeof scenes extends fc.Arbitrary<infer Value> ? Value : never;

for (const generation of GENERATIONS) {
  test(`a dry run on a ${generation} server shows what the real run then does`, async () => {
    const seen = new Map<string, number>();
    const same = fc.asyncProperty(scenes, async (scene) => {
      await using stage = await openOrders({ generation, now, workerDelayMs: 600_000 });
      const orders = await play(scene, stage);
      setUp(stage, scene, scene.completion);
      stage.simulator.setFaults(faultsOf(scene, orders));
      const dry = await stage.pass({ now, dryRun: true });
      const real = await stage.pass({ now });
      expect(dry.requests.every(({ method }) => method === "GET")).toBe(true);
      expect(shown(dry)).toEqual(shown(real));
      for (const { path, document, action } of dry.report.files) {
        const name = path.slice(stage.out.length + 1);
        if (action === "create") expect<unknown>(stage.read(name)).toEqual(document);
      }
      for (const outcome of [
        ...real.outcomes,
        ...real.report.files.map(({ action }) => action),
        ...real.problems,
      ])
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    });
    await fc.assert(same, { numRuns: SCENES, seed: SEED });
    // The scenes are worth something only if they come to all of this.
    const expected = [
      "done",
      "published",
      "waiting",
      "left",
      "failed",
      "create",
      "unchanged",
      "foreign-file",
    ];
    expect(expected.filter((what) => !seen.has(what))).toEqual([]);
    if (process.env.SHOW !== undefined) console.log(Object.fromEntries(seen));
  }, 240_000);
}

function shown({ report }: Awaited<ReturnType<OrdersStage["pass"]>>) {
  return {
    orders: report.orders,
    files: report.files.map(({ document: _document, ...file }) => file),
    problems: report.problems,
    offerings: report.offerings,
    exitCode: report.exitCode,
  };
}

/** Places the orders, lets an earlier pass find them, and then lets their fates come true. */
async function play(scene: Scene, stage: OrdersStage): Promise<SimOrder[]> {
  const { world } = stage;
  const resources = [0, 1, 2, 3].map((n) => world.addResource({ name: `there-${n}`, backendId: "kept" }));
  const orders = scene.orders.map(({ type, resource }, n) =>
    world.addOrder({
      type,
      ...(type === "Create" ? { name: `new-${n}` } : { resource: resources[resource] ?? "" }),
      ...(type === "Terminate" ? {} : { limits: { storage: n + 1 } }),
    }),
  );
  for (const [n, { oddity }] of scene.orders.entries()) spoil(orders[n], oddity);
  if (scene.earlier !== null) {
    setUp(stage, scene, scene.before);
    stage.simulator.setFaults(scene.earlier === "none" ? [] : [scene.earlier]);
    await stage.pass({ now: () => new Date(AT.getTime() - 3_600_000) });
    stage.simulator.setFaults([]);
  }
  scene.orders.forEach(({ fate, file }, n) => {
    meet(orders[n], fate, stage);
    if (file === "foreign") plant(orders[n], stage);
  });
  scene.late.forEach((type, n) => {
    const resource = resources[n] ?? "";
    orders.push(world.addOrder(type === "Create" ? { type, name: `late-${n}` } : { type, resource }));
  });
  return orders;
}

function setUp({ configPath, simulator, out }: OrdersStage, scene: Scene, completion: string): void {
  const text = `offerings:
  - name: Test
    waldur_api_url: ${simulator.url}
    waldur_api_token: ${simulator.providerToken}
    waldur_offering_uuid: ${simulator.offeringUuid}
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}
      completion: ${completion}
      acceptance: ${scene.acceptance}
      backend_id: ${scene.backendId}
`;
  writeFileSync(configPath, text, { mode: 0o600 });
}

function spoil(order: SimOrder | undefined, oddity: (typeof ODDITIES)[number]): void {
  if (order === undefined) return;
  if (oddity === "bad limit") order.limits = { storage: -1 };
  if (oddity.startsWith("bad row")) order.limits = [1];
  if (oddity === "bad row without resource") order.wire.marketplace_resource_uuid = 7;
  if (oddity === "Restore") order.type = "Restore";
  if (oddity === "no resource") order.resourceUuid = null;
}

function meet(order: SimOrder | undefined, fate: (typeof FATES)[number], { world }: OrdersStage): void {
  if (order === undefined || fate === "none") return;
  const resource = order.resourceUuid === null ? undefined : world.resource(order.resourceUuid);
  const isOpen = order.state === "pending-provider" || order.state === "executing";
  if (fate === "gone") world.deleteOrder(order.uuid);
  else if (["done", "erred", "canceled"].includes(fate)) order.state = fate;
  else if (fate === "executing" && isOpen) order.state = "executing";
  else if (fate === "approved" && isOpen) {
    order.state = "executing";
    order.providerReviewedAt = AT.toISOString();
  } else if (resource !== undefined) {
    if (fate === "renamed") resource.slug = "there-1";
    if (fate === "moved") resource.backendId = "/moved/here";
    if (fate === "adopted") resource.backendId = "theirs";
  }
}

/** Under the name that a run claims now; where an earlier pass has claimed another one it is only in the way. */
function plant(order: SimOrder | undefined, { out }: OrdersStage): void {
  if (order === undefined) return;
  const name = `2026-03-02-12-00-${order.type.toLowerCase()}_${order.uuid}.json`;
  writeFileSync(join(out, name), "not ours");
}

function faultsOf(scene: Scene, orders: readonly SimOrder[]): string[] {
  return scene.faults.flatMap(([fault, number, where]) => {
    const order = orders[number % orders.length];
    if (order === undefined) return [];
    if (where === "order") return [`${fault}@marketplace-orders/${order.uuid}/?`];
    return order.resourceUuid === null
      ? []
      : [`${fault}@marketplace-provider-resources/${order.resourceUuid}/?`];
  });
}
