// One mistake that leaves out many resources, such as a component that is misspelt in the configuration, is reported
// once, and a refused snapshot names it as what is to be corrected.

import { describe, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "pathe";
import type { Stage } from "../stage.ts";
import { askStatus } from "../status.ts";
import { addResources, minute, nameAt, open, syncAt } from "./sync-stage.ts";

const CAUSE =
  /^all of them are left out for one reason \(no-component\): limits has no component "storage", only/;

/** Waldur calls the component of these otherwise. */
function rename(resources: ReturnType<typeof addResources>) {
  for (const resource of resources) resource.limits = { storge: 5 };
}

async function withoutComponent(
  count: number,
): Promise<{ stage: Stage; resources: ReturnType<typeof addResources> }> {
  const stage = await open();
  const resources = addResources(stage, count);
  rename(resources);
  return { stage, resources };
}

const linesOf = (lines: readonly string[], words: string) => lines.filter((line) => line.includes(words));

describe("a component that no resource has", () => {
  test("is one line with the number and three examples, and one of the report for each", async () => {
    const { stage, resources } = await withoutComponent(130);
    const { report, lines } = await syncAt(stage, 0, { wantsReport: true });
    const about = linesOf(lines, "code=no-component");
    expect(about).toHaveLength(1);
    expect(about[0]).toContain("resources=130");
    const named = resources.filter(({ uuid }) => about[0]?.includes(uuid));
    expect(named).toHaveLength(3);
    expect(linesOf(lines, "more; `--json`")).toEqual([]);
    const found = report.problems.filter(({ code }) => code === "no-component");
    expect(found.map(({ resource }) => resource).toSorted()).toEqual(
      resources.map(({ uuid }) => uuid).toSorted(),
    );
  });

  test("is what the hint of a refused first snapshot is about", async () => {
    const { stage } = await withoutComponent(20);
    const { report } = await syncAt(stage, 0);
    const refused = report.problems.find(({ code }) => code === "shrunk");
    expect(refused?.hint).toMatch(CAUSE);
    expect(refused?.hint).toContain("in backend_components, use the name in Waldur");
    expect(refused?.hint).not.toContain("--allow-shrink");
  });

  test("is not where other resources are left out for another reason", async () => {
    const { stage, resources } = await withoutComponent(20);
    for (const resource of resources.slice(15)) resource.limits = { storage: -1 };
    const { report } = await syncAt(stage, 0);
    expect(report.problems.find(({ code }) => code === "shrunk")?.hint).toContain("--allow-shrink");
  });

  test.each([
    ["all that is gone", 0],
    ["all but those that ended", 6],
  ])("is the hint where it is the reason of %s", async (_, ended) => {
    const stage = await open();
    const resources = addResources(stage, 20);
    await syncAt(stage, 0);
    rename(resources.slice(ended));
    for (const { uuid } of resources.slice(0, ended)) stage.world.terminate(uuid);
    // What was changed after it was published is not carried over.
    appendFileSync(join(stage.out, nameAt(0)), " ");
    const { report } = await syncAt(stage, 1);
    const hint = report.problems.find(({ code }) => code === "shrunk")?.hint ?? "";
    if (ended === 0) expect(hint).toMatch(CAUSE);
    expect(hint.includes("--allow-shrink")).toBe(ended > 0);
  });
});

test("status shows how many resources have the cause after the last run, and since when it is known", async () => {
  const stage = await open();
  const resources = addResources(stage, 12);
  const problemsAt = async (n: number, left: number) => {
    for (const [nth, resource] of resources.entries())
      resource.limits = nth < left ? { storge: 5 } : { storage: 5 };
    await syncAt(stage, n);
    const { offerings } = await askStatus(stage, { now: minute(n), isLocal: true });
    return (offerings[0]?.problems ?? []).map(({ count, resource, since }) => ({ count, resource, since }));
  };
  await problemsAt(0, 0);
  const since = minute(1).toISOString();
  expect(await problemsAt(1, 5)).toEqual([{ count: 5, resource: null, since }]);
  expect(await problemsAt(2, 4)).toEqual([{ count: 4, resource: null, since }]);
  const three = resources.slice(0, 3).map(({ uuid }) => ({ count: 1, resource: uuid, since }));
  expect(
    (await problemsAt(3, 3)).toSorted((a, b) => ((a.resource ?? "") < (b.resource ?? "") ? -1 : 1)),
  ).toEqual(three.toSorted((a, b) => (a.resource < b.resource ? -1 : 1)));
  expect(await problemsAt(4, 6)).toEqual([{ count: 6, resource: null, since }]);
  expect(await problemsAt(5, 0)).toEqual([]);
});
