// Rules about `completion: on-ack` on this Waldur: the order waits for the answer of the provisioner, which the command
// `ack` gives, and ends as was answered.

import { textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import { runOrders } from "./rules-program.ts";
import { orderOptions } from "./rules-updates.ts";
import { openScene } from "./scene.ts";
import { happens, once, place, readOrder, readResource, type Site, statesOf, WORKER_MS } from "./site.ts";

const settings = { completion: "on-ack" };

/** Rules that are steps and follow one another. */
export function answerRules(): Rule[] {
  const scene = once(async (site: Site) => openScene(site, "answers", { settings }));
  const good = once((site: Site) => place(site, "answered-done"));
  const bad = once((site: Site) => place(site, "answered-erred"));
  return [
    {
      name: "orders with completion on-ack leaves the order executing, without a backend id",
      expected: 'exit 0: published; create pending 10; executing, Creating; ""',
      async see(site) {
        const order = await good(site);
        const run = await runOrders(await scene(site), order.order);
        const { backend_id } = await readResource(site, order.resource);
        return `${run}; ${await statesOf(site, order)}; ${JSON.stringify(backend_id)}`;
      },
    },
    {
      name: "an answer done, with a backend id, sets both",
      expected: "exit 0: done; create pending 10; done, OK; backend id contract-answer",
      async see(site) {
        const order = await good(site);
        await (await scene(site)).answer(order.order, "--done", "--backend-id", "contract-answer");
        const run = await runOrders(await scene(site), order.order);
        const { backend_id } = await readResource(site, order.resource);
        return `${run}; ${await statesOf(site, order)}; backend id ${String(backend_id)}`;
      },
    },
    {
      name: "an answer failed sets the order erred, with its message",
      expected: {
        "2024": "exit 0: erred; create pending 10; erred, Erred; no space",
        current: "exit 0: erred; create pending 10; erred, Terminated; no space",
      },
      async see(site) {
        const order = await bad(site);
        await runOrders(await scene(site), order.order);
        await (await scene(site)).answer(order.order, "--failed", "--message", "no space");
        const run = await runOrders(await scene(site), order.order);
        const message = textOf(await readOrder(site, order.order), "error_message");
        return `${run}; ${await statesOf(site, order)}; ${message}`;
      },
    },
    {
      name: "another answer to an order that was answered is refused, and changes nothing",
      expected: {
        "2024": "exit 10; exit 0, 0 problems; erred, Erred",
        current: "exit 10; exit 0, 0 problems; erred, Terminated",
      },
      async see(site) {
        const order = await bad(site);
        const code = await (await scene(site)).answer(order.order, "--done");
        const { exitCode, problems } = await (await scene(site)).report("orders");
        return `exit ${code}; exit ${exitCode}, ${problems.length} problems; ${await statesOf(site, order)}`;
      },
    },
    {
      name: "an Update order of options alone is done by the server, and has its file",
      expected: { current: "exit 0, 0 problems, 1 files; done; answered, exit 0, 0 problems" },
      async see(site) {
        const order = (await orderOptions(site, "answered-options"))?.order;
        if (order === undefined) return { unproven: "the offering makes no orders of new options" };
        const first = await (await scene(site)).report("orders");
        await happens(async () => (await readOrder(site, order)).state === "done", WORKER_MS);
        await (await scene(site)).answer(order, "--done");
        const { exitCode, problems } = await (await scene(site)).report("orders");
        const files = (await scene(site)).files(order).length;
        const state = textOf(await readOrder(site, order), "state");
        return `exit ${first.exitCode}, ${first.problems.length} problems, ${files} files; ${state}; answered, exit ${exitCode}, ${problems.length} problems`;
      },
    },
  ];
}
