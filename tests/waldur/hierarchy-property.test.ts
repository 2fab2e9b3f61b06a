// Any mixture of states, paths and faults, changing from run to run: whatever a flat document has, the hierarchy has
// behind directories that are all there, each once, each before what is in it, with the status of what is in it.

import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { validateFile } from "../../lib/documents/validate.ts";
import type { SimResource } from "../../lib/simulator/model.ts";
import type { StorageDocument, StorageEntry, StorageResource } from "../../lib/storage/document.ts";
import { faultsOf, switchTo } from "../model/directories.ts";
import { openStage } from "../stage.ts";
import { templateFor } from "./hierarchy-stage.ts";
import { GENERATIONS, nameAt, syncAt } from "./sync-stage.ts";

const PARTS = ["a", "b", "c"] as const;

const spec = fc.record({
  state: fc.constantFrom("Creating", "OK", "Updating", "Terminating", "Erred", "Terminated"),
  limits: fc.constantFrom({ storage: 10 }, { storage: 10 }, { storage: 10 }, { storage: -1 }),
  attributes: fc.constantFrom({}, { storage_data_type: "archive" }),
  backendId: fc.oneof(
    fc.constantFrom("", "slug", "/", "/old/a/"),
    fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`),
  ),
  project: fc.nat(5),
});

const world = fc.record({
  generation: fc.constantFrom(...GENERATIONS),
  nested_mounts: fc.constantFrom("refuse", "allow"),
  resources: fc.array(fc.array(spec, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 10 }),
});

const isOfDirectory = ({ itemId }: StorageEntry) => itemId.includes("-");

/** What of an entry the profile does not decide. */
const flatly = (entry: StorageResource): StorageResource => ({ ...entry, parentItemId: null });

test("every entry of a flat document has its directories before it, each once", async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ generation, nested_mounts, resources }) => {
      const settings = {
        document_profile: "hierarchy",
        mount_point: templateFor(generation).replace("{waldur_project}", "{project}"),
        ...{ mount_roots: ["/"], nested_mounts },
      };
      const stage = await openStage({ generation, settings, inMemory: true });
      try {
        const made = resources.map((_, n) => stage.world.addResource({ slug: `data-${n}` }));
        for (const run of [0, 1]) {
          for (const [n, resource] of made.entries()) become(resource, resources[n]?.[run]);
          const allowed = { sync: { allowShrink: true } };
          switchTo(stage, "hierarchy");
          const dry = await syncAt(stage, run, { dryRun: true, ...allowed });
          await syncAt(stage, run, allowed);
          const document: StorageDocument<StorageEntry> = stage.read(nameAt(run));
          const { storageResources: entries } = document.result;
          expect(faultsOf(entries)).toEqual([]);
          const findings = [...validateFile(join(stage.out, nameAt(run)))];
          expect(findings.filter(({ code }) => code !== "nested-mount")).toEqual([]);
          expect(dry.report.files[0]?.document).toEqual(document);
          const above = new Set(entries.filter(isOfDirectory).map(({ mountPoint }) => mountPoint.default));
          for (const entry of entries) if (entry.parentItemId !== null) above.delete(parentPath(entry));
          expect([...above]).toEqual([]);
        }
      } finally {
        await stage.close();
      }

      function become(resource: SimResource, wanted: (typeof resources)[number][number] | undefined): void {
        if (wanted === undefined) throw new Error("no spec");
        const { project, ...rest } = wanted;
        Object.assign(resource, rest, { project: stage.world.projects[project] ?? null });
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

test("but for the directories it is the flat document", async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ generation, nested_mounts, resources }) => {
      const plain = resources.map(([first]) => ({ ...first, backendId: "slug" }));
      const settings = {
        document_profile: "flat",
        mount_point: templateFor(generation).replace("{waldur_project}", "{project}"),
        nested_mounts,
      };
      const stage = await openStage({ generation, settings, inMemory: true });
      try {
        for (const [n, { project = 0, ...rest }] of plain.entries())
          stage.world.addResource({
            slug: `data-${n}`,
            ...rest,
            project: stage.world.projects[project] ?? null,
          });
        await syncAt(stage, 0, { sync: { allowShrink: true } });
        switchTo(stage, "hierarchy");
        await syncAt(stage, 1, { sync: { allowShrink: true } });
        const [flat, hierarchy] = [0, 1].map((n) => stage.read(nameAt(n)).result.storageResources);
        expect(hierarchy?.filter((entry) => !isOfDirectory(entry)).map(flatly)).toEqual(flat);
      } finally {
        await stage.close();
      }
    }),
    { numRuns: 30 },
  );
}, 60_000);

function parentPath({ mountPoint }: StorageEntry): string {
  return mountPoint.default.slice(0, mountPoint.default.lastIndexOf("/"));
}
