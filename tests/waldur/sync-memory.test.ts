// What `sync` remembers of rows: what a run asks for, counted; that its document is that of a full reading, to the
// byte; and that a memory which is lost, cut or of something else costs requests and nothing more (docs/contract.md,
// "Sync").

import { describe, expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { configText, type Stage } from "../stage.ts";
import {
  addResources,
  GENERATIONS,
  hour,
  livePage,
  minute,
  nameAt,
  onArrival,
  open,
  statePath,
  syncAt,
} from "./sync-stage.ts";

const LIST = "marketplace-provider-resources/";

/** What a run asked for: pages with and without the costly columns, resources alone, queries of all lists. */
async function asks(stage: Stage, n: number, more: Parameters<typeof syncAt>[2] = {}) {
  const { requests } = stage.simulator;
  requests.splice(0);
  const { report, lines } = await syncAt(stage, n, more);
  const pages = requests.filter(({ path, query }) => path === LIST && query.includes("state=OK"));
  const isFull = ({ query }: (typeof requests)[number]) => query.includes("field=attributes");
  return {
    report,
    lines,
    full: pages.filter(isFull).length,
    lean: pages.filter((request) => !isFull(request)).length,
    alone: requests.filter((request) => /[0-9a-f]{32}\/$/.test(request.path) && isFull(request)).length,
    queries: pages.reduce((sum, { queries }) => sum + queries, 0),
    others: requests.length,
  };
}

function rowsFile(stage: Stage): string {
  return statePath(stage, `rows-${stage.simulator.offeringUuid}`);
}

/** What a full reading gives, without a trace. */
async function fullText(stage: Stage, n: number): Promise<string> {
  const { report } = await syncAt(stage, n, { dryRun: true, sync: { full: true, allowShrink: true } });
  return `${JSON.stringify(report.files[0]?.document, null, 2)}\n`;
}

async function expectFullText(stage: Stage, n: number): Promise<void> {
  expect(stage.readText(nameAt(n))).toBe(await fullText(stage, n));
}

for (const generation of GENERATIONS) {
  describe(`a ${generation} server`, () => {
    test("is asked for costly columns in the first run, and for none in the next", async () => {
      const stage = await open({ generation, resources: 1500 });
      expect(await asks(stage, 0)).toMatchObject({ full: 5, lean: 0, alone: 0, queries: 5 * 605 });
      expect(await asks(stage, 1)).toMatchObject({ full: 0, lean: 5, alone: 0, queries: 5 * 5 });
      await expectFullText(stage, 1);
    });

    test("is asked for those that changed, each alone", async () => {
      const stage = await open({ generation, resources: 1500 });
      await asks(stage, 0);
      changeEach(stage, 170);
      expect(await asks(stage, 1)).toMatchObject({ full: 0, lean: 5, alone: 9, queries: 25 });
      await expectFullText(stage, 1);
      expect(await asks(stage, 2)).toMatchObject({ full: 0, lean: 5, alone: 0, queries: 25 });
    });

    test("is asked for what changed since the last run in one list, once these are more", async () => {
      const stage = await open({ generation, resources: 1500, now: () => minute(1) });
      await asks(stage, 0);
      changeEach(stage, 50);
      // Twelve of two pages are read alone, then thirty with two queries each in a list.
      expect(await asks(stage, 2)).toMatchObject({ full: 1, lean: 5, alone: 12, queries: 25 + 5 + 2 * 30 });
      await expectFullText(stage, 2);
      stage.simulator.setFaults(["400@modified=2026"]);
      changeEach(stage, 50);
      expect(await asks(stage, 3)).toMatchObject({ full: 1, lean: 5, alone: 30 });
      await expectFullText(stage, 3);
    });

    test("is asked for a page once more where many of it changed, and for anybody who left it alone", async () => {
      const stage = await open({ generation, resources: 600 });
      await asks(stage, 0);
      for (const { uuid } of stage.world.resources().slice(300, 341))
        stage.world.resource(uuid).attributes = { permissions: "2770" };
      expect(await asks(stage, 1)).toMatchObject({ full: 1, lean: 2, alone: 0, queries: 605 + 10 });
      await expectFullText(stage, 1);
      for (const { uuid } of stage.world.resources().slice(300, 340))
        stage.world.resource(uuid).attributes = { permissions: "2750" };
      expect(await asks(stage, 2)).toMatchObject({ full: 0, lean: 2, alone: 40 });
    });

    test("with --full is asked for everything, and by a dry run as by a real one", async () => {
      const stage = await open({ generation, resources: 400 });
      await asks(stage, 0);
      expect(await asks(stage, 1, { sync: { full: true } })).toMatchObject({ full: 2, lean: 0 });
      const before = readFileSync(rowsFile(stage));
      expect(await asks(stage, 2, { dryRun: true })).toMatchObject({ full: 0, lean: 2 });
      expect(readFileSync(rowsFile(stage)).equals(before)).toBeTrue();
    });

    test("gives what a full reading gives when resources are new, gone and in another project", async () => {
      const stage = await open({ generation, resources: 700 });
      await asks(stage, 0);
      const { world } = stage;
      const all = world.resources();
      for (const { uuid } of all.slice(0, 20)) world.terminate(uuid);
      addResources(stage, 3);
      world.resource(all[300]?.uuid ?? "").project = world.projects[4] ?? null;
      expect(await asks(stage, 1)).toMatchObject({ full: 0, lean: 3, alone: 4 });
      await expectFullText(stage, 1);
      for (const { uuid } of all.slice(5, 10)) world.resource(uuid).state = "OK";
      expect(await asks(stage, 2)).toMatchObject({ full: 0, lean: 3, alone: 5 });
      await expectFullText(stage, 2);
    });

    test("is asked again for a row whose modified went back", async () => {
      const stage = await open({ generation, resources: 30 });
      await asks(stage, 0);
      const resource = stage.world.resource(stage.world.resources()[1]?.uuid ?? "");
      Object.assign(resource, {
        attributes: { permissions: "2770" },
        modified: "2001-01-01T00:00:00.000000Z",
      });
      expect(await asks(stage, 1)).toMatchObject({ full: 0, lean: 1, alone: 1 });
      await expectFullText(stage, 1);
    });

    test("whose list comes in another order gets no more requests", async () => {
      const stage = await open({ generation, resources: 900 });
      await asks(stage, 0);
      shuffleLists(stage);
      expect(await asks(stage, 1)).toMatchObject({ full: 0, lean: 3, alone: 0 });
      await expectFullText(stage, 1);
    });
  });
}

/** Each resource of that many gets other attributes. */
function changeEach({ world }: Stage, step: number): void {
  for (const [n, { uuid }] of world.resources().entries())
    if (n % step === 0)
      world.resource(uuid).attributes = { permissions: "2770", storage_data_type: "archive" };
}

/** Every list comes by name from now on, which is another order than that of creation. */
function shuffleLists({ world }: Stage): void {
  const { select } = world.rows;
  world.rows.select = (filter) => select({ ...filter, compare: (a, b) => (a.uuid < b.uuid ? -1 : 1) });
}

describe("a detail", () => {
  test("is taken as a whole: its other columns are not those of the list", async () => {
    const stage = await open({ resources: 20 });
    await asks(stage, 0);
    const [resource] = stage.world.resources().map(({ uuid }) => stage.world.resource(uuid));
    if (resource === undefined) throw new Error("no resource");
    resource.attributes = { permissions: "2770" };
    onArrival(stage, ({ path }) => {
      if (!path.includes(`-resources/${resource.uuid}`)) return;
      Object.assign(resource, { limits: { storage: 77 }, attributes: { permissions: "2750" } });
    });
    await asks(stage, 1);
    const [entry] = stage.read(nameAt(1)).result.storageResources;
    expect([entry?.permission?.value, entry?.quotas?.[0]?.quota]).toEqual(["2750", 77]);
    // What is remembered has the modified of that answer.
    expect(await asks(stage, 2)).toMatchObject({ alone: 0 });
    await expectFullText(stage, 2);
  });

  test("is asked for where a row changed once more since what changed was listed", async () => {
    const stage = await open({ resources: 900, now: () => minute(1) });
    await asks(stage, 0);
    const rows = stage.world.resources();
    for (const { uuid } of [...rows.slice(0, 10), ...rows.slice(-1)])
      stage.world.resource(uuid).attributes = { permissions: "2770" };
    const last = stage.world.resource(rows.at(-1)?.uuid ?? "");
    onArrival(stage, ({ query }) => {
      if (query.includes("page=3")) last.attributes = { permissions: "2750" };
    });
    expect(await asks(stage, 2)).toMatchObject({ full: 1, lean: 3, alone: 11 });
    const entries = stage.read(nameAt(2)).result.storageResources;
    expect(entries.at(-1)?.permission?.value).toBe("2750");
  });

  test("is asked for anew in the next try, whatever the list of what changed said in the last one", async () => {
    const stage = await open({ resources: 1500, now: () => minute(1) });
    await asks(stage, 0);
    changeEach(stage, 50);
    const before = stage.world.resources()[1450];
    const uuid = stage.world.resources()[700]?.uuid ?? "";
    let isMoved = false;
    onArrival(stage, (request) => {
      if (livePage(request) !== 5 || isMoved) return;
      isMoved = true;
      stage.world.terminate(before?.uuid ?? "");
      stage.world.rows.changeSilently(uuid, { attributes: { permissions: "2750" } });
    });
    expect(await asks(stage, 2)).toMatchObject({ report: { exitCode: 0 }, full: 2, alone: 24 });
    const entries = stage.read(nameAt(2)).result.storageResources;
    expect(entries.find(({ itemId }) => itemId === uuid)?.permission?.value).toBe("2750");
    await expectFullText(stage, 2);
  });

  test("that is Terminated by now makes the list one that moved", async () => {
    const stage = await open({ resources: 20 });
    await asks(stage, 0);
    const uuid = stage.world.resources()[3]?.uuid ?? "";
    stage.world.resource(uuid).attributes = {};
    onArrival(stage, ({ path, query }) => {
      if (path.includes(`-resources/${uuid}`) && query.includes("attributes")) stage.world.terminate(uuid);
    });
    const { report, lines, lean } = await asks(stage, 1);
    expect([report.exitCode, lean]).toEqual([0, 2]);
    expect(lines.some((line) => line.includes(`resource ${uuid} was terminated in the meantime`))).toBeTrue();
    expect(stage.readText(nameAt(1))).not.toContain(uuid);
  });

  test("that is gone makes the list one that moved", async () => {
    const stage = await open({ resources: 20 });
    await asks(stage, 0);
    const uuid = stage.world.resources()[3]?.uuid ?? "";
    stage.world.resource(uuid).attributes = {};
    stage.simulator.setFaults([`404@-resources/${uuid}*1`]);
    const { report, lines, lean } = await asks(stage, 1);
    expect([report.exitCode, lean]).toEqual([0, 2]);
    expect(lines.some((line) => line.includes(`resource ${uuid} is gone`))).toBeTrue();
    await expectFullText(stage, 1);
  });
});

describe("a detail that is not what was asked for", () => {
  /** One row has changed; what its detail says is spoilt on its way. */
  async function spoilt(wire: Readonly<Record<string, unknown>>, faults: readonly string[] = []) {
    const stage = await open({ resources: 20 });
    await asks(stage, 0);
    const [one] = stage.world.resources().map(({ uuid }) => stage.world.resource(uuid));
    if (one === undefined) throw new Error("no resource");
    one.attributes = { permissions: "2770" };
    const before = readFileSync(rowsFile(stage));
    let isSpoilt = true;
    onArrival(stage, ({ path, query }) => {
      if (isSpoilt) one.wire = path.includes(one.uuid) && query.includes("attributes") ? wire : {};
    });
    stage.simulator.setFaults(faults.map((fault) => `${fault}@-resources/${one.uuid}`));
    const ran = await asks(stage, 1);
    stage.simulator.setFaults([]);
    isSpoilt = false;
    one.wire = {};
    return { stage, ran, isKept: readFileSync(rowsFile(stage)).equals(before) };
  }

  test.each([
    ["is of another resource", { uuid: "f".repeat(32) }, [], 65],
    ["has no uuid", { uuid: undefined }, [], 65],
    ["has no state", { state: undefined }, [], 65],
    ["is forbidden", {}, ["403"], 77],
    ["is refused", {}, ["400"], 65],
    ["comes as a list", {}, ["empty-list"], 0],
    ["is gone in each try", {}, ["404"], 75],
    ["is Terminated in each try", { state: "Terminated" }, [], 75],
  ] as const)(
    "because it %s publishes nothing that is not whole, and nothing is forgotten",
    async (...given) => {
      const [, wire, faults, code] = given;
      const { stage, ran, isKept } = await spoilt(wire, faults);
      expect([ran.report.exitCode, stage.files().length, isKept]).toEqual([
        code,
        code === 0 ? 2 : 1,
        code !== 0,
      ]);
      expect((await asks(stage, 2)).report.exitCode).toBe(0);
      await expectFullText(stage, 2);
    },
  );

  test.each([undefined, null, "", "yesterday"])(
    "because its modified is %p is published, and asked for again in the next run",
    async (modified) => {
      const { stage, ran } = await spoilt({ modified });
      expect(ran).toMatchObject({ alone: 1, lean: 1, report: { exitCode: 0 } });
      expect(stage.readText(nameAt(1))).toContain('"2770"');
      expect(await asks(stage, 2)).toMatchObject({ alone: 1, lean: 1 });
      expect(await asks(stage, 3)).toMatchObject({ alone: 0, lean: 1 });
      await expectFullText(stage, 3);
    },
  );
});

describe("a memory that cannot be used", () => {
  const spoil: Readonly<Record<string, (path: string, bytes: Buffer) => void>> = {
    "is cut": (path, bytes) => truncateSync(path, bytes.length - 40),
    "is empty": (path) => truncateSync(path, 0),
    "has one letter changed": (path, bytes) => {
      bytes[200] = (bytes[200] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
    "is of another version": (path, bytes) =>
      writeFileSync(path, resealed(bytes, '"version":2', '"version":1')),
    "is of another offering": (path, bytes) =>
      writeFileSync(path, resealed(bytes, '"offering":"', '"offering":"0')),
    "is of another server": (path, bytes) => writeFileSync(path, resealed(bytes, "127.0.0.1", "127.0.0.2")),
    "has other columns": (path, bytes) =>
      writeFileSync(path, resealed(bytes, '["attributes"', '["metadata"')),
  };
  for (const [what, act] of Object.entries(spoil)) {
    test(`because it ${what} costs a full reading and not a word`, async () => {
      const stage = await open({ resources: 30 });
      await asks(stage, 0);
      act(rowsFile(stage), readFileSync(rowsFile(stage)));
      const { report, lines, full, lean } = await asks(stage, 1);
      expect([report.exitCode, report.notices, full, lean]).toEqual([0, [], 1, 0]);
      expect(lines.filter((line) => /warn|error/.test(line))).toEqual([]);
      expect(await asks(stage, 2)).toMatchObject({ full: 0, lean: 1 });
    });
  }

  test("because the clock was set back costs a full reading", async () => {
    const stage = await open({ resources: 30 });
    await asks(stage, 5);
    expect(await asks(stage, 4)).toMatchObject({ full: 1, lean: 0 });
  });

  test("can be resealed as it is, or these tests prove nothing", async () => {
    const stage = await open({ resources: 30 });
    await asks(stage, 0);
    const bytes = readFileSync(rowsFile(stage));
    expect(resealed(bytes, '"version":2', '"version":2').equals(bytes)).toBeTrue();
  });
});

/** The file with another line about all rows, and a digest that fits. */
function resealed(bytes: Buffer, from: string, to: string): Buffer {
  const tail = bytes.toString("utf8", bytes.length - 34);
  const rowsEnd = Number(tail.slice(0, 16));
  const about = bytes.toString("utf8", rowsEnd, bytes.length - 34);
  expect(about).toContain(from);
  const body = Buffer.concat([bytes.subarray(0, rowsEnd), Buffer.from(about.replace(from, to))]);
  let digest = 0n;
  for (let at = 0; at < body.length; at += 65_536)
    digest = Bun.hash.xxHash64(body.subarray(at, at + 65_536), digest);
  return Buffer.concat([body, Buffer.from(`${tail.slice(0, 17)}${digest.toString(16).padStart(16, "0")}\n`)]);
}

describe("the rolling check", () => {
  test("reads each row within a day, the oldest first, and no more than its share", async () => {
    const stage = await open({ resources: 1200 });
    await asks(stage, 0);
    let full = 0;
    const shares: number[] = [];
    for (let n = 1; n <= 24; n++) {
      const ran = await asks(stage, 0, hour(n));
      expect(ran.alone).toBe(0);
      shares.push(ran.full);
      full += ran.full;
    }
    expect(full).toBe(4);
    expect(Math.max(...shares)).toBe(1);
  });

  test("goes by the pages of a server that gives smaller ones", async () => {
    const stage = await open({ resources: 600, largestPage: 100 });
    await asks(stage, 0);
    const shares: number[] = [];
    for (let n = 1; n <= 6; n++) {
      const { full, lean, alone } = await asks(stage, 0, hour(4 * n));
      expect([full + lean, alone]).toEqual([7, 0]);
      shares.push(full);
    }
    // The first request of a run asks for 300 rows, and so for whatever is to be read of the first three pages.
    expect(shares).toEqual([2, 2, 2, 1, 1, 1]);
  });

  test("finds a row that changed without a new modified, reads everything and names it", async () => {
    const stage = await open({ resources: 700 });
    await asks(stage, 0);
    const resource = stage.world.resources()[10];
    stage.world.rows.changeSilently(resource?.uuid ?? "", { attributes: { permissions: "2770" } });
    const blind = await asks(stage, 1);
    expect(blind).toMatchObject({ full: 0, lean: 3 });
    const found = await asks(stage, 0, hour(12));
    expect(found.report.notices).toMatchObject([{ code: "modified-unmoved", resource: resource?.uuid }]);
    expect(
      found.lines.some((line) => line.includes("warn") && line.includes(resource?.uuid ?? "")),
    ).toBeTrue();
    expect(found.report.exitCode).toBe(0);
    const [name] = stage.files().slice(-1);
    expect(stage.readText(name ?? "")).toContain('"2770"');
    expect((await asks(stage, 0, hour(13))).report.notices).toEqual([]);
  });

  test("names one such row in a run that reads everything anyway, and reads it once", async () => {
    for (const hours of [13, 30]) {
      const stage = await open({ resources: 20 });
      await asks(stage, 0);
      const [one, other] = stage.world.resources();
      for (const row of [one, other])
        stage.world.rows.changeSilently(row?.uuid ?? "", { attributes: { permissions: "2750" } });
      const found = await asks(stage, 0, hour(hours));
      expect(found).toMatchObject({ full: 1, lean: 0, alone: 0 });
      expect(found.report.notices).toMatchObject([{ code: "modified-unmoved", resource: one?.uuid }]);
      expect((await asks(stage, 0, hour(hours + 1))).report.notices).toEqual([]);
    }
  });

  test("that finds a row makes every other one be read in the same run", async () => {
    const stage = await open({ resources: 700 });
    await asks(stage, 0);
    const rows = stage.world.resources();
    const changed = [rows[10], rows[310], rows[610]].map((row) => row?.uuid ?? "");
    for (const uuid of changed)
      stage.world.rows.changeSilently(uuid, { attributes: { permissions: "2750" } });
    const found = await asks(stage, 0, hour(11));
    expect(found).toMatchObject({ full: 4, alone: 0 });
    expect(found.report.notices).toMatchObject([{ code: "modified-unmoved", resource: changed[0] }]);
    const name = stage.files().at(-1) ?? "";
    const entries = stage.read(name).result.storageResources.filter(({ itemId }) => changed.includes(itemId));
    expect(entries.map(({ permission }) => permission?.value)).toEqual(["2750", "2750", "2750"]);
  });

  for (const [what, words, settings] of [
    ["backend id looks like a path", { backendId: "capstor/x" }, {}],
    ["path is outside mount_roots", { backendId: "" }, { mount_roots: ["/elsewhere"] }],
  ] as const) {
    test(`finds a row that keeps its path though its ${what}`, async () => {
      const stage = await open({ resources: 20 });
      await asks(stage, 0);
      writeFileSync(
        stage.configPath,
        configText(
          {
            url: stage.simulator.url,
            token: stage.simulator.providerToken,
            offering: stage.simulator.offeringUuid,
            out: stage.out,
          },
          settings,
        ),
      );
      const [one, other] = stage.world.resources().map(({ uuid }) => uuid);
      Object.assign(stage.world.resource(one ?? ""), words);
      await asks(stage, 1);
      const uuids = [one, other].map((uuid) => uuid ?? "");
      for (const uuid of uuids)
        stage.world.rows.changeSilently(uuid, { attributes: { permissions: "2750" } });
      const { report } = await asks(stage, 0, hour(13));
      expect(report.notices.filter(({ code }) => code === "modified-unmoved")).toMatchObject([
        { resource: one },
      ]);
      const [entry] = stage.read(stage.files().at(-1) ?? "").result.storageResources;
      expect([entry?.itemId, entry?.permission?.value]).toEqual([one, "2750"]);
    });
  }

  test("reads every row within a day, also where each run sees the list in reverse order", async () => {
    const stage = await open({ resources: 700 });
    const { select } = stage.world.rows;
    for (let n = 0; n < 27; n++) {
      const sign = n % 2 === 0 ? 1 : -1;
      stage.world.rows.select = (filter) =>
        select({ ...filter, compare: (a, b) => (a.uuid < b.uuid ? -sign : sign) });
      await asks(stage, 0, hour(n));
      const lines = readFileSync(rowsFile(stage), "utf8").split("\n").slice(0, 700);
      const oldest = Math.min(...lines.map((line) => Number(line.split("\t")[2])));
      expect(hour(n).now().getTime() / 1000 - oldest).toBeLessThanOrEqual(86_400);
    }
  }, 20_000);

  test("counts rows that are in another project, once for each, at info alone", async () => {
    const stage = await open({ resources: 700 });
    await asks(stage, 0);
    const [one, other] = stage.world.resources();
    for (const row of [one, other]) {
      const project = stage.world.projects.find(({ uuid }) => uuid !== row?.project?.uuid) ?? null;
      stage.world.rows.changeSilently(row?.uuid ?? "", { project });
    }
    let isMoved = false;
    onArrival(stage, (request) => {
      // The last page of the first try: by then both were counted.
      if (livePage(request) !== 3 || isMoved) return;
      isMoved = true;
      stage.world.terminate(stage.world.resources()[650]?.uuid ?? "");
    });
    const { report, lines } = await asks(stage, 0, hour(13));
    expect([report.notices.map(({ code }) => code), isMoved]).toEqual([["path-kept"], true]);
    expect(lines.filter((line) => line.includes("in another project than cached"))).toEqual([
      expect.stringContaining(" info 2 resources in another project than cached"),
    ]);
    expect((await asks(stage, 0, hour(14))).lines.join()).not.toContain("in another project");
  });

  test("says nothing of what no entry is made of", async () => {
    const stage = await open({ resources: 20 });
    await asks(stage, 0);
    const [resource] = stage.world.resources();
    const { attributes = {} } = resource ?? {};
    stage.world.rows.changeSilently(resource?.uuid ?? "", {
      attributes: { ...Object(attributes), colour: "red" },
    });
    const { report, lean } = await asks(stage, 0, hour(23.5));
    expect([report.notices, lean]).toEqual([[], 0]);
  });
});
