// Runs of examples/provisioner.sh: commands that fail, two at once, file systems that are not mounted, lost records.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { runCommand } from "../stage.ts";
import { until } from "./program.ts";
import { crafted, type Entry, HOME, type Loose, withQuotas } from "./provisioner-orders.ts";
import {
  answerTo,
  CAN_PROVISION,
  NEEDS_PROVISIONER,
  provision,
  quotaCalls,
  SCRIPT,
  writeConf,
} from "./provisioner-site.ts";

describe.skipIf(!CAN_PROVISION)(`a run of the provisioner${NEEDS_PROVISIONER}`, () => {
  test("leaves an order open whose command fails, and continues with it the next time", async () => {
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

  test("refuses quotas without a set_quota", async () => {
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

  test("takes the storage of a project from among the directories above it, and leaves those of users", async () => {
    const { site, place, run } = await crafted();
    const above = { targetType: "tenant", targetItem: { unixGid: null } };
    const add = (target: Loose) => (entry: Entry, document: Loose) => {
      const tenant = { itemId: "t", mountPoint: { default: "/cold-store/t" }, target: above };
      Object.assign(document, { result: { storageResources: [tenant, { ...entry, ...target }] } });
    };
    const order = place("create", HOME, add({}));
    const user = place("create", "/cold-store/t/user", add({ target: { targetType: "user" } }));
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining("is not the file of an order")]);
    expect([answerTo(site, order), answerTo(site, user)]).toEqual([{ result: "done" }, null]);
    expect(existsSync(site.at("/cold-store/t/user"))).toBe(false);
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

  test("ends with 75 while another one is running, which acts on each order once", async () => {
    const { site, place, run } = await crafted();
    writeConf(site, { conf: `set_quota() { echo call >>${site.directory}/quotas; sleep 0.6; }` });
    place("create", HOME, withQuotas);
    const first = run();
    await until(() => existsSync(join(site.directory, "quotas")));
    expect(await run()).toEqual({
      code: 75,
      stdout: "",
      stderr: "storage-provisioner: another run is active\n",
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

  test("answers again when its record of an order is removed", async () => {
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
