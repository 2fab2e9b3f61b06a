// Rules about two runs of the program at once, by one host or by two.

import { listAll } from "./api.ts";
import type { Rule } from "./rule.ts";
import { openScene, type Scene } from "./scene.ts";
import { ORDERS, place, readResource, type Site, statesOf } from "./site.ts";

/** Which of the runs is first is not said; what comes of it is. No other order may be open. */
export function raceRules(): Rule[] {
  const race = async (site: Site, scenes: readonly [Scene, Scene], codes: readonly number[]) => {
    const order = await place(site, "race");
    const runs = await Promise.all(scenes.map((scene) => scene.run("orders")));
    const odd = runs.filter(({ code }) => !codes.includes(code));
    const files = [...new Set(scenes)].map((scene) => scene.files(order.order).length);
    const { backend_id, slug } = await readResource(site, order.resource);
    const id = backend_id === slug ? "is the slug" : `is ${String(backend_id)}`;
    const exits = odd.length === 0 ? `exit ${codes.join(" or ")}` : odd.map(({ code }) => `exit ${code}`);
    return { files, ended: `${exits}; ${await statesOf(site, order)}; backend id ${id}` };
  };
  return [
    {
      name: "two runs of orders at once in one directory",
      expected: "1 file; exit 0 or 75; done, OK; backend id is the slug",
      async see(site) {
        const scene = openScene(site, "race-one");
        const { files, ended } = await race(site, [scene, scene], [0, 75]);
        return `${files.join("+")} file; ${ended}`;
      },
    },
    {
      name: "two runs of orders at once in two directories",
      expected: "a file; exit 0 or 10; done, OK; backend id is the slug",
      async see(site) {
        const scenes = [openScene(site, "race-left"), openScene(site, "race-right")] as const;
        const { files, ended } = await race(site, scenes, [0, 10]);
        return `${files.some((count) => count === 1) ? "a file" : "no file"}; ${ended}`;
      },
    },
    {
      name: "nothing is open after two runs at once",
      expected: "0 open orders",
      async see({ provider, variables }) {
        const query = { offering_uuid: variables.offeringUuid, state: ["pending-provider", "executing"] };
        return `${(await listAll(provider, ORDERS, { ...query, field: ["uuid"] })).length} open orders`;
      },
    },
  ];
}
