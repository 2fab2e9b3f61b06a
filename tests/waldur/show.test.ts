// What `show` knows of an order that was published, in the words for people.

import { expect, test } from "bun:test";
import { loadConfig } from "../../lib/config/load.ts";
import { newestSnapshots } from "../../lib/documents/snapshots.ts";
import { UsageError } from "../../lib/errors.ts";
import { show } from "../../lib/show/show.ts";
import { showText } from "../../lib/show/text.ts";
import type { OrdersStage } from "./orders-stage.ts";
import { openOrders, place } from "./orders-stage.ts";

async function offeringsOf({ configPath, directory }: OrdersStage) {
  const config = await loadConfig(configPath, { env: {}, cwd: directory, allowInsecure: false });
  return config.offerings;
}

/** Asks without Waldur. */
async function textOf(stage: OrdersStage, uuid: string): Promise<string> {
  const context = {
    offerings: await offeringsOf(stage),
    readerFor: () => {
      throw new Error("Waldur was asked");
    },
    now: new Date(),
    isLocal: true,
  };
  return showText(await show({ uuid }, context), { width: 80, timezone: "UTC" });
}

test("an order has its entry, claim, file and receipt, and no line but of a path is wider than 80", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create", "a");
  await stage.pass();
  await stage.runHere("sync");
  const text = await textOf(stage, order.uuid);
  const [file = ""] = stage.filesOf(order);
  const { mountPoint } = stage.entryOf(order);
  for (const words of [
    file,
    mountPoint.default,
    "present path",
    `create order ${order.uuid}`,
    "closed",
    "published",
  ])
    expect(text).toContain(words);
  const wide = text.split("\n").filter((line) => line.length > 80 && !line.includes("/"));
  expect(wide).toEqual([]);
});

test("for an unknown object only that is shown", async () => {
  await using stage = await openOrders();
  await stage.pass();
  expect(await textOf(stage, "0".repeat(32))).toBe(`nothing is known of ${"0".repeat(32)}\n`);
});

test("the last two snapshots are compared, and one alone is too few", async () => {
  await using stage = await openOrders();
  const find = async (count: 1 | 2) => newestSnapshots(await offeringsOf(stage), count);
  await expect(find(1)).rejects.toBeInstanceOf(UsageError);
  stage.world.addResource({ slug: "a" });
  await stage.runHere("sync", { now: () => new Date(Date.now() - 120_000) });
  expect(await find(1)).toHaveLength(2);
  await expect(find(2)).rejects.toThrow("only one snapshot");
  stage.world.addResource({ slug: "b" });
  await stage.runHere("sync");
  const [newest, before] = await find(2);
  expect([newest > String(before), stage.files().length]).toEqual([true, 2]);
});
