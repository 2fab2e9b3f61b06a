// The hierarchy profile beside everything else: orders, entries that are carried over, the guard, claims that were
// lost, and a site that changes the profile from one run to the next (docs/contract.md, "The hierarchy").

import { describe, expect, test } from "bun:test";
import { join } from "pathe";
import { loadConfig } from "../../lib/config/load.ts";
import { diffDocuments } from "../../lib/documents/diff.ts";
import { diffText } from "../../lib/documents/diff-text.ts";
import { validateFile } from "../../lib/documents/validate.ts";
import { show } from "../../lib/show/show.ts";
import { showText } from "../../lib/show/text.ts";
import type { StorageEntry } from "../../lib/storage/document.ts";
import { faultsOf, switchTo } from "../model/directories.ts";
import type { Stage, StageOptions } from "../stage.ts";
import { linesOf, openHierarchy } from "./hierarchy-stage.ts";
import { addResources, GENERATIONS, leftovers, loseState, nameAt, onArrival, syncAt } from "./sync-stage.ts";

/** The path of the provider's directory; the projects of the simulator are in directories of its customers. */
const TENANT = "/capstor/store/cscs";
/** Each resource has a path of its own, whatever its project. */
const BY_RESOURCE = `${TENANT}/{organization}/{project}`;

const entriesOf = (stage: Stage, n: number): StorageEntry[] => stage.read(nameAt(n)).result.storageResources;
const errorsIn = (stage: Stage, name: string) =>
  [...validateFile(join(stage.out, name))].filter(({ level }) => level === "error");

async function open(count: number, settings: StageOptions["settings"] = {}) {
  const stage = await openHierarchy("current", { mount_point: BY_RESOURCE, mount_roots: ["/"], ...settings });
  return { stage, resources: addResources(stage, count) };
}

function the<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test expects something here");
  return value;
}

describe.each(GENERATIONS)("the file of an order, generation %s", (generation) => {
  test.each([
    ["Create", "pending", "pending"],
    ["Update", "active", "updating"],
    ["Terminate", "active", "removing"],
  ] as const)("%s: its entry is behind its directories", async (type, ofDirectories, status) => {
    const stage = await openHierarchy(generation, { mount_point: BY_RESOURCE });
    const resource = type === "Create" ? undefined : stage.world.addResource({ slug: "data" });
    const update = type === "Update" ? { limits: { storage: 20 } } : {};
    const order = stage.world.addOrder(
      resource === undefined ? { type: "Create", name: "data" } : { type, resource, ...update },
    );
    const dry = await stage.runHere("orders", { dryRun: true });
    const { report } = await stage.runHere("orders");
    const name = the(stage.files().find((one) => one.endsWith(`_${order.uuid}.json`)));
    const document = stage.read(name);
    const customer = the(stage.world.projects[0]).customer.slug;
    const [tenant, ofCustomer, entry] = linesOf(document);
    expect([tenant, ofCustomer]).toEqual([
      `tenant ${ofDirectories} ${TENANT}`,
      `customer ${ofDirectories} ${TENANT}/${customer}`,
    ]);
    expect(entry).toStartWith(`project ${status} ${TENANT}/${customer}/data`);
    expect(document.result.storageResources).toHaveLength(3);
    expect(faultsOf(document.result.storageResources)).toEqual([]);
    expect(errorsIn(stage, name)).toEqual([]);
    expect(report.exitCode).toBe(0);
    const described = dry.report.files[0]?.document;
    const { date: _date, ...meta } = document.meta;
    expect(described).toMatchObject({ result: document.result, meta });
  });
});

test.each([
  ["Create", 10, ["no-user"]],
  ["Terminate", 0, []],
] as const)("a %s order without a user_item is published and done", async (type, code, problems) => {
  const stage = await openHierarchy("current", { mount_point: BY_RESOURCE });
  const resource = stage.world.addResource({ slug: "data", attributes: { storage_data_type: "users" } });
  const order = stage.world.addOrder({ type, resource });
  const { report } = await stage.runHere("orders");
  expect([report.exitCode, report.problems.map((problem) => problem.code)]).toEqual([code, [...problems]]);
  expect(stage.world.order(order.uuid).state).toBe("done");
  const [name = ""] = stage.files();
  expect(stage.read(name).result.storageResources.at(-1)?.target.targetType).toBe("user");
  expect(errorsIn(stage, name)).toEqual([]);
});

test("a file that was published with the other profile is not an other file", async () => {
  for (const [before, after] of [
    ["flat", "hierarchy"],
    ["hierarchy", "flat"],
  ] as const) {
    const stage = await openHierarchy("current", { mount_point: BY_RESOURCE });
    switchTo(stage, before);
    const order = stage.world.addOrder({ type: "Create", name: "data" });
    stage.simulator.setFaults(["503@set_state_done"]);
    await stage.runHere("orders", { retries: 0 });
    stage.simulator.setFaults([]);
    const [name = ""] = stage.files();
    expect(order.state).toBe("executing");
    const text = stage.readText(name);
    switchTo(stage, after);
    const { report } = await stage.runHere("orders");
    expect([report.exitCode, report.problems, stage.files()]).toEqual([0, [], [name]]);
    expect([stage.readText(name), order.state]).toEqual([text, "done"]);
  }
});

describe("a site that changes the profile", () => {
  test("loses nothing, trips no guard, and is as before when it changes back", async () => {
    const { stage, resources } = await open(20, {});
    for (const resource of resources.slice(0, 12)) resource.attributes = { storage_data_type: "users" };
    for (const resource of resources) {
      const { uuid: itemId } = resource;
      const user_item = { itemId, unixUid: 20_001, primaryProject: { name: "p", unixGid: 31_000 } };
      resource.backendMetadata = { project_item: { itemId, unixGid: 31_000 }, user_item };
    }
    switchTo(stage, "flat");
    await syncAt(stage, 0);
    switchTo(stage, "hierarchy");
    const on = await syncAt(stage, 1);
    switchTo(stage, "flat");
    const off = await syncAt(stage, 2);
    expect([on.report.exitCode, off.report.exitCode]).toEqual([0, 0]);
    expect([on.report.problems, off.report.problems]).toEqual([[], []]);
    const [before, between, after] = [0, 1, 2].map((n) => entriesOf(stage, n));
    expect(after).toEqual(the(before));
    expect(faultsOf(the(between))).toEqual([]);
    const ofResources = the(between).filter(({ itemId }) => !itemId.includes("-"));
    const pathOf = ({ itemId, mountPoint }: StorageEntry) => [itemId, mountPoint.default];
    expect(ofResources.map(pathOf)).toEqual(the(before).map(pathOf));
    expect(ofResources.filter(({ target }) => target.targetType === "user")).toHaveLength(12);
  });

  test.each([
    ["flat", "hierarchy"],
    ["hierarchy", "flat"],
  ] as const)("carries over from %s to %s", async (before, after) => {
    const { stage, resources } = await open(12);
    switchTo(stage, before);
    await syncAt(stage, 0);
    switchTo(stage, after);
    const spoilt = resources.slice(0, 8);
    for (const resource of spoilt) resource.limits = { storage: -1 };
    const dry = await syncAt(stage, 1, { dryRun: true });
    const { report } = await syncAt(stage, 1);
    expect(report.offerings[0]).toMatchObject({ carriedOver: 8, resources: 12 });
    expect(dry.report.files[0]?.document).toEqual(stage.read(nameAt(1)));
    for (const resource of spoilt) resource.limits = { storage: 10 };
    await syncAt(stage, 2);
    const byId = (n: number) =>
      entriesOf(stage, n).toSorted((one, other) => (one.itemId < other.itemId ? -1 : 1));
    expect(byId(1)).toEqual(byId(2));
    expect(errorsIn(stage, nameAt(1))).toEqual([]);
  });
});

describe("entries that are carried over", () => {
  test("keep the directories of tenants of which nothing else is known", async () => {
    const { stage, resources } = await open(3);
    for (const resource of resources)
      resource.backendMetadata = { tenant_item: { itemId: "x", key: "elsewhere", name: "Elsewhere" } };
    await syncAt(stage, 0);
    for (const resource of resources) resource.limits = { storage: -1 };
    const { report } = await syncAt(stage, 1);
    expect(report.offerings[0]).toMatchObject({ carriedOver: 3, outcome: "unchanged" });
    expect(entriesOf(stage, 1)).toEqual(entriesOf(stage, 0));
  });

  test("are in directories of Waldur's customer also where the last snapshot was flat", async () => {
    const { stage, resources } = await open(12);
    switchTo(stage, "flat");
    for (const resource of resources) resource.backendMetadata = { tenant_item: { name: "Elsewhere" } };
    await syncAt(stage, 0);
    switchTo(stage, "hierarchy");
    for (const resource of resources) resource.limits = { storage: -1 };
    const { report } = await syncAt(stage, 1);
    expect(report.offerings[0]).toMatchObject({ carriedOver: 12, resources: 12 });
    expect(errorsIn(stage, nameAt(1))).toEqual([]);
    for (const resource of resources) resource.limits = { storage: 10 };
    await syncAt(stage, 2);
    const directories = (n: number) => entriesOf(stage, n).filter(({ itemId }) => itemId.includes("-"));
    expect(directories(1)).toEqual(directories(2));
  });

  test("bring the only directory that they are in", async () => {
    const { stage, resources } = await open(3);
    the(resources[1]).backendId = "/elsewhere/of/a";
    await syncAt(stage, 0);
    the(resources[1]).limits = { storage: -1 };
    await syncAt(stage, 1);
    expect(linesOf(stage.read(nameAt(1)))).toContain("customer active /elsewhere/of");
    expect(faultsOf(entriesOf(stage, 1))).toEqual([]);
  });
});

describe("directories", () => {
  test("count for no guard: they do not make up for resources that are gone", async () => {
    const { stage, resources } = await open(20);
    await syncAt(stage, 0);
    for (const { uuid } of resources.slice(0, 10)) stage.world.terminate(uuid);
    for (let n = 0; n < 20; n++) stage.world.addResource({ slug: `n-${n}`, backendId: `/new/${n}/a/b` });
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, stage.files()]).toEqual([65, [nameAt(0)]]);
    expect(report.problems[0]?.message).toContain("10 of the 20 resources");
    expect(report.offerings[0]).toMatchObject({ resources: 30 });
  });

  test("claim no path, also where claims were lost, and users do", async () => {
    const { stage, resources } = await open(3);
    the(resources[0]).attributes = { storage_data_type: "users" };
    await syncAt(stage, 0);
    loseState(stage);
    for (const [n, resource] of resources.entries()) resource.slug = `renamed-${n}`;
    stage.world.addResource({ slug: "new" });
    const { report } = await syncAt(stage, 1);
    expect(report.problems.map(({ code }) => code)).toEqual(["no-user"]);
    expect(report.offerings[0]).toMatchObject({ resources: 4 });
    const kept = entriesOf(stage, 0).map(({ mountPoint }) => mountPoint.default);
    const paths = entriesOf(stage, 1).map(({ mountPoint }) => mountPoint.default);
    expect(paths.slice(0, -1)).toEqual(kept);
  });

  test("have no entry where a resource is mounted, and their children are its", async () => {
    const { stage, resources } = await open(3, { nested_mounts: "allow" });
    const [inner, outer] = resources.map(({ uuid }) => uuid);
    for (const [n, path] of ["/p/q/r/s", "/p/q/r", "/p/x"].entries()) the(resources[n]).backendId = path;
    const dry = await syncAt(stage, 0, { dryRun: true });
    const { report } = await syncAt(stage, 0);
    expect(report.problems).toEqual([]);
    expect(linesOf(stage.read(nameAt(0)))).toEqual([
      "customer active /p",
      "customer active /p/q",
      "project active /p/q/r/s",
      "project active /p/q/r",
      "project active /p/x",
    ]);
    const parent = entriesOf(stage, 0).find(({ itemId }) => itemId === inner)?.parentItemId;
    expect(parent).toBe(the(outer));
    expect(errorsIn(stage, nameAt(0))).toEqual([]);
    expect(dry.report.files[0]?.document).toEqual(stage.read(nameAt(0)));
  });

  test.each([
    ["/srv/storage", "/srv/storage/a", ["customer active /srv/storage", "project active /srv/storage/a"]],
    [
      "/home/storage",
      "/home/storage/c/a",
      ["customer active /home/storage/c", "project active /home/storage/c/a"],
    ],
    [
      "/srv/storage",
      "/srv/storage/c/a",
      ["tenant active /srv/storage", "customer active /srv/storage/c", "project active /srv/storage/c/a"],
    ],
  ])("are below %s, and are none of the system: %s", async (root, path, wanted) => {
    const stage = await openHierarchy("current", {
      mount_point: `${root}/{organization}/{project}`,
      mount_roots: [root],
    });
    stage.world.addResource({ slug: "a", backendId: path });
    await syncAt(stage, 0);
    expect(linesOf(stage.read(nameAt(0)))).toEqual(wanted);
  });

  test("of an offering whose provider has no name are called as the offering", async () => {
    const stage = await openHierarchy("2024");
    stage.world.addResource({ slug: "a" });
    await syncAt(stage, 0);
    const { uuid, slug } = stage.world.offering;
    expect(entriesOf(stage, 0)[0]?.target.targetItem).toEqual({ itemId: uuid, key: slug, name: slug });
  });
});

test("a list that moved while it was read leaves no directory of the earlier try", async () => {
  const { stage, resources } = await open(2);
  the(resources[0]).backendId = "/first/try/a";
  let isFirst = true;
  onArrival(stage, ({ query }) => {
    if (!isFirst || !query.includes("state=Terminated")) return;
    if (stage.simulator.requests.filter(({ query: asked }) => asked.includes("state=OK")).length === 0)
      return;
    isFirst = false;
    stage.world.terminate(the(resources[0]).uuid);
  });
  await syncAt(stage, 0);
  expect(isFirst).toBe(false);
  expect(entriesOf(stage, 0).some(({ mountPoint }) => mountPoint.default.startsWith("/first"))).toBe(false);
  expect(leftovers(stage)).toEqual([]);
});

test("diff and show know directories", async () => {
  const { stage } = await open(1);
  switchTo(stage, "flat");
  await syncAt(stage, 0);
  switchTo(stage, "hierarchy");
  await syncAt(stage, 1);
  const difference = diffDocuments(join(stage.out, nameAt(0)), join(stage.out, nameAt(1)));
  expect(difference.counts).toEqual({ new: 2, gone: 0, changed: 0 });
  expect([difference.old.directories, difference.new.directories]).toEqual([0, 2]);
  expect([...diffText(difference, 100)].join("")).toContain("active, a directory");
  const config = await loadConfig(stage.configPath, { env: {}, cwd: stage.directory, allowInsecure: false });
  const [directory] = entriesOf(stage, 1);
  const asked = the(directory).itemId;
  for (const subject of [{ path: TENANT }, { uuid: asked.replaceAll("-", "") }]) {
    const shown = await show(subject, {
      offerings: config.offerings,
      readerFor: () => {
        throw new Error("Waldur was asked");
      },
      now: new Date(),
      isLocal: true,
    });
    expect(showText(shown, { width: 80, timezone: "UTC" })).toContain("active, of tenant cscs, a directory");
  }
});

test("the provider is asked for once, and with each row only where there was none to ask", async () => {
  const { stage } = await open(3);
  const asked = (from = 0) =>
    stage.simulator.requests
      .slice(from)
      .filter(({ query }) => query.includes("provider_slug"))
      .map(({ query }) => new URLSearchParams(query).get("page_size"));
  await syncAt(stage, 0);
  expect(asked()).toEqual(["1"]);
  const empty = await openHierarchy("current");
  let isFirst = true;
  onArrival(empty, ({ query }) => {
    if (!isFirst || !query.includes("state=OK")) return;
    isFirst = false;
    empty.world.addResource({ slug: "late" });
  });
  await syncAt(empty, 0);
  expect(linesOf(empty.read(nameAt(0)))[0]).toStartWith("tenant active /capstor/store/cscs");
  expect(entriesOf(empty, 0)[0]?.target.targetItem).toMatchObject({ key: "cscs", name: "CSCS" });
});

test("nothing of it is requested or written in the flat profile", async () => {
  const stage = await openHierarchy("current", { document_profile: "flat", mount_point: BY_RESOURCE });
  addResources(stage, 3);
  await syncAt(stage, 0);
  const asked = stage.simulator.requests.map(({ query }) => query).join(" ");
  expect(asked).not.toContain("provider_slug");
  expect(stage.readText(nameAt(0))).not.toContain("directory:");
  expect(entriesOf(stage, 0).map(({ parentItemId }) => parentItemId)).toEqual([null, null, null]);
});
