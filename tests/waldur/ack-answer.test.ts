// An answer that is given on the gateway: which orders take one, and what is said of the others.

import { expect, test } from "bun:test";
import { answerOrder } from "../../lib/acks/answer.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { type Acking, openAcking } from "./acks-stage.ts";
import { place } from "./orders-stage.ts";

async function offeringsOf({ configPath, directory }: Acking) {
  const options = { env: {}, cwd: directory, allowInsecure: false, needsToken: false };
  return (await loadConfig(configPath, options)).offerings;
}

test("a published order is answered once, and the next pass ends it", async () => {
  await using stage = await openAcking();
  const order = place(stage, "Create");
  const offerings = await offeringsOf(stage);
  const answer = (result: "done" | "erred") => answerOrder(order.uuid, { result }, offerings);
  expect(() => answer("done")).toThrow(`order ${order.uuid} is not known here`);
  await stage.pass();
  expect(answer("done")).toContain("is answered: done");
  expect(answer("done")).toContain("already has this answer");
  expect(stage.acksIn(".")).toEqual([`${order.uuid}.json`]);
  await stage.pass();
  expect(order.state).toBe("done");
  expect(answer("done")).toContain("already has this answer");
  expect(() => answer("erred")).toThrow("was answered already: done");
});

test("a backend id with a slash is the published path, and answers are not read without on-ack", async () => {
  await using stage = await openAcking();
  const order = place(stage, "Create");
  await stage.pass();
  const offerings = await offeringsOf(stage);
  const elsewhere = { result: "done", backendId: "/elsewhere" } as const;
  expect(() => answerOrder(order.uuid, elsewhere, offerings)).toThrow("must be the published mount point");
  const external = offerings.map((one) => ({
    ...one,
    settings: { ...one.settings, completion: "external" as const },
  }));
  expect(() => answerOrder(order.uuid, { result: "done" }, external)).toThrow("answers are not read");
  expect(stage.acksIn(".")).toEqual([]);
});
