// Any mixture of states, slugs, limits, attributes and backend ids, changing from run to run: a few lines of model say
// which entries a snapshot must have, and the whole program is held to it (docs/contract.md, "Sync").

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SimResource } from "../../lib/simulator/model.ts";
import { mountPointOf } from "../model/paths.ts";
import { openStage, type Stage } from "../stage.ts";
import { GENERATIONS, minute, nameAt } from "./sync-stage.ts";

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
      const settings = { parallel_requests: parallel };
      const stage = await openStage({ generation, settings, inMemory: true });
      try {
        const made = resources.map(() => stage.world.addResource());
        let history: History = { before: [], named: [] };
        for (const run of [0, 1, 2]) {
          for (const [n, resource] of made.entries()) become(resource, resources[n]?.[run], stage);
          history = await expectRun(stage, { run, history, specs: resources.map((specs) => specs[run]) });
        }
      } finally {
        await stage.close();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

/** A state that the server's filters do not know is one that only the row has. */
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

type Published = { id: string; mountPoint: string; isPending: boolean };
/** What is known after a run: the last snapshot, and every path that an entry of a snapshot ever named. */
type History = { before: readonly Published[]; named: { id: string; path: string; isPresent: boolean }[] };
type Run = { run: number; history: History; specs: readonly (Spec | undefined)[] };

async function expectRun(stage: Stage, { run, history, specs }: Run): Promise<History> {
  const now = () => minute(run);
  const sync = { allowShrink: true };
  const dry = await stage.runHere("sync", { now, sync, dryRun: true });
  const { report } = await stage.runHere("sync", { now, sync });
  const model = modelOf(stage, specs, history);
  const published = stage.read(nameAt(run));

  expect(published.result.storageResources.map((entry) => [entry.itemId, entry.mountPoint.default])).toEqual(
    model.entries.map(({ id, mountPoint }) => [id, mountPoint]),
  );
  expect(new Set(report.problems.map(({ resource }) => resource ?? ""))).toEqual(model.problems);
  expect(report.exitCode).toBe(model.problems.size > 0 ? 10 : 0);
  expect(dry.report.files[0]?.document).toEqual(published);
  expect(stage.readText(nameAt(run))).toBe(`${JSON.stringify(published, null, 2)}\n`);
  return afterRun(history, model.entries);
}

function afterRun({ named }: History, entries: readonly Published[]): History {
  const next = named.map((one) => ({ ...one }));
  for (const { id, mountPoint, isPending } of entries) {
    if (isPending) continue;
    for (const one of next) if (one.id === id) one.isPresent = one.path === mountPoint;
    if (!next.some((one) => one.id === id && one.isPresent))
      next.push({ id, path: mountPoint, isPresent: true });
  }
  return { before: entries, named: next };
}

type Row = { id: string; wants: string | null; isExplicit: boolean; isGood: boolean; isPending: boolean };

function rowsOf(stage: Stage, specs: readonly (Spec | undefined)[]): Row[] {
  return stage.world.resources().flatMap((resource, n): Row[] => {
    const wanted = specs[n];
    if (wanted === undefined || wanted.state.value === "Terminated") return [];
    const { state, slug, limits, attributes, backendId } = wanted;
    const isExplicit = backendId.value?.startsWith("/") === true;
    const isRead =
      !["many", 7].includes(limits.value as number) &&
      !Array.isArray(limits.value) &&
      attributes.value !== "none";
    // The template has no data type in it.
    const canTell = isExplicit ? backendId.ok : slug.ok;
    const path = mountPointOf(stage.world, resource);
    return [
      {
        id: resource.uuid,
        wants: isRead && canTell ? path : null,
        isExplicit,
        isGood: [state, slug, limits, attributes, backendId].every(({ ok }) => ok),
        isPending: state.value === "Creating",
      },
    ];
  });
}

/**
 * What the contract says of these resources, in few words. Nobody ended long enough ago for a path to be free again.
 */
function modelOf(stage: Stage, specs: readonly (Spec | undefined)[], { before, named }: History) {
  const entries: Published[] = [];
  const problems = new Set<string>();
  const leftOut: string[] = [];
  const claimed = new Map<string, string>();
  const rows = rowsOf(stage, specs);
  const ownPath = (id: string) => named.find((one) => one.id === id && one.isPresent)?.path;
  const isTaken = (path: string, id: string) =>
    named.some((one) => one.path === path && one.id !== id) || (claimed.get(path) ?? id) !== id;
  const add = ({ id, isGood, isPending }: Row, mountPoint: string) => {
    if (isGood) entries.push({ id, mountPoint, isPending });
    else {
      problems.add(id);
      leftOut.push(id);
    }
  };
  const aside: Row[] = [];
  for (const row of rows) {
    const own = ownPath(row.id);
    const path = own !== undefined && !row.isExplicit ? own : (row.wants ?? own);
    if (path === undefined) add({ ...row, isGood: false }, "");
    else if (path !== own && isTaken(path, row.id)) {
      aside.push(row);
      if (own !== undefined) add(row, own);
    } else {
      if (path !== own) claimed.set(path, row.id);
      add(row, path);
    }
  }
  const isAlive = (id: string) => rows.some((row) => row.id === id);
  for (const row of aside) {
    const own = ownPath(row.id);
    const path = row.wants ?? "";
    const holders = named.filter((one) => one.path === path && one.id !== row.id).map(({ id }) => id);
    const isWaiting = holders.length > 0 && !isAlive(holders[0] ?? "");
    if (!isWaiting) problems.add(row.id);
    if (own === undefined && !isWaiting) leftOut.push(row.id);
  }
  for (const old of before) {
    if (!leftOut.includes(old.id) || entries.some(({ id }) => id === old.id)) continue;
    const own = ownPath(old.id);
    if (own === undefined ? !isTaken(old.mountPoint, old.id) : own === old.mountPoint) entries.push(old);
  }
  return { entries, problems };
}
