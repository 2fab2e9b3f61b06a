// The verdicts of the model can fail: files as a program at fault would publish them are put into a site by hand.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { SimOrder, SimResource } from "../../../lib/simulator/model.ts";
import { projectIn } from "../../model/expected.ts";
import { complaintOfLoss } from "../../model/guard.ts";
import type { Setup } from "../../model/history.ts";
import { PLAIN } from "../../model/kinds.ts";
import { DAY_MS } from "../../model/lives.ts";
import { lose } from "../../model/loss.ts";
import { snapshotRule } from "../../model/permitted.ts";
import { complaintsOfPlain } from "../../model/plain.ts";
import { openSite, type Site } from "../../model/site.ts";
import { complaintsAtRest } from "../../model/verdict.ts";
import { noteWorld, watch } from "../../model/watch.ts";

const SETUP: Setup = { generation: "current", ...PLAIN };

let site: Site;
let files = 0;

beforeEach(async () => {
  await begin();
});
afterEach(() => site.stage.close());

async function begin(more: Partial<Setup> = {}): Promise<void> {
  site = await openSite({ ...SETUP, ...more });
  files = 0;
}

test("one path of two live resources is a complaint", () => {
  const [a, b] = [add("a"), add("b", "a")];
  expect(order("Create", a, pathOf(a))).toEqual([]);
  expect(order("Create", b, pathOf(b)).join()).toContain("TWO HOLDERS");
});

test("one path of two entries of a snapshot is a complaint, also of announced ones", () => {
  const [a, b] = [add("a"), add("b")];
  expect(snapshot([entry(a, "/x", "pending"), entry(b, "/x", "pending")]).join()).toContain("TWO HOLDERS");
});

test("an announced resource at the path of a live one is a complaint", () => {
  const [a, b] = [add("a"), add("b")];
  expect(snapshot([entry(a, pathOf(a))])).toEqual([]);
  site.seen.step++;
  expect(snapshot([entry(a, pathOf(a)), entry(b, pathOf(a), "pending")]).join()).toContain("TWO HOLDERS");
});

test("a path may be given again when its holder has ended, where no days are demanded", async () => {
  await site.stage.close();
  await begin({ reuseDays: 0 });
  const [a, b] = [add("a"), add("b", "a")];
  expect(order("Create", a, pathOf(a))).toEqual([]);
  site.stage.world.terminate(a.uuid);
  expect(order("Create", b, pathOf(b))).toEqual([]);
});

test("a terminate file with the path of another live resource is a complaint", () => {
  const [a, b] = [add("a"), add("b", "a")];
  expect(order("Create", a, pathOf(a))).toEqual([]);
  expect(order("Terminate", b, pathOf(a)).join()).toContain("GIVEN AWAY");
});

test("an old path of a resource that moved is not free", () => {
  const [a, b] = [add("a"), add("b", "a")];
  const old = pathOf(a);
  expect(order("Create", a, old)).toEqual([]);
  site.stage.world.resource(a.uuid).backendId = "/mnt/a";
  expect(order("Update", a, "/mnt/a")).toEqual([]);
  expect(order("Create", b, old).join()).toContain("TWO HOLDERS");
});

test("another path without a backend id that is one is a complaint", () => {
  const a = add("a");
  expect(order("Create", a, pathOf(a))).toEqual([]);
  site.stage.world.resource(a.uuid).slug = "elsewhere";
  expect(snapshot([entry(a, pathOf(a))]).join()).toContain("PATH CHANGED");
});

test("a path that nothing ever asked for is a complaint", () => {
  expect(order("Create", add("a"), "/somewhere").join()).toContain("PATH CHANGED");
});

test("--repath may change a path that no order file names, and no other", () => {
  const [a, b] = [add("a"), add("b")];
  expect(snapshot([entry(a, pathOf(a))])).toEqual([]);
  expect(order("Create", b, pathOf(b))).toEqual([]);
  for (const one of [a, b]) site.stage.world.resource(one.uuid).slug += "-new";
  site.seen.isRepath = true;
  expect(snapshot([entry(a, pathOf(a))])).toEqual([]);
  expect(snapshot([entry(b, pathOf(b))]).join()).toContain("PATH CHANGED");
});

test("a path within the days after the end of its holder is a complaint, as is one inside it", () => {
  const [a, b, c] = [add("a"), add("b", "a"), add("c")];
  site.stage.world.resource(c.uuid).backendId = `${pathOf(a)}/c`;
  expect(order("Create", a, pathOf(a))).toEqual([]);
  site.stage.world.terminate(a.uuid);
  beginRun(0);
  expect(order("Create", c, `${pathOf(a)}/c`).join()).toContain("TOO SOON");
  beginRun(6);
  expect(order("Create", b, pathOf(b)).join()).toContain("TOO SOON");
});

test("after the days the path is free", () => {
  const [a, b] = [add("a"), add("b", "a")];
  expect(order("Create", a, pathOf(a))).toEqual([]);
  site.stage.world.terminate(a.uuid);
  beginRun(0);
  beginRun(8);
  expect(order("Create", b, pathOf(b))).toEqual([]);
});

test("a path inside or above that of a live resource is a complaint, where it is not allowed", async () => {
  for (const nestedMounts of [null, "allow"] as const) {
    await site.stage.close();
    await begin({ nestedMounts });
    const [a, b] = [add("a"), add("b")];
    site.stage.world.resource(b.uuid).backendId = `${pathOf(a)}/b`;
    expect(order("Create", a, pathOf(a))).toEqual([]);
    const found = order("Create", b, `${pathOf(a)}/b`).join();
    if (nestedMounts === null) expect(found).toContain("NESTED");
    else {
      expect(found).toBe("");
      expect(order("Terminate", a, pathOf(a)).join()).toContain("NESTED");
    }
  }
});

test("what no file proves any more is not demanded after a loss, and the rest is", () => {
  const [a, b] = [add("a"), add("b")];
  expect(snapshot([entry(a, pathOf(a))])).toEqual([]);
  expect(order("Create", b, pathOf(b))).toEqual([]);
  for (const name of site.stage.files().filter((name) => name.endsWith("-all.json")))
    rmSync(join(site.stage.out, name));
  lose(site, { lose: "the state directory" });
  for (const one of [a, b]) site.stage.world.resource(one.uuid).slug += "-new";
  expect(snapshot([entry(a, pathOf(a))])).toEqual([]);
  expect(snapshot([entry(b, pathOf(b))]).join()).toContain("PATH CHANGED");
});

test("a loss is counted by who is gone, and announced ends do not count", () => {
  const all = Array.from({ length: 12 }, (_, nth) => add(`r-${nth}`));
  const before = all.map((one) => ({ ...entryHere(one), mountPoint: pathOf(one) }));
  const others = before.slice(0, 4).map(({ id, ...rest }, nth) => ({ ...rest, id: `new-${nth}${id}` }));
  expect(complaintOfLoss(site, before, before.slice(3))).toBeNull();
  expect(complaintOfLoss(site, before, [...before.slice(4), ...others])).toContain("SHRUNK");
  for (const one of all.slice(0, 2)) order("Terminate", one, pathOf(one));
  expect(complaintOfLoss(site, before, before.slice(4))).toBeNull();
  expect(complaintOfLoss(site, before.slice(0, 3), [])).toContain("SHRUNK");
  for (const one of all) site.stage.world.terminate(one.uuid);
  watch(site);
  expect(complaintOfLoss(site, before, [])).toBeNull();
});

test("a snapshot that nothing disturbs has every resource at its own path, with what Waldur says of it", () => {
  const [a, b] = [add("a"), add("b")];
  const good = [a, b].map((one) => ({ ...entryHere(one), mountPoint: pathOf(one) }));
  const [first, second] = good;
  if (first === undefined || second === undefined) throw new Error("two resources are there");
  expect(snapshot([entry(a, pathOf(a)), entry(b, pathOf(b))])).toEqual([]);
  site.stage.world.resource(b.uuid).slug = "a";
  const rule = snapshotRule(site, good);
  expect(rule(good)).toEqual([]);
  expect(rule([first]).join()).toContain("is missing");
  expect(rule([second, first]).join()).toContain("not in the order");
  expect(rule([first, { ...second, mountPoint: first.mountPoint }]).join()).toContain("the snapshot holds");
  expect(rule([first, { ...second, permission: "700" }]).join()).toContain("the snapshot holds");
  expect(rule([...good, { ...second, id: "0".repeat(32) }]).join()).toContain("not a live resource");
});

describe("where nothing befell resources beside their orders", () => {
  /** A Create order that was placed in the book. */
  function placed(bad = false): SimOrder {
    site.book.place({ place: "Create", resource: 0, bad });
    const newest = site.book.placed.at(-1);
    if (newest === undefined) throw new Error("no order was placed");
    return newest;
  }

  /** Such an order that the program has set done, and its file. */
  function done(quota: number, backendId: string): SimOrder {
    const created = Object.assign(placed(), { state: "done", limits: { storage: quota } });
    const resource = Object.assign(site.stage.world.resource(created.resourceUuid ?? ""), { backendId });
    publish(`create_${created.uuid}`, [{ ...entry(resource, "/x"), quotas: [{ quota }] }]);
    return created;
  }

  test("an order that is done without a backend id is a complaint", () => {
    done(5, "");
    expect(complaintsOfPlain(site).join()).toContain("done without a backend id");
    site.seen.outcomes.add("a resource loses its backend id");
    expect(complaintsOfPlain(site)).toEqual([]);
  });

  test("a quota that the order does not ask for is a complaint", () => {
    const created = done(5, "data");
    expect(complaintsOfPlain(site)).toEqual([]);
    created.limits = { storage: 6 };
    expect(complaintsOfPlain(site).join()).toContain("has a quota of 5, and its order of 6");
  });

  test("an open order that can be mapped has no excuse", () => {
    const [good] = [placed(), placed(true)];
    const open = complaintsAtRest(site).filter((complaint) => complaint.includes("is still"));
    expect(open).toEqual([`the Create order ${good.uuid} is still pending-provider`]);
  });
});

function add(name: string, slug = name): SimResource {
  const resource = site.stage.world.addResource({ name, slug });
  watch(site);
  return resource;
}

function pathOf({ uuid }: SimResource): string {
  const { world } = site.stage;
  const { backendId, slug, project } = world.resource(uuid);
  if (backendId?.startsWith("/")) return backendId;
  return `/${world.offering.slug}/store/${project?.customer.slug}/${project?.slug}/${slug}`;
}

/** By the clock of a run that begins so many days later. */
function beginRun(days: number): void {
  noteWorld(site);
  site.seen.now = Date.now() + days * DAY_MS;
  site.seen.lives.beginRun(site.seen.now);
}

/** Publishes the file of a new order; returns the complaints about it. */
function order(type: "Create" | "Update" | "Terminate", { uuid }: SimResource, path: string): string[] {
  const placed = site.stage.world.addOrder({ type, resource: uuid, limits: {} });
  Object.assign(site.book, { placed: [...site.book.placed, placed] });
  publish(`create_${placed.uuid}`.replace("create", type.toLowerCase()), [entry({ uuid }, path)]);
  return watch(site);
}

function snapshot(entries: readonly unknown[]): string[] {
  publish("all", entries);
  return watch(site);
}

function publish(ending: string, storageResources: readonly unknown[]): void {
  const minute = String(files++).padStart(2, "0");
  const document = { status: "success", code: 200, meta: {}, result: { storageResources } };
  const name = `2026-07-01-00-${minute}-${ending}.json`;
  writeFileSync(join(site.stage.out, name), `${JSON.stringify(document, null, 2)}\n`);
}

function entry({ uuid }: { uuid: string }, path: string, status = "active") {
  return {
    itemId: uuid,
    status,
    mountPoint: { default: path },
    permission: { permissionType: "octal", value: "775" },
    quotas: null,
    customer: { itemId: "", name: "" },
  };
}

function entryHere(resource: SimResource) {
  const quotas = [10, 10, 13_300_000, 20_000_000];
  return {
    id: resource.uuid,
    status: "active",
    permission: "775",
    quotas,
    project: projectIn(resource),
  };
}
