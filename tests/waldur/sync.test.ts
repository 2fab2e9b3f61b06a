// What `sync` reads and what becomes of it: the states that are published, the requests that are sent, and that a list
// is published complete or not at all (docs/contract.md, "Sync").

import { describe, expect, test } from "bun:test";
import { secret } from "../../lib/config/config.ts";
import type { Project } from "../../lib/simulator/model.ts";
import { createReader, type Reader } from "../../lib/waldur/client.ts";
import { readList } from "../../lib/waldur/pages.ts";
import { RESOURCES_PATH } from "../../lib/waldur/vocabulary.ts";
import type { Arrival, Stage } from "../stage.ts";
import {
  addResources,
  entryText,
  GENERATIONS,
  idsIn,
  imprint,
  leftovers,
  liveIds,
  livePage,
  minute,
  nameAt,
  onArrival,
  open,
  syncAt,
} from "./sync-stage.ts";

const STATES = {
  Creating: "pending",
  OK: "active",
  Updating: "updating",
  Terminating: "removing",
  Erred: "error",
} as const;

for (const generation of GENERATIONS) {
  describe(`a ${generation} server`, () => {
    test("publishes every live state with its own status, oldest first, and nothing that is terminated", async () => {
      const stage = await open({ generation, terminated: 3 });
      for (const state of Object.keys(STATES)) stage.world.addResource({ name: state, state });
      stage.world.addResource({ name: "gone", state: "Terminated" });
      const { report, lines } = await syncAt(stage, 0);
      const entries = stage.read(nameAt(0)).result.storageResources;
      expect(entries.map((entry) => entry.status)).toEqual(Object.values(STATES));
      expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
      expect([report.exitCode, report.offerings[0]?.resources]).toEqual([0, 5]);
      expect(lines.filter((line) => / (?:warn|error) /.test(line))).toEqual([]);
    });

    test("publishes what many pages say, in their order, under the slugs of project and customer", async () => {
      const stage = await open({ generation, resources: 650, terminated: 40 });
      const { report } = await syncAt(stage, 0);
      const system = stage.world.offering.slug;
      const expected = stage.world
        .resources()
        .filter(({ state }) => state === "OK")
        .map(({ slug, project }) => `/${system}/store/${project?.customer.slug}/${project?.slug}/${slug}`);
      const entries = stage.read(nameAt(0)).result.storageResources;
      expect([report.exitCode, expected.length]).toEqual([0, 650]);
      expect(entries.map((entry) => entry.mountPoint.default)).toEqual(expected);
    });

    test("publishes no first list that is empty, and reports it", async () => {
      const stage = await open({ generation, terminated: 2 });
      const { report } = await syncAt(stage, 0);
      expect([report.exitCode, stage.files()]).toEqual([0, []]);
      expect(report).toMatchObject({
        offerings: [{ outcome: "skipped" }],
        notices: [{ code: "empty-list" }],
      });
    });

    test("publishes an empty first list with --allow-shrink", async () => {
      const stage = await open({ generation, terminated: 2 });
      expect((await syncAt(stage, 0, { sync: { allowShrink: true } })).report.exitCode).toBe(0);
      expect(stage.readText(nameAt(0))).toContain('"storageResources": []\n');
    });

    test("leaves another offering's resources alone", async () => {
      const stage = await open({ generation });
      addResources(stage, 2);
      stage.world.addResource({ name: "theirs", offeringUuid: stage.world.otherOffering.uuid });
      await syncAt(stage, 0);
      expect(idsIn(stage, nameAt(0))).toHaveLength(2);
    });

    test("never has two requests in flight", async () => {
      const stage = await open({ generation, resources: 950, latencyMs: 2 });
      const inFlight: number[] = [];
      onArrival(stage, () => {
        inFlight.push(stage.simulator.requests.filter(({ status }) => status === 0).length + 1);
      });
      await syncAt(stage, 0);
      expect(inFlight.length).toBeGreaterThanOrEqual(8);
      expect(Math.max(...inFlight)).toBe(1);
    });
  });
}

describe("a server of 2024", () => {
  test("is asked for the projects once, however many pages of resources there are", async () => {
    const stage = await open({ generation: "2024", resources: 1250 });
    await syncAt(stage, 0);
    const paths = stage.simulator.requests.map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith("/projects/"))).toHaveLength(1);
    expect(paths.filter((path) => path === "marketplace-service-providers/")).toHaveLength(1);
    expect(stage.requestsOf("GET").filter((request) => livePage(request) !== null)).toHaveLength(5);
  });

  test("has its projects read to their last page", async () => {
    const stage = await open({ generation: "2024", resources: 7600 });
    const projects = stage.world.projects.length;
    expect(projects).toBeGreaterThan(300);
    const last = stage.world.projects[projects - 1] ?? null;
    const resource = stage.world.addResource({ name: "late", project: last });
    expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
    const entry = stage
      .read(nameAt(0))
      .result.storageResources.find(({ itemId }) => itemId === resource.uuid);
    expect(entry?.mountPoint.default).toContain(`/${last?.customer.slug}/${last?.slug}/`);
  }, 20_000);

  test("leaves out a resource whose project it does not list", async () => {
    const stage = await open({ generation: "2024" });
    const [first] = addResources(stage, 2);
    const lost = stage.world.addResource({ name: "lost", wire: { project_uuid: "f".repeat(32) } });
    const { report } = await syncAt(stage, 0);
    expect(report.exitCode).toBe(10);
    expect(report.problems.map(({ field, resource }) => [field, resource])).toEqual(
      ["customer_slug", "project_slug", "customer_uuid"].map((field) => [field, lost.uuid]),
    );
    expect(idsIn(stage, nameAt(0))).toContain(first?.uuid ?? "");
  });
});

describe("a project that is made on a server of 2024 while a run reads", () => {
  /** Makes a project, and a resource in it, when the list of live resources is asked for. */
  const makeLate = (stage: Stage) => {
    const late = { uuid: "abc".padEnd(32, "0"), name: "Late", slug: "late", customer: stage.world.provider };
    onArrival(stage, (request) => {
      if (livePage(request) !== 1 || stage.world.projects.includes(late)) return;
      stage.world.projects = [...stage.world.projects, late];
      stage.world.addResource({ slug: "newcomer", project: late });
    });
    return late;
  };
  const projectLists = (stage: Stage) =>
    stage.simulator.requests.filter(({ path }) => path.endsWith("/projects/")).length;
  const pathsIn = (stage: Stage) =>
    stage.read(nameAt(0)).result.storageResources.map(({ mountPoint }) => mountPoint.default);

  test("is found by reading the list of projects once more", async () => {
    const stage = await open({ generation: "2024", resources: 3 });
    const late = makeLate(stage);
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, report.problems]).toEqual([0, []]);
    expect(pathsIn(stage).at(-1)).toEndWith(`/${stage.world.provider.slug}/${late.slug}/newcomer`);
    expect(projectLists(stage)).toBe(2);
  });

  test("is found also when the offering had no resource at all before", async () => {
    const stage = await open({ generation: "2024" });
    makeLate(stage);
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, report.problems]).toEqual([0, []]);
    expect(pathsIn(stage)).toHaveLength(1);
    expect(projectLists(stage)).toBe(1);
  });

  test("costs one more list in a run, however many pages have rows of unknown projects", async () => {
    const stage = await open({ generation: "2024", resources: 650 });
    for (const uuid of stage.world.resources().map((resource) => resource.uuid))
      stage.world.resource(uuid).wire = { project_uuid: "f".repeat(32) };
    expect((await syncAt(stage, 0)).report.exitCode).not.toBe(0);
    expect(projectLists(stage)).toBe(2);
  });
});

test("the next page is asked for before the present one is mapped", async () => {
  const stage = await open({ resources: 650 });
  const { reader, asked } = watchedReader(stage);
  const seen: number[][] = [];
  const request = {
    path: RESOURCES_PATH,
    query: { state: "OK", field: "uuid" },
    what: "resource",
    parallel: 1,
  };
  await readList(reader, request, async (parts) => {
    for await (const _part of parts) seen.push([...asked]);
  });
  expect(seen).toEqual([
    [1, 2],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("a server that clamps pages lower than it does today is read to its end", async () => {
  const stage = await open({ resources: 650 });
  const { reader } = watchedReader(stage);
  const clamped: Reader = {
    get: (path, query, stop) => reader.get(path, { ...query, page_size: 100 }, stop),
  };
  const request = {
    path: RESOURCES_PATH,
    query: { state: "OK", field: "uuid" },
    what: "resource",
    parallel: 2,
  };
  const rows = await readList(clamped, request, async (parts) => {
    const all: unknown[] = [];
    for await (const part of parts) all.push(...part.rows);
    return all;
  });
  expect([rows.length, rows]).toEqual([650, liveIds(stage).map((uuid) => ({ uuid }))]);
});

/** A real client, and the pages that were asked of it. */
function watchedReader({ simulator }: Stage) {
  const asked: number[] = [];
  const connection = { apiUrl: simulator.url, token: secret(simulator.providerToken), userAgent: "test" };
  const reader = createReader(
    { ...connection, tokenFrom: "", verifyTls: true, caPem: null, proxy: null, proxyFrom: null },
    {
      silenceMs: 1000,
      retries: 0,
      signal: new AbortController().signal,
      now: () => minute(0),
      random: () => 0,
      timeLeftMs: () => 1000,
    },
  );
  const get: Reader["get"] = (path, query, stop) => {
    asked.push(Number(query?.page));
    return reader.get(path, query, stop);
  };
  return { reader: { get }, asked };
}

describe("a current server", () => {
  const projectAsked = ({ query }: Arrival) => query.includes("project_slug") && query.includes("page=");

  test("is asked once for the list of projects, and no row for the slugs of its own", async () => {
    const stage = await open({ resources: 3 });
    await syncAt(stage, 0);
    const { requests } = stage.simulator;
    expect(requests.filter(({ path }) => path.endsWith("/projects/")).length).toBe(1);
    expect(requests.some(projectAsked)).toBeFalse();
  });

  for (const fault of [
    "404-html@service-providers",
    "403@service-providers",
    "empty-list@service-providers",
  ]) {
    test(`that does not serve the list (${fault}) is asked for the slugs of each row, in each run`, async () => {
      const [served, other] = [
        await open({ resources: 620 }),
        await open({ resources: 620, faults: [fault] }),
      ];
      for (const n of [0, 1]) {
        for (const stage of [served, other]) {
          const customer = stage.world.customers[n + 1];
          if (customer !== undefined) customer.slug = `renamed-${n}`;
          expect((await syncAt(stage, n, { sync: { repath: true } })).report.exitCode).toBe(0);
        }
        expect(other.readText(nameAt(n))).toBe(served.readText(nameAt(n)));
      }
      expect(other.simulator.requests.filter(projectAsked).length).toBe(6);
      expect(other.simulator.requests.filter(({ query }) => query.includes("attributes")).length).toBe(3);
    });
  }

  test("whose list of projects lacks one is asked for the row of that project", async () => {
    const stage = await open({ resources: 40 });
    const project = { ...stage.world.projects[0], uuid: "f".repeat(32), slug: "unlisted", name: "Unlisted" };
    const made = stage.world.addResource({ project: project as Project });
    expect((await syncAt(stage, 0)).report).toMatchObject({ exitCode: 0, problems: [] });
    expect(entryText(stage, nameAt(0), made.uuid)).toContain("/unlisted");
    const { requests } = stage.simulator;
    expect(requests.filter(({ path }) => path.endsWith("/projects/")).length).toBe(2);
    expect(requests.filter(({ path }) => path.endsWith(`-resources/${made.uuid}/`)).length).toBe(1);
  });
});

describe("parallel_requests", () => {
  test("4 has four pages in flight after the first", async () => {
    const stage = await open({ resources: 2050, settings: { parallel_requests: 4 }, latencyMs: 60 });
    const inFlight: number[] = [];
    onArrival(stage, () => {
      inFlight.push(stage.simulator.requests.filter(({ status }) => status === 0).length + 1);
    });
    expect((await syncAt(stage, 0, { silenceMs: 5000 })).report.exitCode).toBe(0);
    expect(Math.max(...inFlight)).toBe(4);
  });

  test("4 keeps the order of the list when a page comes a second after those behind it", async () => {
    const faults = ["429-retry-after@page=3&*1"];
    const stage = await open({ resources: 2050, settings: { parallel_requests: 4 }, faults });
    expect((await syncAt(stage, 0, { retries: 1 })).report.exitCode).toBe(0);
    const asked = stage.simulator.requests.map(livePage);
    expect(asked.lastIndexOf(3)).toBeGreaterThan(asked.indexOf(6));
    expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
  });

  test("8 publishes the same as 1", async () => {
    const one = await open({ resources: 1500 });
    const eight = await open({ resources: 1500, settings: { parallel_requests: 8 } });
    await Promise.all([syncAt(one, 0), syncAt(eight, 0)]);
    expect(eight.readText(nameAt(0))).toBe(one.readText(nameAt(0)));
  });

  test("asks for no page twice and none beyond the last", async () => {
    const stage = await open({ resources: 1500, settings: { parallel_requests: 8 } });
    await syncAt(stage, 0);
    const pages = stage.simulator.requests.map(livePage).filter((page) => page !== null);
    expect(pages.sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

/** Each keeps the old snapshot and publishes none: the fault, and the code that reports it. */
const REFUSED = {
  "shrinking-list": 75,
  "wrong-count@state=OK": 75,
  "no-count": 65,
  "duplicate-rows": 75,
  "missing-row": 75,
  "500-on-page-2": 75,
  "503": 75,
  "429-retry-after": 75,
  "401": 77,
  "403": 77,
  "400@state=OK": 65,
  "404@state=OK": 65,
  "404-html": 69,
  html: 65,
  "html@page=2": 65,
  cut: 75,
  "cut@page=2": 75,
  "cut-gzip@page=2": 75,
  "broken-json": 65,
  "broken-json@page=2": 65,
  redirect: 69,
  "redirect-other-host@page=2": 69,
  "wrong-offering": 65,
  "empty-list": 65,
  "empty-list@state=OK": 65,
  drop: 75,
  "drop@page=2": 75,
  "hang@page=2": 75,
  "slow-body@page=2": 75,
  "huge-body": 65,
} as const;

/** Short for what ends by the time limit alone. */
function silenceFor(fault: string): number {
  return /^(?:hang|slow-body)/.test(fault) ? 100 : 5000;
}

for (const generation of GENERATIONS) {
  describe(`complete or nothing on a ${generation} server`, () => {
    for (const [fault, code] of Object.entries(REFUSED)) {
      test(`${fault} ends with ${code} and leaves the old snapshot as it is`, async () => {
        const stage = await open({ generation, resources: 320, terminated: 5 });
        expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
        // How it failed is remembered for `status`.
        const everything = () => stage.everything().filter((path) => !path.includes("/failed-sync-"));
        const before = [imprint(stage, nameAt(0)), everything()];
        stage.simulator.setFaults([fault]);
        const { report } = await syncAt(stage, 1, { silenceMs: silenceFor(fault) });
        expect([report.exitCode, report.offerings[0]?.outcome, report.files]).toEqual([code, "failed", []]);
        expect([imprint(stage, nameAt(0)), everything()]).toEqual(before);
        expect(report.problems.map(({ offering }) => offering)).toEqual([stage.simulator.offeringUuid]);
      });
    }
  });
}

test("a first run that fails publishes nothing, and leaves no temporary file", async () => {
  for (const [fault, code] of Object.entries(REFUSED)) {
    // A first run has only the server's own count to compare with, and that says nothing is there.
    if (fault === "empty-list" || fault === "empty-list@state=OK") continue;
    const stage = await open({ resources: 320, faults: [fault] });
    const { report } = await syncAt(stage, 0, { silenceMs: silenceFor(fault) });
    expect([fault, report.exitCode, stage.files(), leftovers(stage)]).toEqual([fault, code, [], []]);
  }
}, 30_000);

describe("a list that moves", () => {
  test("is read again when a row left it, and then published right", async () => {
    const stage = await open({ resources: 620, faults: ["shrinking-list*1"] });
    const { report } = await syncAt(stage, 0);
    const pages = stage.simulator.requests.map(livePage).filter((page) => page !== null);
    expect([report.exitCode, pages]).toEqual([0, [1, 2, 1, 2, 3]]);
    expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
    expect(liveIds(stage)).toHaveLength(619);
  });

  test("is given up with 75 after three tries, and says so", async () => {
    const stage = await open({ resources: 320, faults: ["shrinking-list"] });
    const { report } = await syncAt(stage, 0);
    expect(stage.simulator.requests.filter((request) => livePage(request) === 1)).toHaveLength(3);
    expect(report.problems[0]).toMatchObject({ code: "moving" });
    expect(report.problems[0]?.message).toContain("3 times");
  });

  test("is read on when it only grew", async () => {
    const stage = await open({ resources: 620, faults: ["growing-list"] });
    const { report } = await syncAt(stage, 0);
    const pages = stage.simulator.requests.map(livePage).filter((page) => page !== null);
    expect([report.exitCode, pages]).toEqual([0, [1, 2, 3]]);
    expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
    expect(liveIds(stage)).toHaveLength(621);
  });

  test("is read on to a page that appears while it is read", async () => {
    const stage = await open({ resources: 600, faults: ["growing-list"] });
    const { report } = await syncAt(stage, 0);
    const pages = stage.simulator.requests.map(livePage).filter((page) => page !== null);
    expect([report.exitCode, pages]).toEqual([0, [1, 2, 3]]);
    expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
  });

  test("is caught by the number of terminated when a deletion hides behind a creation", async () => {
    const stage = await open({ resources: 620, faults: ["shrinking-list*1", "growing-list*1"] });
    const { report } = await syncAt(stage, 0);
    const pages = stage.simulator.requests.map(livePage).filter((page) => page !== null);
    expect([report.exitCode, pages]).toEqual([0, [1, 2, 3, 1, 2, 3]]);
    expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
  });

  for (const fault of ["duplicate-rows*1", "wrong-count@state=OK*1", "missing-row@state=OK*1"]) {
    test(`recovers from ${fault}`, async () => {
      const stage = await open({ resources: 320, faults: [fault] });
      expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
      expect(idsIn(stage, nameAt(0))).toEqual(liveIds(stage));
    });
  }

  test("drops the problems and mount points of a try that did not count", async () => {
    const stage = await open({ resources: 310 });
    await syncAt(stage, 0);
    const [, first, second, third, fourth] = stage.world
      .resources()
      .map(({ uuid }) => stage.world.resource(uuid));
    if (!first || !second || !third || !fourth) throw new Error("no resources");
    const moved = { slug: first.slug, project: first.project };
    const home = { slug: second.slug, project: second.project };
    Object.assign(second, moved);
    third.slug = ".";
    fourth.slug = ".";
    stage.simulator.setFaults(["shrinking-list*1"]);
    onArrival(stage, (request) => {
      if (livePage(request) !== 2) return;
      Object.assign(second, home);
      third.slug = "fixed";
    });
    const { report } = await syncAt(stage, 1);
    expect(report.problems.map(({ code, resource }) => [code, resource])).toEqual([
      ["bad-slug", fourth.uuid],
    ]);
    expect(report.offerings[0]).toMatchObject({ resources: 309, carriedOver: 1 });
    const others = liveIds(stage).filter((uuid) => uuid !== fourth.uuid);
    expect(idsIn(stage, nameAt(1))).toEqual([...others, fourth.uuid]);
  });
});

describe("a server that ignores parts of a request", () => {
  test("is refused when its first row is of another offering", async () => {
    const stage = await open({ faults: ["ignored-filter"] });
    stage.world.addResource({ name: "theirs", offeringUuid: stage.world.otherOffering.uuid });
    addResources(stage, 2);
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, stage.files()]).toEqual([65, []]);
    expect(report.problems[0]?.hint).toContain("ignore the filter by offering");
  });

  test("is refused when it lists a terminated resource", async () => {
    const stage = await open();
    addResources(stage, 2);
    stage.world.addResource({ name: "undead", wire: { state: "Terminated" } });
    const { report } = await syncAt(stage, 0, { sync: { allowShrink: true } });
    expect([report.exitCode, stage.files()]).toEqual([65, []]);
    expect(report.problems[0]?.hint).toContain("ignore the filter by state");
  });

  test("is refused when a row has no uuid", async () => {
    const stage = await open();
    stage.world.addResource({ wire: { uuid: "nobody" } });
    expect([(await syncAt(stage, 0)).report.exitCode, stage.files()]).toEqual([65, []]);
  });

  test("makes a problem of a row that cannot be read, and publishes the others", async () => {
    const stage = await open();
    const bad = stage.world.addResource({ wire: { limits: "many" } });
    const [good] = addResources(stage, 1);
    const { report } = await syncAt(stage, 0);
    expect(report.exitCode).toBe(10);
    expect(report.problems).toMatchObject([{ code: "bad-answer", resource: bad.uuid, field: "limits" }]);
    expect(idsIn(stage, nameAt(0))).toEqual([good?.uuid ?? ""]);
  });

  test("reports an unknown state as a problem", async () => {
    const stage = await open();
    const odd = stage.world.addResource({ wire: { state: "Hibernating" } });
    const { report } = await syncAt(stage, 0);
    expect(report.problems).toMatchObject([{ code: "unknown-state", resource: odd.uuid }]);
  });

  test("warns of resources in a state that no filter names", async () => {
    const stage = await open({ terminated: 2 });
    addResources(stage, 3);
    stage.world.addResource({ state: "Hibernating" });
    stage.world.addResource({ state: "Hibernating" });
    const { report, lines } = await syncAt(stage, 0);
    expect([report.exitCode, idsIn(stage, nameAt(0)).length]).toEqual([0, 3]);
    expect(lines.filter((line) => line.includes(" warn "))).toEqual([
      expect.stringContaining("2 resources are in a state that this program does not know"),
    ]);
  });
});

describe("the date", () => {
  /** A clock that moves a second with every request, from `from` seconds into a minute. */
  const ticking = (stage: Stage, from: number) => () =>
    new Date(minute(0).getTime() + (from + stage.simulator.requests.length) * 1000);

  test("is the start of the listing, in the document and in the name", async () => {
    const stage = await open({ resources: 620 });
    await stage.runHere("sync", { now: ticking(stage, 54) });
    // Five requests come before the listing, four are made in it: it begins in one minute and ends in the next.
    expect(stage.files()).toEqual([nameAt(0)]);
    expect(stage.read(nameAt(0)).meta.date).toBe("2026-01-05T09:00:59+00:00");
  });

  test("is the start of the try that counts when the list was read again", async () => {
    const stage = await open({ resources: 320, faults: ["shrinking-list*1"] });
    await stage.runHere("sync", { now: ticking(stage, 54) });
    expect(stage.files()).toEqual([nameAt(1)]);
    expect(stage.read(nameAt(1)).meta.date).toBe("2026-01-05T09:01:02+00:00");
  });
});
