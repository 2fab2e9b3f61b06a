// examples/provisioner.sh, as a site would use it: from orders in a simulated Waldur to directories, groups, modes and
// quotas, and back to orders that are done or erred. What it does when it is killed is in provisioner-kill.test.ts.

import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "pathe";
import type { StorageDocument } from "../../lib/storage/document.ts";
import { scratchDirectory } from "../scratch.ts";
import { openStage, runCommand, runSubject, type Stage, SUBJECT } from "../stage.ts";
import { until } from "./program.ts";
import {
  answerTo,
  CAN_PROVISION,
  makeDirectories,
  markerOf,
  NEEDS_PROVISIONER,
  provision,
  quotaCallOf,
  quotaCalls,
  SCRIPT,
  type Site,
  setUp,
  siteIn,
  treeOf,
  writeConf,
} from "./provisioner-site.ts";

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

/** A gateway with GIDs, and a site with the provisioner. */
async function start(options: Parameters<typeof openStage>[0] = {}) {
  const settings = { completion: "on-ack", use_mock_target_items: true, ...options.settings };
  const stage = await openStage({ ...options, settings });
  open.push(stage);
  const site = siteIn(stage.directory);
  await setUp(site);
  return { stage, site, world: stage.world };
}

const orders = async (stage: Stage) => expect((await stage.run(["orders"])).code).toBe(0);

/** The newest snapshot, made now. */
async function snapshotOf(stage: Stage): Promise<StorageDocument> {
  expect((await stage.run(["sync"])).code).toBe(0);
  return stage.read(stage.files().findLast((name) => name.endsWith("-all.json")) ?? "");
}

describe("the script", () => {
  test("has nothing that shellcheck or the shells of POSIX object to", async () => {
    const silent = { code: 0, stdout: "", stderr: "" };
    for (const command of [
      ["shellcheck", "-s", "sh"],
      ["dash", "-n"],
      ["busybox", "sh", "-n"],
    ])
      if (Bun.which(command[0] ?? "") !== null)
        expect([command, await runCommand([...command, SCRIPT], {})]).toEqual([command, silent]);
      else expect(process.env.CI).toBeUndefined();
  });

  test("can be read beside the page", () => {
    const lines = readFileSync(SCRIPT, "utf8").split("\n");
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });
});

describe.skipIf(!CAN_PROVISION)(`the provisioner${NEEDS_PROVISIONER}`, () => {
  test("leads every order of a demo to its end, and the disk to what the snapshot says", async () => {
    const home = scratchDirectory("provisioner-");
    const kept = join(home, "kept");
    const demo = ["demo", "--serve", "0", "--resources", "8", "--orders", "9", "--keep", kept];
    const child = Bun.spawn([...SUBJECT, ...demo], { stdout: "pipe", stderr: "inherit" });
    try {
      const config = join(kept, "config.yaml");
      await until(() => existsSync(config));
      const text = readFileSync(config, "utf8");
      const keys = "\n      completion: on-ack\n      use_mock_target_items: true\n      latest_link: true";
      writeFileSync(config, text.replace(/(backend_settings:)/, `$1${keys}`));
      const run = async (mode: string) => {
        const env = { NO_PROXY: "127.0.0.1" };
        const ran = await runSubject([mode, "-c", config], { env });
        expect(ran).toMatchObject({ code: 0 });
      };
      const site = siteIn(home, join(kept, "out"));
      await setUp(site);
      await run("sync");
      const latest = () => JSON.parse(readFileSync(join(site.out, "latest-all.json"), "utf8"));
      const before: StorageDocument = latest();
      const live = before.result.storageResources.filter(({ status }) => status !== "pending");
      makeDirectories(site, { ...before, result: { storageResources: live } });
      expect((await provision(site, "adopt")).code).toBe(10);
      // What is being removed is not marked from a snapshot; its order would be refused, which an administrator settles.
      for (const { itemId, mountPoint, status } of live)
        if (status === "removing") writeFileSync(markerOf(site.at(mountPoint.default)), `${itemId}\n`);
      await run("orders");
      expect(await provision(site, "run")).toEqual({ code: 0, stdout: "", stderr: "" });
      await run("orders");
      const states = await ordersOf(text);
      expect(states).toHaveLength(9);
      expect(new Set(states)).toEqual(new Set(["done"]));
      await run("sync");
      const entries = (latest() as StorageDocument).result.storageResources;
      expect(entries).toHaveLength(8);
      expectOnDisk(site, entries);
      expect(await provision(site, "check")).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(readdirSync(site.at("/cold-store/.trash"))).toHaveLength(3);
      const asked = entries.filter(({ itemId }) =>
        readdirSync(site.out).some((name) => namesItem(site, name, itemId)),
      );
      expect(quotaCalls(site).toSorted()).toEqual(asked.map((entry) => quotaCallOf(entry) ?? "").toSorted());
    } finally {
      child.kill("SIGTERM");
      await child.exited;
    }
  });

  test("creates, changes and removes one storage, by dash and by busybox, too", async () => {
    const { stage, site, world } = await start();
    const create = world.addOrder({ type: "Create", name: "one", limits: { storage: 0.5 } });
    const uuid = create.resourceUuid ?? "";
    world.resource(uuid).attributes = { name: "one", permissions: "2770", storage_data_type: "store" };
    create.attributes = world.resource(uuid).attributes;
    await orders(stage);
    expect((await provision(site, "run", ["dash"])).code).toBe(0);
    await orders(stage);
    expect(create.state).toBe("done");
    let [entry] = (await snapshotOf(stage)).result.storageResources;
    if (entry === undefined) throw new Error("no entry");
    expectOnDisk(site, [entry]);
    expect(statSync(site.at(entry.mountPoint.default)).mode & 0o7777).toBe(0o2770);
    expect(quotaCalls(site)).toEqual([quotaCallOf(entry) ?? ""]);
    expect(quotaCalls(site)[0]).toContain(" 488281250 488281250 ");

    world.resource(uuid).options = { permissions: "775" };
    const update = world.addOrder({ type: "Update", resource: uuid, limits: { storage: 3 } });
    await orders(stage);
    const shell = Bun.which("busybox") === null ? ["dash"] : ["busybox", "sh"];
    expect((await provision(site, "run", shell)).code).toBe(0);
    await orders(stage);
    expect(update.state).toBe("done");
    [entry = entry] = (await snapshotOf(stage)).result.storageResources;
    // Also without the setgid bit, which chmod 775 alone would leave.
    expect(statSync(site.at(entry.mountPoint.default)).mode & 0o7777).toBe(0o775);
    expect(quotaCalls(site).at(-1)).toBe(quotaCallOf(entry) ?? "");

    const path = site.at(entry.mountPoint.default);
    writeFileSync(join(path, "data"), "data");
    const end = world.addOrder({ type: "Terminate", resource: uuid });
    await orders(stage);
    expect((await provision(site, "run")).code).toBe(0);
    await orders(stage);
    expect(end.state).toBe("done");
    expect([existsSync(path), existsSync(markerOf(path))]).toEqual([false, false]);
    expect(readFileSync(join(site.at("/cold-store/.trash"), `${uuid}-${end.uuid}`, "data"), "utf8")).toBe(
      "data",
    );
    expect((await provision(site, "run")).code).toBe(0);
    expect(quotaCalls(site)).toHaveLength(2);
  });

  test("says in Waldur why an order cannot be carried out, and touches no foreign directory", async () => {
    const { stage, site, world } = await start();
    const create = world.addOrder({ type: "Create", name: "one" });
    await orders(stage);
    const path = site.at(pathOf(stage, create.uuid));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "data"), "of somebody else");
    const before = treeOf(site.at("/"));
    expect((await provision(site, "run")).code).toBe(0);
    expect(treeOf(site.at("/"))).toEqual(before);
    await orders(stage);
    expect(create.state).toBe("erred");
    expect(create.errorMessage).toBe(
      `${pathOf(stage, create.uuid)} is not marked as the directory of this resource`,
    );
    expect(quotaCalls(site)).toEqual([]);
  });
});

/** Order files as a gateway writes them, without a gateway. */
function craftIn(directory: string) {
  const site = siteIn(directory);
  mkdirSync(join(site.out, "acks"), { recursive: true });
  let number = 0;
  return {
    site,
    /** Returns the order; `change` is what is unusual. */
    place(type: string, path: string, change: (entry: Entry, document: Loose) => void = () => undefined) {
      const order = String(++number).padStart(32, "0");
      const entry: Entry = {
        itemId: ITEM,
        status: "pending",
        mountPoint: { default: path },
        permission: { permissionType: "octal", value: "2770" },
        quotas: null,
        target: { targetType: "project", targetItem: { name: "p", unixGid: 30_001 } },
      };
      const created = `2026-01-01T00:00:0${number}Z`;
      const document: Loose = {
        meta: { order: { uuid: order, type, created } },
        result: { storageResources: [entry] },
      };
      change(entry, document);
      writeFileSync(join(site.out, `2026-01-01-00-00-${type}_${order}.json`), JSON.stringify(document));
      return order;
    },
  };
}

type Loose = Record<string, unknown>;
type Entry = Loose & {
  mountPoint: { default: unknown };
  permission: { permissionType: string; value: unknown } | null;
  target: { targetType: string; targetItem: Loose };
};

const ITEM = "a".repeat(32);
const OTHER = "b".repeat(32);
const HOME = "/cold-store/t/home";

async function crafted(conf = "") {
  const made = craftIn(scratchDirectory("provisioner-", { inMemory: true }));
  await setUp(made.site, { conf });
  return { ...made, run: () => provision(made.site, "run") };
}

/** As the script makes it. */
function makeOurs({ at }: Site, path = HOME, item = ITEM) {
  mkdirSync(at(path), { recursive: true });
  writeFileSync(markerOf(at(path)), `${item}\n`);
}

describe.skipIf(!CAN_PROVISION)(`an order is refused, and nothing is touched${NEEDS_PROVISIONER}`, () => {
  const set = (values: Loose) => (entry: Entry) => Object.assign(entry, values);
  const gid = (unixGid: unknown) => (entry: Entry) => Object.assign(entry.target.targetItem, { unixGid });
  const mode = (value: unknown) => set({ permission: { permissionType: "octal", value } });
  const quota = (value: unknown) =>
    set({ quotas: [{ type: "space", quota: value, unit: "tera", enforcementType: "hard" }] });
  const mount = (path: string) => set({ mountPoint: { default: path } });
  const ours = (site: Site) => makeOurs(site);
  const others = (site: Site) => makeOurs(site, HOME, OTHER);
  const link = (from: string) => (site: Site) => {
    mkdirSync(join(site.directory, "elsewhere", "home"), { recursive: true });
    mkdirSync(dirname(site.at(from)), { recursive: true });
    symlinkSync(join(site.directory, "elsewhere"), site.at(from));
  };
  const bare = (site: Site) => mkdirSync(site.at(HOME), { recursive: true });
  const nothing = () => undefined;
  type Row = [string, string, string, (site: Site) => void, (entry: Entry) => unknown];
  const ROWS: Row[] = [
    ["a path outside the roots", "create", "is outside", nothing, mount("/etc/home")],
    ["a root itself", "create", "is outside", nothing, mount("/cold-store")],
    ["a path that begins like a root", "create", "is outside", nothing, mount("/cold-store-2/a")],
    ["a path with ..", "terminate", "hidden component", nothing, mount("/cold-store/../../record/answered")],
    ["the trash", "terminate", "hidden component", nothing, mount("/cold-store/.trash")],
    ["a path with //", "create", "empty or a hidden", nothing, mount("/cold-store//home")],
    ["a path that is not absolute", "create", "is not absolute", nothing, mount("cold-store/home")],
    [
      "a name without room for the marker",
      "create",
      "240 bytes",
      nothing,
      mount(`/cold-store/${"n".repeat(241)}`),
    ],
    ["a symlink on the way", "create", "is a symlink, or others", link("/cold-store/t"), nothing],
    [
      "a symlink on the way of a removal",
      "terminate",
      "is a symlink, or others",
      link("/cold-store/t"),
      nothing,
    ],
    ["a symlink in its place", "create", "is not marked", link(HOME), nothing],
    [
      "a parent that others can write to",
      "create",
      "is a symlink, or others",
      (site) => {
        mkdirSync(site.at("/cold-store/t"));
        chmodSync(site.at("/cold-store/t"), 0o775);
      },
      nothing,
    ],
    [
      "a parent of another user",
      "create",
      "is a symlink, or others",
      (site) => {
        mkdirSync(site.at("/cold-store/t"));
        chownSync(site.at("/cold-store/t"), 12_345, 0);
      },
      nothing,
    ],
    [
      "a file in its place",
      "create",
      "is not a directory",
      (site) => {
        makeOurs(site);
        rmSync(site.at(HOME), { recursive: true });
        writeFileSync(site.at(HOME), "");
      },
      nothing,
    ],
    [
      "a marked symlink in its place",
      "terminate",
      "is not a directory",
      (site) => {
        makeOurs(site);
        rmSync(site.at(HOME), { recursive: true });
        link(HOME)(site);
      },
      nothing,
    ],
    ["a directory without a marker", "create", "is not marked", bare, nothing],
    ["a change of a directory without a marker", "update", "is not marked", bare, nothing],
    ["the removal of a directory without a marker", "terminate", "is not marked", bare, nothing],
    ["the directory of another resource", "create", `of resource ${OTHER}`, others, nothing],
    ["a change of another resource", "update", `of resource ${OTHER}`, others, nothing],
    ["the removal of another resource", "terminate", `of resource ${OTHER}`, others, nothing],
    ["a change of what is not there", "update", "there is no directory", nothing, nothing],
    ["a setuid bit", "create", "permission 4770 is not", nothing, mode("4770")],
    ["a sticky bit", "create", "permission 3770 is not", nothing, mode("3770")],
    ["write for everybody", "update", "permission 777 is not", ours, mode("777")],
    ["no permission", "create", "permission - is not", nothing, set({ permission: null })],
    ["no GID", "create", "the project has no GID", nothing, gid(null)],
    ["GID 0", "create", "GID 0 is not", nothing, gid(0)],
    ["a GID of the system", "update", "GID 999 is not", ours, gid(999)],
    ["a GID that is none", "create", "GID 4294967295 is not", nothing, gid(4_294_967_295)],
    ["a GID that is a name", "create", "wheel is not a GID", nothing, gid("wheel")],
    ["a quota of 0", "update", "quota - cannot", ours, quota(0)],
    ["a resource without an id", "terminate", "has no uuid", nothing, set({ itemId: "../x" })],
  ];

  test.each(ROWS)("%s (%s)", async (_, type, message, prepare, change) => {
    const { site, place, run } = await crafted();
    prepare(site);
    const before = treeOf(site.at("/"));
    const order = place(type, HOME, change);
    expect(await run()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(treeOf(site.at("/"))).toEqual(before);
    expect(answerTo(site, order)).toEqual({ result: "erred", message: expect.stringContaining(message) });
    expect(quotaCalls(site)).toEqual([]);
  });

  test.each([
    ["no JSON", (_: Entry, document: Loose) => Object.assign(document, { result: "cut" })],
    ["the file of another order", (_: Entry, document: Loose) => Object.assign(document, { meta: {} })],
    ["a line break in the path", mount(`${HOME}\nx`)],
  ])("%s is left without an answer, and later orders go on", async (_, change) => {
    const { site, place, run } = await crafted();
    const bad = place("create", HOME, change);
    const good = place("create", "/cold-store/other", (entry) => Object.assign(entry, { itemId: OTHER }));
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining("is not the file of an order, and is left")]);
    expect([answerTo(site, bad), answerTo(site, good)]).toEqual([null, { result: "done" }]);
  });
});

describe.skipIf(!CAN_PROVISION)(`a run of the provisioner${NEEDS_PROVISIONER}`, () => {
  const quotas = [
    { type: "space", quota: 1.5, unit: "tera", enforcementType: "soft" },
    { type: "space", quota: 2, unit: "tera", enforcementType: "hard" },
    { type: "inodes", quota: 100, unit: "none", enforcementType: "soft" },
    { type: "inodes", quota: 200, unit: "none", enforcementType: "hard" },
  ];
  const withQuotas = (entry: Entry) => Object.assign(entry, { quotas });

  test("leaves an order open whose command fails, and goes on with it the next time", async () => {
    const { site, place, run } = await crafted("set_quota() { echo 'no such pool' >&2; return 1; }");
    const order = place("create", HOME, withQuotas);
    const failed = await run();
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringContaining(`order ${order} failed (create ${HOME})`),
    ]);
    expect(failed.stderr).toContain("no such pool");
    expect(answerTo(site, order)).toBeNull();
    writeConf(site);
    expect((await run()).code).toBe(0);
    expect(answerTo(site, order)).toEqual({ result: "done" });
    expect(quotaCalls(site)).toEqual([`${HOME} 30001 1464843750 1953125000 100 200`]);
  });

  test("does not pretend to set quotas where nobody said how", async () => {
    const { place, run } = await crafted(
      "unset -f set_quota; set_quota() { complain 'not defined'; return 1; }",
    );
    place("create", HOME, withQuotas);
    expect((await run()).code).toBe(1);
    expect(readFileSync(SCRIPT, "utf8")).toContain(
      'complain "set_quota is not defined in $CONF"\n    return 1',
    );
  });

  test("an update without a GID keeps the group, and one without quotas sets none", async () => {
    const { site, place, run } = await crafted();
    place("create", HOME);
    place("update", HOME, (entry) => {
      entry.target.targetItem.unixGid = null;
      Object.assign(entry, { permission: { permissionType: "octal", value: "750" } });
    });
    expect((await run()).code).toBe(0);
    const { mode, gid } = statSync(site.at(HOME));
    expect([mode & 0o7777, gid]).toEqual([0o750, 30_001]);
    expect(quotaCalls(site)).toEqual([]);
  });

  test("takes the orders as they were placed, whatever their names", async () => {
    const { site, place, run } = await crafted();
    place("update", HOME, (_, document) => {
      Object.assign(document.meta as Loose, {
        order: { ...orderOf(document), created: "2026-01-01T09:00:00Z" },
      });
    });
    place("create", HOME);
    expect((await run()).code).toBe(0);
    expect(
      readdirSync(join(site.out, "acks")).map((name) => answerTo(site, name.slice(0, 32))?.result),
    ).toEqual(["done", "done"]);
  });

  test("ends with 75 and does nothing while a file system is not mounted", async () => {
    const { site, place, run } = await crafted();
    const order = place("terminate", HOME);
    rmSync(site.at("/cold-store/.trash"), { recursive: true });
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([
      75,
      expect.stringContaining("is not mounted, or it or its .trash is missing"),
    ]);
    expect(answerTo(site, order)).toBeNull();
  });

  test("ends with 75 while another one is at work, which acts on each order once", async () => {
    const { site, place, run } = await crafted();
    writeConf(site, { conf: `set_quota() { echo call >>${site.directory}/quotas; sleep 0.6; }` });
    place("create", HOME, withQuotas);
    const first = run();
    await until(() => existsSync(join(site.directory, "quotas")));
    expect(await run()).toEqual({
      code: 75,
      stdout: "",
      stderr: "storage-provisioner: another run is at work\n",
    });
    expect((await first).code).toBe(0);
    expect(quotaCalls(site)).toEqual(["call"]);
  });

  test("acts on no file that was there before init, and not without init", async () => {
    const { site, place, run } = await crafted();
    const old = place("create", HOME);
    rmSync(join(site.directory, "record"), { recursive: true });
    expect((await run()).code).toBe(78);
    expect((await provision(site, "init")).code).toBe(0);
    expect((await run()).code).toBe(0);
    expect([answerTo(site, old), existsSync(site.at(HOME))]).toEqual([null, false]);
  });

  test("answers anew when its record of an order is removed", async () => {
    const { site, place, run } = await crafted();
    const order = place("create", HOME);
    expect((await run()).code).toBe(0);
    rmSync(join(site.out, "acks", `${order}.json`));
    expect((await run()).code).toBe(0);
    expect(answerTo(site, order)).toBeNull();
    rmSync(join(site.directory, "record", "answered", `${order}.json`));
    expect((await run()).code).toBe(0);
    expect(answerTo(site, order)).toEqual({ result: "done" });
  });

  test("reads and answers as the user of the gateway, and follows no link among the files", async () => {
    const { site, place, run } = await crafted("PUBLISHER=nobody");
    chmodSync(site.directory, 0o755);
    const order = place("create", HOME);
    const linked = place("create", "/cold-store/linked");
    const file = join(site.out, `2026-01-01-00-00-create_${linked}.json`);
    writeFileSync(join(site.directory, "real.json"), readFileSync(file));
    rmSync(file);
    symlinkSync(join(site.directory, "real.json"), file);
    const locked = await run();
    expect([locked.code, answerTo(site, order)]).toEqual([1, null]);
    chownSync(join(site.out, "acks"), Number((await runCommand(["id", "-u", "nobody"], {})).stdout), 0);
    expect((await run()).code).toBe(0);
    expect(statSync(join(site.out, "acks", `${order}.json`)).uid).not.toBe(0);
    expect(existsSync(site.at("/cold-store/linked"))).toBe(false);
  });

  test("prints its usage, and which configuration cannot be read", async () => {
    const { site } = await crafted();
    expect(await provision(site, "sync")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("usage: "),
    });
    rmSync(site.conf);
    expect(await provision(site, "run")).toMatchObject({
      code: 78,
      stderr: expect.stringContaining(site.conf),
    });
  });
});

function orderOf({ meta }: Loose): Loose {
  return (meta as { order: Loose }).order;
}

describe.skipIf(!CAN_PROVISION)(`check${NEEDS_PROVISIONER}`, () => {
  test("names what is missing, extra, unmarked, foreign or different, and changes nothing", async () => {
    const { stage, site } = await start({ resources: 8 });
    const snapshot = await snapshotOf(stage);
    const entries = snapshot.result.storageResources;
    makeDirectories(site, snapshot);
    expect((await provision(site, "adopt")).stdout.match(/^unmarked /gm)).toHaveLength(8);
    expect(await provision(site, "check")).toEqual({ code: 0, stdout: "", stderr: "" });
    const paths = entries.map(({ mountPoint }) => mountPoint.default);
    const [missing = "", mode = "", group = "", unmarked = "", foreign = ""] = paths;
    rmSync(site.at(missing), { recursive: true });
    chmodSync(site.at(mode), 0o700);
    chownSync(site.at(group), 0, 29_999);
    rmSync(markerOf(site.at(unmarked)));
    writeFileSync(markerOf(site.at(foreign)), `${OTHER}\n`);
    makeOurs(site, "/cold-store/store/more/extra");
    // What users have in their directories is not looked at.
    writeFileSync(join(site.at(mode), ".mine.itemId"), ITEM);
    const before = treeOf(site.directory);
    const { code, stdout, stderr } = await provision(site, "check");
    expect([code, stderr]).toEqual([10, ""]);
    const lines = stdout.trim().split("\n").toSorted();
    expect(lines).toEqual(
      [
        `missing  ${missing} (${entries[0]?.itemId})`,
        `mode     ${mode} is 700, not ${entries[1]?.permission?.value}`,
        `group    ${group} is of 29999, not ${Reflect.get(entries[2]?.target.targetItem ?? {}, "unixGid")}`,
        `unmarked ${unmarked} (${entries[3]?.itemId}; marked: none)`,
        `unmarked ${foreign} (${entries[4]?.itemId}; marked: ${OTHER})`,
        `extra    ${foreign} (${OTHER})`,
        `extra    /cold-store/store/more/extra (${ITEM})`,
      ].toSorted(),
    );
    expect(treeOf(site.directory)).toEqual(before);
    // A marker that says something else, and a directory of another group, are for a person.
    chownSync(site.at(unmarked), 0, 29_999);
    expect((await provision(site, "adopt")).code).toBe(10);
    expect(existsSync(markerOf(site.at(unmarked)))).toBe(false);
    expect(readFileSync(markerOf(site.at(foreign)), "utf8")).toBe(`${OTHER}\n`);
  });
});

function expectOnDisk({ at }: Site, entries: StorageDocument["result"]["storageResources"]) {
  const found = entries.map(({ mountPoint, itemId }) => {
    const { mode, gid } = statSync(at(mountPoint.default));
    const held = readFileSync(markerOf(at(mountPoint.default)), "utf8").trim();
    return [mountPoint.default, (mode & 0o7777).toString(8), gid, held === itemId];
  });
  const wanted = entries.map(({ mountPoint, permission, target }) => [
    mountPoint.default,
    permission?.value ?? "",
    Number(Reflect.get(target.targetItem, "unixGid")),
    true,
  ]);
  expect(found).toEqual(wanted);
}

function pathOf(stage: Stage, order: string): string {
  const name = stage.files().find((file) => file.includes(order)) ?? "";
  return stage.read(name).result.storageResources[0]?.mountPoint.default ?? "";
}

/** States of all orders of a Waldur, by its configuration. */
async function ordersOf(config: string): Promise<string[]> {
  const settingOf = (key: string) => new RegExp(`${key}: "?([^"\\n]+)`).exec(config)?.[1] ?? "";
  const answer = await fetch(`${settingOf("waldur_api_url")}marketplace-orders/?page_size=100`, {
    headers: { Authorization: `Token ${settingOf("waldur_api_token")}` },
  });
  return ((await answer.json()) as { state: string }[]).map(({ state }) => state);
}

/** Whether the file is that of an order that sets quotas of the resource. */
function namesItem({ out }: Site, name: string, itemId: string): boolean {
  if (!/-(?:create|update)_/.test(name)) return false;
  const { result }: StorageDocument = JSON.parse(readFileSync(join(out, name), "utf8"));
  return result.storageResources[0]?.itemId === itemId;
}
