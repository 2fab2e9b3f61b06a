// Invalid acks: each is reported once, moved if possible, and affects no other order
// (docs/contract.md, "Answers").

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "pathe";
import { type Acking, ackPath, openAcking, receiptOf } from "./acks-stage.ts";
import { place } from "./orders-stage.ts";

const isRoot = process.getuid?.() === 0;
const DONE = '{"result":"done"}';

/** How the ack of a published order may be wrong. */
const BAD: Readonly<Record<string, (path: string) => void>> = {
  empty: (path) => writeFileSync(path, ""),
  "half-written": (path) => writeFileSync(path, '{"result":"do'),
  "not UTF-8": (path) => writeFileSync(path, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
  "with UTF-8 cut": (path) =>
    writeFileSync(path, Buffer.from('{"result":"done","message":"ä"}').subarray(0, 28)),
  "a list": (path) => writeFileSync(path, "[]"),
  null: (path) => writeFileSync(path, "null"),
  "without a result": (path) => writeFileSync(path, '{"message":"x"}'),
  "with an unknown result": (path) => writeFileSync(path, '{"result":"failed"}'),
  "with an unknown key": (path) => writeFileSync(path, '{"result":"done","backend_id":"x"}'),
  "with a message that is a number": (path) => writeFileSync(path, '{"result":"erred","message":5}'),
  "with a backend id that is a number": (path) => writeFileSync(path, '{"result":"done","backendId":5}'),
  "erred with a backend id": (path) => writeFileSync(path, '{"result":"erred","backendId":"x"}'),
  "with a backend id of 256 characters": (path) =>
    writeFileSync(path, JSON.stringify({ result: "done", backendId: "x".repeat(256) })),
  "with a backend id that is a path of others": (path) =>
    writeFileSync(path, '{"result":"done","backendId":"/other/path"}'),
  "with a backend id with a backslash": (path) =>
    writeFileSync(path, '{"result":"done","backendId":"a\\\\b"}'),
  "with a backend id with a control character": (path) =>
    writeFileSync(path, '{"result":"done","backendId":"a\\u0007b"}'),
  "of more than 64 KiB": (path) => writeFileSync(path, `${DONE}${" ".repeat(65_536)}`),
  "of 1 GB": (path) => {
    writeFileSync(path, DONE);
    truncateSync(path, 1_073_741_824);
  },
  "a FIFO": (path) => void Bun.spawnSync(["mkfifo", path]),
  "a directory": (path) => {
    mkdirSync(path);
    writeFileSync(join(path, "inside"), DONE);
  },
  "a symlink to an ack": (path) => {
    writeFileSync(`${path}.target`, DONE);
    symlinkSync(`${path}.target`, path);
  },
  "a symlink to a device": (path) => symlinkSync("/dev/zero", path),
  "a symlink to itself": (path) => symlinkSync(path, path),
};

async function published(stage: Acking) {
  const order = place(stage, "Create");
  await stage.pass();
  return order;
}

/** The pass that meets it reports it, and nothing after that does; the order continues as if it had not been there. */
async function expectRejected(stage: Acking, order: { uuid: string; state: string }, code: string) {
  const before = order.state;
  const shown = await stage.pass({ dryRun: true });
  expect([shown.problems, stage.acksIn("rejected")]).toEqual([[code], []]);
  const ran = await stage.pass();
  expect([ran.code, ran.problems, ran.report.problems[0]?.order]).toEqual([10, [code], order.uuid]);
  expect(stage.requestsOf("POST").some(({ path }) => path.includes("erred"))).toBe(false);
  const again = await stage.pass();
  expect([again.code, again.problems, order.state]).toEqual([0, [], before]);
}

describe("an ack that is", () => {
  for (const [what, make] of Object.entries(BAD)) {
    test(`${what} is reported once, and put away`, async () => {
      await using stage = await openAcking();
      const order = await published(stage);
      make(ackPath(stage.acks, order.uuid));
      await expectRejected(stage, order, "ack-invalid");
      expect(readdirSync(join(stage.acks, "rejected"))).toHaveLength(1);
      stage.answer(order, DONE);
      expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
    });
  }

  test("a socket is reported once, and put away", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    const server = createServer().listen(ackPath(stage.acks, order.uuid));
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      await expectRejected(stage, order, "ack-invalid");
    } finally {
      server.close();
    }
  });

  test.skipIf(!isRoot)(
    "another user's is reported once, unless the group of the directory may write there",
    async () => {
      await using stage = await openAcking();
      const order = await published(stage);
      chownSync(stage.acks, 4711, 4711);
      stage.answer(order, DONE);
      chownSync(ackPath(stage.acks, order.uuid), 4712, 4711);
      await expectRejected(stage, order, "ack-invalid");
      chmodSync(stage.acks, 0o770);
      stage.answer(order, DONE);
      chownSync(ackPath(stage.acks, order.uuid), 4712, 4711);
      expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
    },
  );

  test.skipIf(!isRoot)("of the owner of the directory counts", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    chownSync(stage.acks, 4711, 4711);
    stage.answer(order, DONE);
    chownSync(ackPath(stage.acks, order.uuid), 4711, 4711);
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("a hard link to a file of ours is an ack like any other", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    const [name = ""] = stage.filesOf(order);
    const text = stage.readText(name);
    linkSync(join(stage.out, name), ackPath(stage.acks, order.uuid));
    await expectRejected(stage, order, "ack-invalid");
    expect(stage.readText(name)).toBe(text);
  });
});

describe("an ack for", () => {
  test("an order that is not known is reported once", async () => {
    await using stage = await openAcking();
    const uuid = "0".repeat(32);
    stage.answer({ uuid }, DONE);
    await expectRejected(stage, { uuid, state: "" }, "ack-unknown");
  });

  test("an order that is not accepted yet is reported once, and does not count later", async () => {
    await using stage = await openAcking();
    const order = place(stage, "Create");
    stage.answer(order, DONE);
    const ran = await stage.pass();
    expect([ran.code, ran.problems, ran.outcomes]).toEqual([10, ["ack-early"], ["published"]]);
    expect([(await stage.pass()).code, order.state]).toEqual([0, "executing"]);
    stage.answer(order, DONE);
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("an order that ended otherwise is reported once", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    order.state = "canceled";
    expect((await stage.pass()).problems).toEqual(["order-ended"]);
    stage.answer(order, DONE);
    await expectRejected(stage, order, "ack-late");
  });

  test("an order that ended so already is information", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    order.state = "done";
    stage.answer(order, DONE);
    const ran = await stage.pass();
    expect([ran.code, ran.problems, stage.acksIn("processed").length]).toEqual([0, [], 1]);
    expect(receiptOf(stage, order, "receipts/closed").answer.result).toBe("done");
  });

  test("an answered order that says something else is reported once and changes nothing", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, DONE);
    await stage.pass();
    stage.answer(order, { result: "erred", message: "after all" });
    await expectRejected(stage, order, "ack-second");
    expect(receiptOf(stage, order, "receipts/closed").answer.result).toBe("done");
    stage.answer(order, DONE);
    expect([(await stage.pass()).code, stage.acksIn("processed").length]).toEqual([0, 2]);
  });

  test("an order whose answer is under way that says something else changes nothing", async () => {
    await using stage = await openAcking({ faults: ["503@set_state_done*1"] });
    const order = await published(stage);
    stage.answer(order, DONE);
    await stage.pass();
    stage.answer(order, { result: "erred" });
    const ran = await stage.pass();
    expect([ran.problems, order.state, ran.steps.includes("set_state_erred")]).toEqual([
      ["ack-second"],
      "done",
      false,
    ]);
  });

  test("an order that is replaced while it is judged is left for the next pass", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, DONE);
    stage.once("set_state_done", () => {
      rmSync(ackPath(stage.acks, order.uuid));
      stage.answer(order, { result: "erred", message: "no" });
    });
    expect([(await stage.pass()).code, stage.acksIn(".").length]).toEqual([0, 1]);
    expect((await stage.pass()).problems).toEqual(["ack-second"]);
  });

  test("an order of another offering that shares the directory is left for that one", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    const path = join(stage.out, ".waldur-cscs-storage", "receipts", `${order.uuid}.json`);
    writeFileSync(path, JSON.stringify({ ...receiptOf(stage, order), offering: "f".repeat(32) }));
    order.offeringUuid = "f".repeat(32);
    stage.answer(order, DONE);
    expect([(await stage.pass()).code, stage.acksIn(".").length]).toEqual([0, 1]);
  });

  test("a published order whose receipt is lost counts once the receipt is there again", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    rmSync(join(stage.out, ".waldur-cscs-storage", "receipts"), { recursive: true });
    stage.answer(order, DONE);
    for (let pass = 0; pass < 2; pass++) await stage.pass();
    expect([order.state, stage.filesOf(order).length, stage.acksIn("rejected")]).toEqual(["done", 1, []]);
  });
});

describe("the directory of acks", () => {
  test("that cannot be changed has each of its bad acks reported once all the same", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, "{");
    // What has the name of the folder lets nothing be moved, for root as well.
    writeFileSync(join(stage.acks, "rejected"), "");
    await expectRejected(stage, order, "ack-invalid");
    expect(stage.acksIn(".")).toHaveLength(1);
    await Bun.sleep(5);
    stage.answer(order, DONE);
    writeFileSync(join(stage.acks, "processed"), "");
    expect([(await stage.pass()).code, order.state, stage.acksIn(".").length]).toEqual([0, "done", 1]);
    expect((await stage.pass()).code).toBe(0);
  });

  test("may hold whatever else it likes", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    for (const name of [
      `${order.uuid}.json.tmp`,
      `.${order.uuid}.json`,
      `${order.uuid.toUpperCase()}A.json`,
      "x.json",
    ])
      writeFileSync(join(stage.acks, name), DONE);
    writeFileSync(join(stage.acks, order.uuid), DONE);
    const names = readdirSync(stage.acks).sort();
    const ran = await stage.pass();
    expect([ran.code, order.state, readdirSync(stage.acks).sort()]).toEqual([0, "executing", names]);
  });

  test.each([
    ["a symlink", (path: string) => symlinkSync("/etc/skel", path)],
    ["a file", (path: string) => writeFileSync(path, "")],
    ["a FIFO", (path: string) => void Bun.spawnSync(["mkfifo", path])],
    [
      "writable for everybody",
      (path: string) => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
    ],
  ])("that is %s gives no answers, and orders are published all the same", async (_, make) => {
    await using stage = await openAcking();
    rmSync(stage.acks, { recursive: true });
    make(stage.acks);
    const order = place(stage, "Create");
    const ran = await stage.pass();
    expect([ran.code, ran.problems, ran.outcomes]).toEqual([10, ["acks-unusable"], ["published"]]);
    expect(order.state).toBe("executing");
  });

  test.skipIf(!isRoot)("that others could replace on the way to it gives root no answers", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    const above = join(stage.directory, "theirs");
    mkdirSync(join(above, "acks"), { recursive: true });
    writeFileSync(ackPath(join(above, "acks"), order.uuid), DONE);
    const config = readFileSync(stage.configPath, "utf8");
    writeFileSync(stage.configPath, `${config}      acks_directory: ${above}/acks\n`);
    chownSync(above, 4711, 4711);
    expect([(await stage.pass()).problems, order.state]).toEqual([["acks-unusable"], "executing"]);
    chownSync(above, 0, 0);
    expect([(await stage.pass()).problems, order.state]).toEqual([[], "done"]);
  });

  test("whose folders are symlinks leads nothing elsewhere", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    const elsewhere = join(stage.directory, "elsewhere");
    mkdirSync(elsewhere);
    for (const folder of ["processed", "rejected"]) symlinkSync(elsewhere, join(stage.acks, folder));
    stage.answer(order, DONE);
    expect([(await stage.pass()).code, order.state, readdirSync(elsewhere)]).toEqual([0, "done", []]);
  });

  test("that is replaced during a pass is still the one that was opened", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, DONE);
    stage.once("set_state_done", () => {
      renameSync(stage.acks, `${stage.acks}-old`);
      mkdirSync(stage.acks);
    });
    await stage.pass();
    expect([order.state, readdirSync(join(`${stage.acks}-old`, "processed")).length]).toEqual(["done", 1]);
  });

  test("below the output directory is made by the first pass", async () => {
    await using stage = await openAcking();
    rmSync(stage.acks, { recursive: true });
    await stage.pass({ dryRun: true });
    expect(readdirSync(stage.out)).not.toContain("acks");
    expect((await stage.pass()).code).toBe(0);
    expect(statSync(stage.acks).isDirectory()).toBe(true);
  });

  test("is not looked at with another completion", async () => {
    await using stage = await openAcking({ settings: { completion: "external" } });
    const order = await published(stage);
    stage.answer(order, DONE);
    expect([(await stage.pass()).code, order.state, stage.acksIn(".").length]).toEqual([0, "executing", 1]);
  });
});
