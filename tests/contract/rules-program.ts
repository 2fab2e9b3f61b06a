// Rules about the program on this Waldur: the compiled binary, one resource from its order to its end,
// other programs that call it, and tokens and offerings that it must refuse. Each run is one of its own process.

import { AnswerError } from "../../lib/errors.ts";
import type { Report } from "../../lib/report/report.ts";
import { listAll, said, tableOf, textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import { openScene, type Scene, type SceneOptions } from "./scene.ts";
import {
  act,
  change,
  happens,
  limitsOf,
  makeResource,
  ORDERS,
  once,
  type Placed,
  place,
  readOrder,
  readResource,
  type Site,
  statesOf,
  terminate,
  WORKER_MS,
} from "./site.ts";

/** Rules that need an offering without open orders, and leave it so when they hold. */
export function programRules(): Rule[] {
  return [...refusedRules(), ...lifeRules(), ...handRules()];
}

function refusedRules(): Rule[] {
  const refused = async (site: Site, name: string, options: SceneOptions) => {
    const { order, resource } = await place(site, name);
    const scene = openScene(site, name, options);
    const { code } = await scene.run("orders");
    const states = await statesOf(site, { order, resource });
    await act(site, order, "reject_by_provider");
    return `exit ${code}, ${scene.files().length} files; ${states}`;
  };
  return [
    {
      name: "orders with a wrong token",
      expected: "exit 77, 0 files; pending-provider, Creating",
      see: (site) => refused(site, "wrong-token", { token: "contract-no-such-token" }),
    },
    {
      name: "orders with the consumer's token",
      expected: "exit 78, 0 files; pending-provider, Creating",
      see: (site) => refused(site, "consumer-token", { token: site.variables.consumerToken }),
    },
    {
      name: "orders for an offering that is not there",
      expected: "exit 78, 0 files; pending-provider, Creating",
      see: (site) => refused(site, "no-offering", { offering: "0".repeat(31).concat("1") }),
    },
    {
      name: "orders for an offering of a wrong type",
      expected: "exit 78, 0 files; pending-provider, Creating",
      async see(site) {
        const offering = await offeringOfWrongType(site);
        if (offering === undefined)
          return { unproven: "the provider has no offering of another type than Marketplace.Slurm" };
        return refused(site, "wrong-type", { offering });
      },
    },
  ];
}

async function offeringOfWrongType({ provider }: Site): Promise<string | undefined> {
  const rows = await listAll(provider, "marketplace-provider-offerings/", { field: ["uuid", "type"] });
  const other = rows.find(({ type }) => type !== "Marketplace.Slurm");
  return other && textOf(other, "uuid");
}

/** One resource, as the program takes it from its order to its end. The rules are steps and follow one another. */
function lifeRules(): Rule[] {
  const scene = once(async (site) => openScene(site, "life"));
  const created = once((site) => place(site, "life"));
  const updated = once(async (site) =>
    placedBy(await change(site, (await created(site)).resource, { storage: 20 })),
  );
  const ended = once(async (site) => placedBy(await terminate(site, (await created(site)).resource)));
  return [
    {
      name: "a dry run of orders lists what it would send, and changes nothing",
      expected: {
        "2024":
          "exit 0: set_state_executing, set_backend_id, set_state_done; 0 files; pending-provider, Creating",
        current:
          "exit 0: approve_by_provider, set_backend_id, set_state_done; 0 files; pending-provider, Creating",
      },
      async see(site) {
        const order = await created(site);
        const report = await (await scene(site)).report("orders", "--dry-run");
        const files = (await scene(site)).files().length;
        return `exit ${report.exitCode}: ${callsIn(report, order)}; ${files} files; ${await statesOf(site, order)}`;
      },
    },
    {
      name: "orders publishes a Create order, and reports it back",
      expected: "exit 0: done; create pending 10; done, OK; backend id is the slug",
      async see(site) {
        const order = await created(site);
        const run = await runOrders(await scene(site), order.order);
        const { backend_id, slug } = await readResource(site, order.resource);
        const id = backend_id === slug ? "is the slug" : `is ${String(backend_id)}`;
        return `${run}; ${await statesOf(site, order)}; backend id ${id}`;
      },
    },
    {
      name: "orders with nothing to do says and does nothing",
      expected: "exit 0, nothing said, 1 files",
      async see(site) {
        const { code, stdout, stderr } = await (await scene(site)).run("orders", "--quiet");
        const words = stdout === "" && stderr === "" ? "nothing said" : (stdout + stderr).trim();
        return `exit ${code}, ${words}, ${(await scene(site)).files().length} files`;
      },
    },
    {
      name: "sync publishes the resource, with its own slugs in the mount point",
      expected: "exit 0: active 10, /{offering}/store/{customer}/{project}/{resource}",
      async see(site) {
        const { resource } = await created(site);
        const { exitCode } = await (await scene(site)).report("sync");
        const [file = ""] = (await scene(site)).files("-all.json");
        const entry = (await scene(site))
          .read(file)
          .result.storageResources.find(({ itemId }) => itemId === resource);
        const mount = entry?.mountPoint.default ?? "no entry";
        const names = await slugsAround(site, await created(site));
        return `exit ${exitCode}: ${entry?.status} ${spaceOf(entry?.quotas)}, ${mount === names.join("/") ? "/{offering}/store/{customer}/{project}/{resource}" : mount}`;
      },
    },
    {
      name: "orders publishes an Update order with its new limits, and applies them",
      expected: 'exit 0: done; update updating 20; done, OK; {"storage":20}',
      async see(site) {
        const { resource } = await created(site);
        const order = await updated(site);
        const run = await runOrders(await scene(site), order);
        return `${run}; ${await statesOf(site, { order, resource })}; ${await limitsOf(site, resource)}`;
      },
    },
    {
      name: "orders publishes a Terminate order, and the resource is gone",
      expected: "exit 0: done; terminate removing 20; done, Terminated",
      async see(site) {
        const { resource } = await created(site);
        const order = await ended(site);
        const run = await runOrders(await scene(site), order);
        return `${run}; ${await statesOf(site, { order, resource })}`;
      },
    },
  ];
}

/** The order that the consumer's call made; throws what was said when it made none. */
function placedBy({ answer, order }: Awaited<ReturnType<typeof change>>): string {
  if (order === "") throw new AnswerError(`no order was placed: ${said(answer)}`);
  return order;
}

/** The last words of the calls to Waldur for one order. */
function callsIn(report: Report, { order }: Pick<Placed, "order">): string {
  const calls = report.orders.find(({ uuid }) => uuid === order)?.calls ?? [];
  return calls.map(({ path }) => path.split("/").at(-2)).join(", ");
}

/** One run, what it says of the order, and what the order's file holds. */
export async function runOrders(scene: Scene, order: string): Promise<string> {
  const report = await scene.report("orders");
  const outcome = report.orders.find(({ uuid }) => uuid === order)?.outcome ?? "not there";
  const [file] = scene.files(order);
  if (file === undefined) return `exit ${report.exitCode}: ${outcome}; no file`;
  const [entry] = scene.read(file).result.storageResources;
  const type = /-([a-z]+)_/.exec(file)?.[1];
  return `exit ${report.exitCode}: ${outcome}; ${type} ${entry?.status} ${spaceOf(entry?.quotas)}`;
}

type Quotas = readonly { type: string; enforcementType: string; quota: number }[] | null | undefined;

/** The space in an entry, in TB. */
function spaceOf(quotas: Quotas): string {
  const hard = quotas?.find(({ type, enforcementType }) => type === "space" && enforcementType === "hard");
  return `${hard?.quota ?? "without quota"}`;
}

/** The parts of the mount point, as Waldur gives them in places of which each server has one. */
async function slugsAround(site: Site, { order, resource }: Placed): Promise<string[]> {
  const offering = await site.provider.get(`marketplace-provider-offerings/${site.variables.offeringUuid}/`);
  const { customer_slug, project_slug } = await readOrder(site, order);
  const { slug } = await readResource(site, resource);
  const storage = textOf(tableOf(offering), "slug");
  return ["", storage, "store", String(customer_slug), String(project_slug), String(slug)];
}

/** Orders on which another agent acted before, between or after the runs. */
function handRules(): Rule[] {
  const external = once(async (site) =>
    openScene(site, "external", { settings: { completion: "external" } }),
  );
  const left = once((site) => place(site, "external"));
  return [
    {
      name: "orders finishes an order that was approved elsewhere; a current server says that it was our own user",
      expected: {
        "2024": "exit 0: done; create pending 10; done, OK",
        current: "exit 10: done; create pending 10; done, OK",
      },
      async see(site) {
        const order = await place(site, "by-hand");
        await act(site, order.order, "approve_by_provider");
        const isThrough = async () => (await readOrder(site, order.order)).resource_uuid !== null;
        if (site.generation === "2024") await happens(isThrough, WORKER_MS);
        const run = await runOrders(openScene(site, "by-hand"), order.order);
        return `${run}; ${await statesOf(site, order)}`;
      },
    },
    {
      name: "orders with completion external leaves the order executing, without a backend id",
      expected: 'exit 0: published; create pending 10; executing, Creating; ""',
      async see(site) {
        const order = await left(site);
        const run = await runOrders(await external(site), order.order);
        const { backend_id } = await readResource(site, order.resource);
        return `${run}; ${await statesOf(site, order)}; ${JSON.stringify(backend_id)}`;
      },
    },
    {
      name: "the addresses in the order's file finish it",
      expected: "done, OK; backend id contract-external",
      async see(site) {
        const order = await left(site);
        const [file = ""] = (await external(site)).files(order.order);
        const actions = (await external(site)).read(file).meta.order?.actions;
        const path = (url: string | undefined) => (url ?? "").replace(site.variables.apiUrl, "");
        await site.provider.post(path(actions?.backendId), { backend_id: "contract-external" });
        await site.provider.post(path(actions?.done));
        const { backend_id } = await readResource(site, order.resource);
        return `${await statesOf(site, order)}; backend id ${String(backend_id)}`;
      },
    },
    {
      name: "orders has nothing to say of an order that was finished so",
      expected: "exit 0, 0 problems, 1 files",
      async see(site) {
        const { exitCode, problems } = await (await external(site)).report("orders");
        return `exit ${exitCode}, ${problems.length} problems, ${(await external(site)).files().length} files`;
      },
    },
    {
      name: "orders leaves an order that the provider rejected",
      expected: "exit 0, 0 files; rejected, Terminated",
      async see(site) {
        const order = await place(site, "rejected");
        await act(site, order.order, "reject_by_provider");
        const scene = openScene(site, "rejected");
        const { code } = await scene.run("orders");
        return `exit ${code}, ${scene.files().length} files; ${await statesOf(site, order)}`;
      },
    },
    {
      name: "orders meets no trace of an order that its consumer deleted",
      expected: "exit 0, 0 files",
      staffOn: ["current"],
      async see(site) {
        const resource = await makeResource(site, "deleted");
        const { order } = await change(site, resource, { storage: 20 });
        await site.consumer.remove(`${ORDERS}${order}/`);
        const scene = openScene(site, "deleted");
        const { code } = await scene.run("orders");
        return `exit ${code}, ${scene.files().length} files`;
      },
    },
  ];
}
