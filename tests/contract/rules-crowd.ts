// Rules about the program on many orders and resources at once, from the first list to the last.

import type { Report } from "../../lib/report/report.ts";
import { isTable, listAll } from "./api.ts";
import type { Rule } from "./rule.ts";
import { CROWD, type Crowd } from "./rules-lists.ts";
import { openScene, type Scene } from "./scene.ts";
import { once, RESOURCES, type Site, terminate } from "./site.ts";

const ALL = "-all.json";

/** Steps that follow one another; the last ones end the crowd. Each runs as many orders as the crowd has. */
export function crowdRules(crowd: Crowd): Rule[] {
  const scene = once(async (site) => openScene(site, "crowd"));
  return [
    {
      name: `orders publishes ${CROWD} orders in one run`,
      expected: `exit 0; ${CROWD} done; ${CROWD} files; ${CROWD} OK`,
      async see(site) {
        await crowd(site);
        const report = await (await scene(site)).report("orders");
        const files = (await scene(site)).files("-create_").length;
        return `exit ${report.exitCode}; ${doneIn(report)} done; ${files} files; ${await countIn(site, "OK")} OK`;
      },
    },
    {
      name: "sync publishes every live resource and no other",
      expected: `exit 0; published; ${CROWD} entries, the same as in Waldur`,
      async see(site) {
        const report = await (await scene(site)).report("sync");
        const entries = entriesOf(await scene(site));
        const live = (await resourcesIn(site, "OK")).map(({ uuid }) => String(uuid));
        const isSame = Bun.deepEquals(entries.sort(), live.sort());
        const outcome = report.offerings[0]?.outcome;
        return `exit ${report.exitCode}; ${outcome}; ${entries.length} entries, ${isSame ? "the same as in Waldur" : "others"}`;
      },
    },
    {
      name: "a dry run of sync has the document that was published",
      expected: "exit 0; the same but for the date",
      async see(site) {
        const { exitCode, files } = await (await scene(site)).report("sync", "--dry-run");
        const document = files.find(({ path }) => path.endsWith(ALL))?.document;
        const [published = ""] = (await scene(site)).files(ALL);
        const isSame =
          isTable(document) && Bun.deepEquals(document.result, (await scene(site)).read(published).result);
        return `exit ${exitCode}; ${isSame ? "the same but for the date" : "different"}`;
      },
    },
    {
      name: "orders ends them all, one file each",
      expected: `exit 0; ${CROWD} done; ${CROWD} files; 0 OK`,
      async see(site) {
        for (const { resource } of await crowd(site)) await terminate(site, resource);
        const report = await (await scene(site)).report("orders");
        const files = (await scene(site)).files("-terminate_").length;
        return `exit ${report.exitCode}; ${doneIn(report)} done; ${files} files; ${await countIn(site, "OK")} OK`;
      },
    },
    {
      name: "sync publishes that everything is gone, because terminate files said so",
      expected: "exit 0; the last list has 0 entries",
      async see(site) {
        const { code } = await (await scene(site)).run("sync");
        return `exit ${code}; the last list has ${entriesOf(await scene(site)).length} entries`;
      },
    },
    {
      name: "sync --allow-shrink publishes it, too",
      expected: "exit 0; the last list has 0 entries",
      async see(site) {
        const { exitCode, files } = await (await scene(site)).report("sync", "--allow-shrink");
        const path = files.find((file) => file.path.endsWith(ALL))?.path ?? "";
        const { result } = (await scene(site)).read(path.slice(path.lastIndexOf("/") + 1));
        return `exit ${exitCode}; the last list has ${result.storageResources.length} entries`;
      },
    },
  ];
}

function doneIn({ orders }: Report): number {
  return orders.filter(({ outcome }) => outcome === "done").length;
}

/** Uuids in the newest snapshot; the minute in its name sorts it last. */
function entriesOf(scene: Scene): string[] {
  const file = scene.files(ALL).at(-1);
  if (file === undefined) return [];
  return scene.read(file).result.storageResources.map(({ itemId }) => itemId);
}

function resourcesIn({ provider, variables }: Site, state: string) {
  return listAll(provider, RESOURCES, { offering_uuid: variables.offeringUuid, state, field: ["uuid"] });
}

async function countIn(site: Site, state: string): Promise<number> {
  return (await resourcesIn(site, state)).length;
}
