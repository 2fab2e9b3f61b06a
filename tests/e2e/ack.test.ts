// `ack` as a program: what it writes, what it refuses, and that it needs no token, and with --directory no
// configuration.

import { expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { CAN_DIE, deadMount, NEEDS_DEAD } from "../faults/dead-mount.ts";
import { runSubject, type Stage } from "../stage.ts";
import { scriptOn, withStage } from "./program.ts";

const onAck = { settings: { completion: "on-ack" } };
const UUID = "1f5c0a6de0b84c5c9b4b0a0d9c1e2f30";

const ack = (stage: Stage, ...args: string[]) =>
  runSubject(["ack", ...args, "-c", stage.configPath], { cwd: stage.directory });

/** To a directory of acks, without a configuration. */
const ackInto = (directory: string, ...args: string[]) =>
  runSubject(["ack", ...args, "--directory", directory], { cwd: "/" });

const textIn = (directory: string, order: string) => readFileSync(join(directory, `${order}.json`), "utf8");

test("answers a published order, without a token, and the next pass ends it", () =>
  withStage(onAck, async (stage) => {
    const [good, bad] = ["a", "b"].map((name) => stage.world.addOrder({ type: "Create", name }));
    if (good === undefined || bad === undefined) throw new Error("no orders");
    const early = await ack(stage, good.uuid, "--done");
    expect([early.code, early.stderr]).toEqual([10, expect.stringContaining("is not known here")]);
    expect((await stage.run(["orders"])).code).toBe(0);
    const config = readFileSync(stage.configPath, "utf8");
    writeFileSync(stage.configPath, config.replace(/ +waldur_api_token: .*\n/, ""));
    const dashed = good.uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();
    expect(await ack(stage, dashed, "--done", "--backend-id", "fs-1")).toMatchObject({ code: 0, stdout: "" });
    expect(await ack(stage, bad.uuid, "--failed", "--message", "no\nspace\u009b")).toMatchObject({ code: 0 });
    const acks = join(stage.out, "acks");
    expect(textIn(acks, good.uuid)).toBe('{"result":"done","backendId":"fs-1"}\n');
    expect(textIn(acks, bad.uuid)).toBe('{"result":"erred","message":"no space"}\n');
    expect((await ack(stage, good.uuid, "--done", "--backend-id", "fs-1")).code).toBe(0);
    const other = await ack(stage, good.uuid, "--failed", "--message", "x");
    expect([other.code, other.stderr]).toEqual([10, expect.stringContaining("another answer")]);
    writeFileSync(stage.configPath, config);
    expect((await stage.run(["orders"])).code).toBe(0);
    expect([good.state, bad.state, bad.errorMessage]).toEqual(["done", "erred", "no space"]);
    expect(await ack(stage, bad.uuid, "--failed", "--message", "no space")).toMatchObject({ code: 0 });
    const late = await ack(stage, bad.uuid, "--done");
    expect([late.code, late.stderr]).toEqual([10, expect.stringContaining("was answered already: erred")]);
    expect(readdirSync(acks).sort()).toEqual(["processed"]);
    const history = await runSubject(["history", "-c", stage.configPath], { cwd: "/" });
    expect(history.stdout).toMatch(/answered +erred +/);
    const shown = await runSubject(["show", bad.uuid, "--local", "-c", stage.configPath], { cwd: "/" });
    expect(shown.stdout).toContain("answered erred");
    expect(shown.stdout).toContain("no space");
    // Somebody wants it to be tried again.
    bad.state = "executing";
    stage.world.resource(bad.resourceUuid ?? "").state = "Creating";
    await stage.run(["orders"]);
    expect(await ack(stage, bad.uuid, "--done")).toMatchObject({ code: 0 });
    await stage.run(["orders"]);
    expect(bad.state).toBe("done");
  }));

test("refuses what a pass would not take", () =>
  withStage(onAck, async (stage) => {
    const order = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
    await stage.run(["orders"]);
    const path = await ack(stage, order.uuid, "--done", "--backend-id", "/elsewhere");
    expect([path.code, path.stderr]).toEqual([10, expect.stringContaining("published mount point")]);
    writeFileSync(stage.configPath, readFileSync(stage.configPath, "utf8").replace('"on-ack"', "external"));
    const external = await ack(stage, order.uuid, "--done");
    expect([external.code, external.stderr]).toEqual([10, expect.stringContaining("completion: external")]);
    expect(readdirSync(join(stage.out, "acks"))).toEqual([]);
  }));

test("with --directory needs no configuration, and knows the acks that are there", () =>
  withStage({}, async (stage) => {
    const acks = join(stage.directory, "acks");
    const missing = await ackInto(acks, UUID, "--done");
    expect([missing.code, missing.stderr]).toEqual([73, expect.stringContaining("does not exist")]);
    mkdirSync(acks);
    expect(await ackInto(acks, UUID, "--done")).toMatchObject({ code: 0, stdout: "" });
    expect([textIn(acks, UUID), readdirSync(acks)]).toEqual(['{"result":"done"}\n', [`${UUID}.json`]]);
    expect(statSync(join(acks, `${UUID}.json`)).mode & 0o777).toBe(0o644);
    expect((await ackInto(acks, UUID, "--done")).code).toBe(0);
    expect((await ackInto(acks, UUID, "--failed", "--message", "x")).code).toBe(10);
    expect(textIn(acks, UUID)).toBe('{"result":"done"}\n');
    await stage.run(["orders"]);
    const beside = await ackInto(stage.out, UUID, "--done");
    expect([beside.code, beside.stderr]).toEqual([10, expect.stringContaining("output directory")]);
    symlinkSync(acks, join(stage.directory, "link"));
    expect((await ackInto(join(stage.directory, "link"), UUID, "--done")).code).toBe(73);
  }));

test.each([
  [["--done"], "ORDER"],
  [[UUID], "--done or --failed"],
  [[UUID, "--done", "--failed"], "--done or --failed"],
  [[UUID, "--failed"], "--message"],
  [[UUID, "--failed", "--message", "x", "--backend-id", "y"], "is erred, but has a backendId"],
  [[UUID, "--done", "--backend-id", "x".repeat(256)], "255"],
  [["nonsense", "--done"], "uuid"],
] as const)("a wrong command line is refused: %p", async (args, says) => {
  const ran = await runSubject(["ack", ...args, "--directory", "/nowhere"], { cwd: "/" });
  expect([ran.code, ran.stderr]).toEqual([64, expect.stringContaining(says)]);
});

const CAN = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
const [USER, PROVISIONER, GROUP, STRANGER] = [4242, 4343, 4444, 4545];

test.skipIf(!CAN)("the provisioner may be another user, but no third one", () =>
  withStage(onAck, async (stage) => {
    const above = join(stage.directory, "theirs");
    const acks = join(above, "acks");
    mkdirSync(acks, { recursive: true });
    chownSync(above, PROVISIONER, GROUP);
    chownSync(acks, PROVISIONER, GROUP);
    chmodSync(acks, 0o2770);
    chmodSync(stage.directory, 0o755);
    chownSync(stage.out, USER, USER);
    writeFileSync(
      stage.configPath,
      `${readFileSync(stage.configPath, "utf8")}      acks_directory: ${acks}\n`,
    );
    chownSync(stage.configPath, USER, USER);
    const as = (uid: number, gid: number, words: string) =>
      scriptOn(stage, `setpriv --reuid=${uid} --regid=${uid} --groups=${gid} "$@" ${words}`);
    const pass = () => as(USER, GROUP, 'orders -c "$CONFIG"');
    const order = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
    expect(await pass()).toMatchObject({ code: 0, stderr: "" });
    const answer = `ack ${order.uuid} --done --directory ${acks}`;
    expect((await as(STRANGER, STRANGER, answer)).code).toBe(73);
    expect((await as(PROVISIONER, GROUP, answer)).code).toBe(0);
    expect(await pass()).toMatchObject({ code: 0, stderr: "" });
    expect([order.state, readdirSync(acks), readdirSync(join(acks, "processed")).length]).toEqual([
      "done",
      ["processed"],
      1,
    ]);
  }),
);

test.skipIf(!CAN_DIE)(`a directory of acks that does not answer ends the pass with 75${NEEDS_DEAD}`, () =>
  withStage(onAck, async (stage) => {
    const acks = join(stage.directory, "acks");
    mkdirSync(acks);
    writeFileSync(
      stage.configPath,
      `${readFileSync(stage.configPath, "utf8")}      acks_directory: ${acks}\n`,
    );
    const revive = deadMount(acks);
    try {
      const ran = await stage.run(["orders", "--timeout", "1"]);
      expect([ran.code, ran.stderr]).toEqual([
        75,
        expect.stringContaining(`${acks} did not answer within 1 s`),
      ]);
    } finally {
      revive();
    }
  }),
);
