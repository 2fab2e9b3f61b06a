// The verdicts of the model on changes behind `modified` can fail: what a program at fault would publish, report and
// ask for is put before them by hand.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { EXIT } from "../../../lib/errors.ts";
import type { SimResource } from "../../../lib/simulator/model.ts";
import { type Entry, projectIn } from "../../model/expected.ts";
import type { Run } from "../../model/history.ts";
import { PLAIN } from "../../model/kinds.ts";
import { DAY_MS, HOUR_MS } from "../../model/lives.ts";
import { PEACEFUL } from "../../model/outlast.ts";
import { snapshotRule } from "../../model/permitted.ts";
import { complaintsOfCalmSync, complaintsOfNotices, unseenRows } from "../../model/silence.ts";
import { openSite, type Site } from "../../model/site.ts";
import { newestSnapshot } from "../../model/snapshots.ts";
import { noteWorld, watch } from "../../model/watch.ts";

let site: Site;
/** Of the snapshot that is there from the beginning. */
let before: readonly Entry[];

beforeEach(async () => {
  site = await openSite({ generation: "current", ...PLAIN, resources: 3, published: true });
  site.seen.now = site.clock.now().getTime();
  watch(site);
  before = newestSnapshot(site)?.entries ?? [];
});
afterEach(() => site.stage.close());

function row(n = 0): SimResource {
  const found = site.stage.world.resources()[n];
  if (found === undefined) throw new Error("no such resource");
  return found;
}

function changeSilently(change: Partial<SimResource>, n = 0): void {
  site.stage.world.rows.changeSilently(row(n).uuid, change);
  noteWorld(site);
}

const NEW = { attributes: { permissions: "750" } };
const withEntry = (entry: Partial<Entry>) => before.map((one, n) => (n === 0 ? { ...one, ...entry } : one));

test("what was said before is allowed for a day, and not to a run that believes nothing", () => {
  changeSilently(NEW);
  const right = withEntry({ permission: "750" });
  for (const hours of [0, 23]) {
    site.seen.now = Date.now() + hours * HOUR_MS;
    expect([snapshotRule(site, before)(before), snapshotRule(site, before)(right)]).toEqual([[], []]);
    expect(snapshotRule(site, before, true)(right)).toEqual([]);
    expect(snapshotRule(site, before, true)(before).join()).toContain("the snapshot holds");
  }
  site.seen.now = Date.now() + DAY_MS + 2 * GRACE_MS;
  expect(snapshotRule(site, before)(right)).toEqual([]);
  expect(snapshotRule(site, before)(before).join()).toContain("the snapshot holds");
});

const GRACE_MS = 60_000;

test("what was said before is not allowed once modified has moved, or a run has read the other", () => {
  changeSilently(NEW);
  site.seen.remembered.settle(row());
  expect(snapshotRule(site, before)(before).join()).toContain("the snapshot holds");
  changeSilently(NEW, 1);
  site.stage.world.resource(row(1).uuid).limits = { storage: 5 };
  noteWorld(site);
  expect(unseenRows(site)).toEqual([]);
});

test("what no run could read is not allowed", () => {
  changeSilently({ attributes: { permissions: "710" } });
  changeSilently(NEW);
  const found = snapshotRule(site, before)(withEntry({ permission: "710" }));
  expect(found.join()).toContain("the snapshot holds");
});

test("a mix of two answers is a complaint", () => {
  const { world } = site.stage;
  const project = world.projects.find(({ uuid }) => uuid !== row().project?.uuid) ?? null;
  changeSilently({ ...NEW, project });
  const now = { permission: "750", project: projectIn(row()) };
  for (const whole of [{}, now]) expect(snapshotRule(site, before)(withEntry(whole))).toEqual([]);
  for (const mix of [{ permission: now.permission }, { project: now.project }])
    expect(snapshotRule(site, before)(withEntry(mix)).join()).toContain("the snapshot holds");
});

test("an unnecessary report fails the verdict", () => {
  expect(complaintsOfNotices(site, [ran(row().uuid)]).join()).toContain("never did");
  changeSilently(NEW);
  expect(complaintsOfNotices(site, [ran(row().uuid)])).toEqual([]);
});

test.each([
  [true, ""],
  [false, "is not reported"],
])("whoever was found out is reported (%p), or that is a complaint", (isReported, complaint) => {
  changeSilently(NEW);
  expect(sync(before)).toEqual([]);
  expect(site.seen.silence.late.size).toBe(1);
  const found = { ...calm(withEntry({ permission: "750" })), ran: isReported ? ran(row().uuid) : ran() };
  const complaints = complaintsOfCalmSync(site, SYNC, found);
  expect(complaints.length).toBe(isReported ? 0 : 1);
  expect(complaints.join()).toContain(complaint);
});

test("a row that is remembered and asked for again is a complaint", () => {
  expect(sync(before)).toEqual([]);
  const page = { path: "marketplace-provider-resources/" };
  const lean = { ...page, query: "field=uuid&field=modified&page=1&" };
  const full = { ...page, query: "field=attributes&field=modified&page=1&" };
  const ended = { ...page, query: "state=Terminated&" };
  const asked = (requests: (typeof lean)[]) =>
    complaintsOfCalmSync(site, SYNC, { ...calm(before), requests }).join();
  expect([asked([lean, ended]), asked([full, ended]), asked([lean, ended, full])]).toEqual(["", "", ""]);
  expect(asked([lean, full])).toContain("once more");
  site.stage.world.resource(row(2).uuid).limits = { storage: 7 };
  noteWorld(site);
  expect(asked([lean, full])).toBe("");
});

const SYNC: Run = { ...PEACEFUL, runs: ["sync"] };

function ran(...noticed: readonly string[]) {
  const notices = noticed.map((resource) => ({ code: "modified-unmoved", resource }));
  return {
    code: EXIT.ok,
    stdout: JSON.stringify({ offerings: [{ outcome: "published" }], notices }),
    stderr: "",
  };
}

function calm(entries: readonly Entry[]) {
  return { unseen: unseenRows(site), ran: ran(), requests: [], entries };
}

function sync(entries: readonly Entry[]): string[] {
  return complaintsOfCalmSync(site, SYNC, calm(entries));
}
