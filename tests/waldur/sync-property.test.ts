// Any mixture of states, slugs, limits, attributes and backend ids, changing from run to run: a few lines of model say
// which entries a snapshot must have, and the whole program is held to it (docs/contract.md, "Sync").

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SimResource } from "../../lib/simulator/model.ts";
import { mountPointOf } from "../model/expected.ts";
import { openStage, type Stage } from "../stage.ts";
import { GENERATIONS, idsIn, minute, nameAt } from "./sync-stage.ts";

/** A value, and whether a resource with it can be mapped. */
type Choice<T> = { value: T; ok: boolean };

function choice<T>(good: readonly T[], bad: readonly T[]): fc.Arbitrary<Choice<T>> {
  const of = (values: readonly T[], ok: boolean) =>
    fc.constantFrom(...values).map((value) => ({ value, ok }));
  return fc.oneof({ weight: 9, arbitrary: of(good, true) }, { weight: 1, arbitrary: of(bad, false) });
}

const spec = fc.record({
  state: choice<string>(
    ["Creating", "OK", "Updating", "Terminating", "Erred", "Terminated"],
    ["Hibernating"],
  ),
  slug: choice<string | null>(
    ["a", "b", "c-1", "Data_2", "-200", "--", "x.y", "q".repeat(255)],
    ["", ".", "..", ".hidden", "a/b", "ü", "a b", "a\n", "q".repeat(256), null],
  ),
  limits: choice<unknown>(
    [{}, null, { storage: 10 }, { storage: 0 }, { storage: 0.5 }, { storage: "12" }],
    [{ other: 5 }, { storage: -1 }, { storage: "much" }, { storage: 1e17 }, "many", [], 7],
  ),
  attributes: choice<unknown>(
    [{}, null, { permissions: "2770" }, { permissions: 755 }, { storage_data_type: " Archive " }],
    [
      { permissions: "9" },
      { permissions: 504 },
      { permissions: "77777" },
      { storage_data_type: "../x" },
      "none",
    ],
  ),
  backendId: choice<string | null>(
    ["", null, "some-slug", "/store/x", "/store/y"],
    ["/a//b", "/a/../b", "/a/", "/"],
  ),
  project: fc.nat(2),
});
type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;

const world = fc.record({
  generation: fc.constantFrom(...GENERATIONS),
  parallel: fc.constantFrom(1, 4),
  /** For each resource what it is in each run. */
  resources: fc.array(fc.array(spec, { minLength: 3, maxLength: 3 }), { maxLength: 12 }),
});

test("a snapshot has exactly the live, mappable resources that do not clash, in order, and then what is carried over", async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ generation, parallel, resources }) => {
      const stage = await openStage({ generation, settings: { parallel_requests: parallel } });
      try {
        const made = resources.map(() => stage.world.addResource());
        let before: readonly Published[] = [];
        for (const run of [0, 1, 2]) {
          for (const [n, resource] of made.entries()) become(resource, resources[n]?.[run], stage);
          before = await expectRun(stage, { run, before, specs: resources.map((specs) => specs[run]) });
        }
      } finally {
        await stage.close();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

/** A state that the server's filters do not know is one that only the row tells. */
function become(resource: SimResource, wanted: Spec | undefined, { world }: Stage): void {
  if (wanted === undefined) throw new Error("no spec");
  const { state, slug, limits, attributes, backendId, project } = wanted;
  Object.assign(resource, {
    state: state.ok ? state.value : "OK",
    wire: state.ok ? {} : { state: state.value },
    slug: slug.value,
    limits: limits.value,
    attributes: attributes.value,
    backendId: backendId.value,
    project: world.projects[project],
  });
}

type Published = { id: string; mountPoint: string };
type Run = { run: number; before: readonly Published[]; specs: readonly (Spec | undefined)[] };

async function expectRun(stage: Stage, { run, before, specs }: Run): Promise<Published[]> {
  const now = () => minute(run);
  const sync = { allowShrink: true };
  const dry = await stage.runHere("sync", { now, sync, dryRun: true });
  const { report } = await stage.runHere("sync", { now, sync });
  const model = modelOf(stage, specs, before);
  const published = stage.read(nameAt(run));

  expect(idsIn(stage, nameAt(run))).toEqual(model.entries.map(({ id }) => id));
  expect(published.result.storageResources.map((entry) => entry.mountPoint.default)).toEqual(
    model.entries.map(({ mountPoint }) => mountPoint),
  );
  expect(new Set(report.problems.map(({ resource }) => resource ?? ""))).toEqual(model.leftOut);
  expect(report.exitCode).toBe(model.leftOut.size > 0 ? 10 : 0);
  expect(dry.report.files[0]?.document).toEqual(published);
  expect(stage.readText(nameAt(run))).toBe(`${JSON.stringify(published, null, 2)}\n`);
  return model.entries;
}

/** What the contract says of these resources, in few words. */
function modelOf(stage: Stage, specs: readonly (Spec | undefined)[], before: readonly Published[]) {
  const entries: Published[] = [];
  const leftOut = new Set<string>();
  const isTaken = (path: string) => entries.some(({ mountPoint }) => mountPoint === path);
  for (const [n, resource] of stage.world.resources().entries()) {
    const wanted = specs[n];
    if (wanted === undefined || wanted.state.value === "Terminated") continue;
    const { state, slug, limits, attributes, backendId } = wanted;
    const mountPoint = mountPointOf(stage.world, resource);
    const isGood = [state, slug, limits, attributes, backendId].every(({ ok }) => ok);
    if (isGood && !isTaken(mountPoint)) entries.push({ id: resource.uuid, mountPoint });
    else leftOut.add(resource.uuid);
  }
  for (const old of before) {
    if (leftOut.has(old.id) && !isTaken(old.mountPoint)) entries.push(old);
  }
  return { entries, leftOut };
}
