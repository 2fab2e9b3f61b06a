// Every fault of the network at every request with which an answer of the provisioner reaches Waldur: what was answered
// counts in the end, an order is erred on no other word, and a word that arrived is not sent again.

import { expect, test } from "bun:test";
import { join } from "pathe";
import type { Ack } from "../../lib/acks/ack.ts";
import { writeAck } from "../../lib/acks/write.ts";
import { FAULTS } from "../../lib/simulator/faults.ts";
import { openAcking } from "../waldur/acks-stage.ts";
import { GENERATIONS, place } from "../waldur/orders-stage.ts";

/** Of what takes long, and of lists, other tests have enough; a worker has nothing to do here. */
const OTHERS =
  /^hang$|slow-body|huge-body|list|page|row|count|late-worker|erred-after-approve|executing-without/;
const NAMES = [
  ...Object.keys(FAULTS).filter((name) => !OTHERS.test(name)),
  "403",
  "404",
  "409",
  "500",
  "503",
];

const ANSWERS: readonly { ack: Ack; state: string; at: readonly string[] }[] = [
  { ack: { result: "erred", message: "no space" }, state: "erred", at: ["set_state_erred", "ORDER?"] },
  {
    ack: { result: "done", backendId: "fs-42" },
    state: "done",
    at: ["set_backend_id", "set_state_done", "ORDER?", "RESOURCE?"],
  },
];

for (const generation of GENERATIONS) {
  for (const { ack, state, at } of ANSWERS) {
    test(`the answer ${ack.result} reaches a ${generation} server despite any fault of its requests`, async () => {
      for (const name of NAMES) for (const where of at) await befall({ generation, ack, state }, name, where);
    }, 30_000);
  }
}

type Answered = { generation: (typeof GENERATIONS)[number]; ack: Ack; state: string };

async function befall({ generation, ack, state }: Answered, name: string, where: string): Promise<void> {
  await using stage = await openAcking({ generation });
  const order = place(stage, "Create");
  await stage.pass();
  writeAck(join(stage.acks), order.uuid, ack);
  stage.simulator.requests.length = 0;
  const text = where.replace("ORDER", `${order.uuid}/`).replace("RESOURCE", `${order.resourceUuid}/`);
  stage.simulator.setFaults([`${name}@${text}*1`]);
  await stage.pass();
  const met = [name, where];
  expect([met, [state, "executing"].includes(order.state)]).toEqual([met, true]);
  stage.simulator.setFaults([]);
  const last = await stage.pass();
  expect([met, last.code, order.state]).toEqual([met, 0, state]);
  const arrived = stage
    .requestsOf("POST")
    .filter(({ path, status }) => path.includes("set_state_") && status === 200).length;
  // A 200 without an effect is no arrival.
  const mayRepeat = /^html$|without-effect/.test(name);
  expect([met, arrived <= 1 || mayRepeat, stage.acksIn("processed").length]).toEqual([met, true, 1]);
  expect([met, stage.resourceOf(order).backendId]).toEqual([met, ack.backendId ?? ""]);
  expect([met, order.errorMessage]).toEqual([met, ack.message ?? ""]);
}
