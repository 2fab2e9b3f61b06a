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
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import type { StorageDocument } from "../../lib/storage/document.ts";
import { scratchDirectory } from "../scratch.ts";
import { openStage, runCommand, runSubject, type Stage, SUBJECT } from "../stage.ts";
import { until } from "./program.ts";
import { ITEM, makeOurs, OTHER } from "./provisioner-orders.ts";
import {
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
      // What is being removed is not marked from a snapshot; its order would be refused, which an administrator
      // settles.
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
  }, 30_000);

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
  }, 30_000);
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
