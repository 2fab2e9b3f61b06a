// Two sites with one history: one remembers rows, the other reads everything in each run. What they publish is the same
// to the byte, whatever happens to resources, projects, customers, clocks and the order of the list between two runs;
// and where a server changes rows without moving `modified`, nothing is wrong for longer than a day (docs/contract.md,
// "Sync").

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SimResource } from "../../lib/simulator/model.ts";
import { openStage, type Stage } from "../stage.ts";
import { GENERATIONS } from "./sync-stage.ts";

const ATTRIBUTES = [
  {},
  null,
  { permissions: "2770" },
  { permissions: "9" },
  { storage_data_type: "archive", colour: "red" },
  { soft_quota_space: 3 },
  { deep: { permissions: "2750" } },
  "none",
  { note: "ü\t\n\u2028 \"'\\ 😀 \ud800", __proto__: 1 },
  { text: "x".repeat(20_000) },
] as const;

const change = fc.record({
  what: fc.constantFrom(
    "attributes",
    "attributes",
    "limits",
    "project",
    "terminate",
    "revive",
    "add",
    "renameProject",
    "renameCustomer",
    "equalModified",
    "modifiedBack",
    "order",
    "silent",
    "silentMany",
  ),
  at: fc.nat(60),
  value: fc.nat(30),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const history = fc.record({
  generation: fc.constantFrom(...GENERATIONS),
  resources: fc.constantFrom(3, 30, 30, 310, 910),
  parallel: fc.constantFrom(1, 4),
  isListServed: fc.boolean(),
  steps: fc.array(
    fc.record({ changes: fc.array(change, { maxLength: 4 }), hours: fc.constantFrom(0.1, 1, 5, 9, 13) }),
    {
      minLength: 2,
      maxLength: 4,
    },
  ),
});

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 5, 9);

test("a site that remembers publishes what one that reads everything does", async () => {
  let silent = 0;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(history, async ({ generation, resources, parallel, isListServed, steps }) => {
      const faults = isListServed || generation === "2024" ? [] : ["404-html@service-providers"];
      const settings = { parallel_requests: parallel };
      const options = {
        generation,
        resources,
        faults,
        settings,
        inMemory: true,
        now: () => new Date(START_MS),
      };
      const [remembering, reading] = [await openStage(options), await openStage(options)];
      try {
        let atMs = START_MS;
        /** When resources were last changed behind `modified`. */
        const changedMs = new Map<string, number>();
        const silently = new Set<string>();
        let nth = 0;
        let wasSilent = false;
        const run = async () => {
          const now = () => new Date(atMs);
          const sync = { allowShrink: true };
          const { report } = await remembering.runHere("sync", { now, sync });
          const carried = new Set(report.problems.map(({ resource }) => resource));
          const isFound = report.notices.some(({ code }) => code === "modified-unmoved");
          if (isFound) found++;
          await reading.runHere("sync", { now, sync: { ...sync, full: true } });
          expectSame(
            { one: remembering, other: reading, wasSilent },
            // A run that finds one of them is right about all; only what is carried over stays as it was published.
            (id) =>
              (!isFound && atMs - (changedMs.get(id) ?? 0) <= 24 * HOUR_MS) ||
              (silently.has(id) && carried.has(id)),
          );
        };
        await run();
        for (const { changes, hours } of steps) {
          atMs += hours * HOUR_MS;
          for (const one of changes) {
            nth++;
            const touched = [remembering, reading].map((stage) => apply(stage, one, nth));
            if (one.what.startsWith("silent"))
              for (const uuid of touched[0] ?? []) {
                changedMs.set(uuid, atMs);
                silently.add(uuid);
              }
          }
          silent += changedMs.size;
          wasSilent ||= changedMs.size > 0;
          await run();
        }
        // Through a day: whatever was changed silently is found.
        for (let runs = 0; changedMs.size > 0 && runs < 5; runs++) {
          atMs += 6 * HOUR_MS;
          await run();
        }
        changedMs.clear();
        atMs += 60_000;
        await run();
      } finally {
        await Promise.all([remembering.close(), reading.close()]);
      }
    }),
    { numRuns: 25 },
  );
  expect(silent).toBeGreaterThan(0);
  expect(found).toBeGreaterThan(0);
}, 120_000);

/** To the byte; where something changed silently, entry by entry, without those that may be wrong for now. */
function expectSame(
  { one, other, wasSilent }: { one: Stage; other: Stage; wasSilent: boolean },
  mayDiffer: (id: string) => boolean,
): void {
  const [name, same] = [one, other].map((stage) => stage.files().at(-1) ?? "");
  expect(name).toBe(same ?? "");
  if (one.readText(name ?? "") === other.readText(name ?? "")) return;
  const [left, right] = [one, other].map((stage) =>
    // What is carried over is at the end, so that one entry moves where another is wrong.
    stage
      .read(name ?? "")
      .result.storageResources.filter(({ itemId }) => !mayDiffer(itemId))
      .sort((a, b) => (a.itemId < b.itemId ? -1 : 1)),
  );
  expect(left).toEqual(right ?? []);
  expect(wasSilent).toBeTrue();
}

/** Returns the resources that were changed. */
function apply({ world }: Stage, { what, at, value }: Change, nth: number): string[] {
  const past = (year: number) => `${year}-01-01T00:00:00.000${String(nth).padStart(3, "0")}Z`;
  const all = world.resources();
  const uuid = all[at % all.length]?.uuid ?? "";
  const attributes = ATTRIBUTES[value % ATTRIBUTES.length];
  const project = world.projects[value % world.projects.length] ?? null;
  const edit = (partial: Partial<SimResource>) => void Object.assign(world.resource(uuid), partial);
  if (what === "attributes") edit({ attributes });
  else if (what === "limits") edit({ limits: { storage: value } });
  else if (what === "project") edit({ project });
  else if (what === "terminate") edit({ state: "Terminated" });
  else if (what === "revive") edit({ state: "OK" });
  else if (what === "add") world.addResource({ name: `added-${at}-${value}`, attributes });
  else if (what === "renameProject" && project !== null)
    Object.assign(project, { slug: `p-${value}`, name: `P${value}` });
  else if (what === "renameCustomer" && project !== null) project.customer.slug = `c-${value}`;
  else if (what === "equalModified") {
    // As after a bulk import: a value that no two readings may confuse with a later one.
    for (const one of all.slice(0, 20)) world.resource(one.uuid).modified = past(2025);
  } else if (what === "modifiedBack") edit({ attributes, modified: past(2001) });
  else if (what === "order") {
    const { select } = world.rows;
    const sign = value % 2 === 0 ? 1 : -1;
    world.rows.select = (filter) =>
      select({ ...filter, compare: (a, b) => (a.uuid < b.uuid ? -sign : sign) });
  } else if (what === "silent" || what === "silentMany") {
    // One that cannot be mapped would leave other paths to its site, for good.
    const changed = { attributes: { permissions: `7${value % 8}0` } };
    const chosen = what === "silent" ? [uuid] : all.filter((_, n) => n % 61 === at).map((one) => one.uuid);
    for (const one of chosen) world.rows.changeSilently(one, changed);
    return chosen;
  }
  return [uuid];
}
