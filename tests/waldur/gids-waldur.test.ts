// GIDs from the project groups of Waldur, in both modes, against the simulator.

import { describe, expect, test } from "bun:test";
import { gidOf } from "../../lib/simulator/project-groups.ts";
import { openOrders, place, the } from "./orders-stage.ts";
import { addResources, minute, nameAt, open, syncAt } from "./sync-stage.ts";

const GROUPS = "marketplace-service-provider-project-groups/";
const WALDUR = { unix_gid: "waldur" };
const REQUIRED = { ...WALDUR, require_gid: true };

type Item = { unixGid: unknown };
const gidsIn = (stage: Awaited<ReturnType<typeof open>>, name: string) =>
  stage.read(name).result.storageResources.map(({ target }) => (target.targetItem as Item).unixGid);

describe("sync", () => {
  test("joins the groups by the project's uuid, with one list in a run", async () => {
    const stage = await open({ settings: REQUIRED, resources: 700 });
    const from = stage.simulator.requests.length;
    const { report } = await syncAt(stage, 1);
    expect(report.problems).toEqual([]);
    const expected = stage.world.resources().map(({ project }) => gidOf(stage.world, the(project)));
    expect(gidsIn(stage, nameAt(1))).toEqual(expected);
    const asked = stage.simulator.requests.slice(from).filter(({ path }) => path === GROUPS);
    expect(asked).toHaveLength(1);
    expect(new URLSearchParams(the(asked[0]).query).get("provider_offering_uuid")).toBe(
      stage.simulator.offeringUuid,
    );
  });

  test("a project that was renamed keeps its GID", async () => {
    const stage = await open({ settings: REQUIRED });
    const project = the(stage.world.projects[2]);
    stage.world.addResource({ name: "a", project: { ...project, slug: "other" } });
    expect((await syncAt(stage, 1)).report.problems).toEqual([]);
    expect(gidsIn(stage, nameAt(1))).toEqual([gidOf(stage.world, project)]);
  });

  test("a resource whose order is not accepted is pending without a GID, and not a problem", async () => {
    const stage = await open({ settings: REQUIRED });
    stage.world.addResource({ name: "ready", project: the(stage.world.projects[0]) });
    stage.world.addOrder({ type: "Create", name: "new", project: the(stage.world.projects[1]) });
    expect((await syncAt(stage, 1)).report.problems).toEqual([]);
    expect(gidsIn(stage, nameAt(1))).toEqual([60_000, null]);
  });

  test("an older server is one clear message, and nothing is published", async () => {
    const stage = await open({ settings: WALDUR, generation: "2024" });
    addResources(stage, 3);
    const { report, lines } = await syncAt(stage, 1);
    expect(report.exitCode).toBe(75);
    expect(stage.files()).toEqual([]);
    expect(lines.filter((line) => line.includes("needs Waldur 8.1.3"))).toHaveLength(1);
  });

  test("a switched-off feature is one problem that names the switch", async () => {
    for (const settings of [WALDUR, REQUIRED]) {
      const stage = await open({ settings, faults: ["project-groups-off"] });
      addResources(stage, 5);
      const { report, lines } = await syncAt(stage, 1);
      expect(report.exitCode).toBe(10);
      expect(new Set(report.problems.map(({ code }) => code))).toEqual(new Set(["project-groups-off"]));
      expect(lines.filter((line) => line.includes("project_groups_enabled seems"))).toHaveLength(1);
    }
  });

  test("an empty list of groups after there were some counts as no answer: the last snapshot stays", async () => {
    const stage = await open({ settings: WALDUR });
    addResources(stage, 5);
    expect((await syncAt(stage, 1)).report.exitCode).toBe(0);
    for (const fault of ["project-groups-off", "gid-pool-without-range"] as const) {
      stage.simulator.setFaults([fault]);
      const { report } = await syncAt(stage, 2);
      expect(report.exitCode).toBe(75);
      expect(stage.files()).toEqual([nameAt(1)]);
    }
    stage.simulator.setFaults([]);
    expect((await syncAt(stage, 3)).report.exitCode).toBe(0);
  });

  test("a pool without a range is one message", async () => {
    const stage = await open({ settings: WALDUR, faults: ["gid-pool-without-range"] });
    addResources(stage, 5);
    const { report } = await syncAt(stage, 1);
    expect(report.problems.map(({ code }) => code)).toEqual(["gid-pool-empty"]);
  });

  test.each(["503", "hang", "missing-row", "wrong-count", "no-count", "broken-json", "html", "403"])(
    "a list that is not complete is an error, never no GID: %s",
    async (fault) => {
      const stage = await open({ settings: WALDUR, faults: [`${fault}@project-groups`] });
      addResources(stage, 3);
      expect((await syncAt(stage, 1)).report.exitCode).toBe(75);
      expect(stage.files()).toEqual([]);
    },
  );

  test("one GID of several projects is one warning", async () => {
    const stage = await open({ settings: {} });
    for (const project of stage.world.projects.slice(0, 3))
      stage.world.addResource({
        name: project.name,
        project,
        backendMetadata: { project_item: { unixGid: 31_000 } },
      });
    const { report } = await syncAt(stage, 1);
    expect(report.notices.map(({ code }) => code)).toEqual(["gid-shared"]);
    expect(report.notices[0]?.message).toContain("31000 (");
  });

  test("names and addresses of a group's members appear nowhere", async () => {
    const stage = await open({ settings: WALDUR, resources: 20 });
    const { report, lines } = await syncAt(stage, 1, { now: () => minute(1) });
    const all = [JSON.stringify(report), ...lines, stage.readText(nameAt(1))].join("\n");
    expect(all).not.toMatch(/muster/i);
  });
});

describe("orders", () => {
  test("a new project's GID is asked for after acceptance, and the file written with it", async () => {
    await using stage = await openOrders({ settings: REQUIRED });
    const order = place(stage, "Create");
    const { code, steps, outcomes } = await stage.pass();
    expect({ code, outcomes }).toEqual({ code: 0, outcomes: ["done"] });
    expect(stage.entryOf(order).target.targetItem).toMatchObject({
      unixGid: gidOf(stage.world, the(order.project)),
    });
    const groups = steps.flatMap((step, at) => (step === `GET ${GROUPS}` ? [at] : []));
    expect(groups).toHaveLength(2);
    expect(steps.indexOf("approve_by_provider")).toBeGreaterThan(groups[0] ?? 0);
    expect(steps.indexOf("approve_by_provider")).toBeLessThan(groups[1] ?? 0);
  });

  test("a project that has its GID already is asked for once in a pass", async () => {
    await using stage = await openOrders({ settings: REQUIRED });
    stage.world.addResource({ name: "earlier" });
    for (const name of ["one", "two", "three"]) place(stage, "Create", name);
    const { code, steps } = await stage.pass();
    expect(code).toBe(0);
    expect(steps.filter((step) => step === `GET ${GROUPS}`)).toHaveLength(1);
  });

  test("with require_gid an order without one stays executing, and the next pass finishes it", async () => {
    await using stage = await openOrders({ settings: REQUIRED, faults: ["gid-pool-without-range*2"] });
    const order = place(stage, "Create");
    const first = await stage.pass();
    expect(first).toMatchObject({ code: 0, outcomes: ["waiting"] });
    expect(first.report.notices.map(({ code }) => code)).toEqual(["gid-awaited"]);
    expect(order.state).toBe("executing");
    expect(stage.filesOf(order)).toEqual([]);
    expect(await stage.pass()).toMatchObject({ code: 0, outcomes: ["done"] });
    expect(stage.entryOf(order).target.targetItem).toMatchObject({ unixGid: 60_000 });
  });

  test("an accepted order that still has none is a problem", async () => {
    await using stage = await openOrders({ settings: REQUIRED, faults: ["gid-pool-without-range"] });
    place(stage, "Create");
    await stage.pass();
    expect(await stage.pass()).toMatchObject({ code: 10, outcomes: ["left"], problems: ["gid-pool-empty"] });
  });

  test("without require_gid the file goes without one, which is noted", async () => {
    await using stage = await openOrders({ settings: WALDUR, faults: ["project-groups-off"] });
    const order = place(stage, "Create");
    const { code, report } = await stage.pass();
    expect(code).toBe(0);
    expect(report.notices.map((notice) => notice.code)).toEqual(["gid-null"]);
    expect(stage.entryOf(order).target.targetItem).toMatchObject({ unixGid: null });
  });

  test("where the list cannot be had, nothing is sent and nothing published", async () => {
    for (const fault of ["404-html@project-groups", "503@project-groups", "html@project-groups"]) {
      await using stage = await openOrders({ settings: REQUIRED, faults: [fault] });
      const order = place(stage, "Create");
      const { code, requests } = await stage.pass();
      expect(code).toBe(75);
      expect(requests.filter(({ method }) => method === "POST")).toEqual([]);
      expect(order.state).toBe("pending-provider");
    }
  });

  test("a list that fails after acceptance leaves the order executing, for the next pass", async () => {
    await using stage = await openOrders({ settings: REQUIRED });
    const order = place(stage, "Create");
    stage.once("approve_by_provider", () => stage.simulator.setFaults(["503@project-groups"]));
    expect((await stage.pass()).code).toBe(75);
    expect({ state: order.state, files: stage.filesOf(order) }).toEqual({ state: "executing", files: [] });
    stage.simulator.setFaults([]);
    expect(await stage.pass()).toMatchObject({ code: 0, outcomes: ["done"] });
  });

  test("an idle pass asks for no groups", async () => {
    await using stage = await openOrders({ settings: REQUIRED });
    expect((await stage.pass()).steps).toEqual(["offering", "list"]);
  });

  test("a dry run asks the same, and sends nothing", async () => {
    await using stage = await openOrders({ settings: REQUIRED });
    stage.world.addResource({ name: "earlier" });
    place(stage, "Create");
    const dry = await stage.pass({ dryRun: true });
    expect(dry.requests.every(({ method }) => method === "GET")).toBe(true);
    expect(dry.steps.filter((step) => step === `GET ${GROUPS}`)).toHaveLength(1);
    expect(dry.outcomes).toEqual(["done"]);
    const [real] = (await stage.pass()).report.files;
    expect(real?.sha256).toBe(dry.report.files[0]?.sha256 ?? "");
  });
});
