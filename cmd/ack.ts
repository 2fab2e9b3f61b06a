// `ack`: the provisioner's answer to an order, with `completion: on-ack`.

import { EXIT, UsageError } from "../lib/errors.ts";
import { clean } from "../lib/unsafe-text.ts";
import { defineCommand } from "./command.ts";
import { commonFlags } from "./common.ts";
import { LOCAL_ENDS } from "./exit-codes.ts";
import { offeringFlags, parseUuid, text } from "./flags.ts";
import { loadOfferings } from "./offerings.ts";

export const command = defineCommand({
  meta: { name: "ack", description: "Answer an order: it is done, or it failed." },
  about:
    "Writes a file that the next pass of orders reads, with `completion: on-ack`. Sends no requests to Waldur and needs no token.",
  args: {
    order: {
      type: "positional",
      required: true,
      description: "uuid of the order, as in the name of its file",
    },
    done: {
      type: "boolean",
      group: "Answer",
      description: "the storage is as specified in the order's file",
    },
    failed: {
      type: "boolean",
      group: "Answer",
      description: "it cannot be done; the order is set erred in Waldur",
    },
    message: {
      type: "string",
      valueHint: "TEXT",
      group: "Answer",
      description: "why it failed, for people in Waldur; one line, at most 500 characters",
    },
    "backend-id": {
      type: "string",
      valueHint: "ID",
      group: "Answer",
      description: "backend id of a new resource (default: set by `backend_id`)",
    },
    directory: {
      type: "string",
      valueHint: "DIR",
      group: "Answer",
      description: "the directory of acks; needs no configuration",
    },
    ...offeringFlags,
    ...commonFlags,
  },
  examples: [
    {
      about: "it is done",
      command: "waldur-cscs-storage ack 1f5c0a6de0b84c5c9b4b0a0d9c1e2f30 --done -c /etc/waldur/config.yaml",
    },
    {
      about: "it failed; on a machine that has the directory mounted",
      command:
        'waldur-cscs-storage ack 1f5c0a6de0b84c5c9b4b0a0d9c1e2f30 --failed --message "no space" --directory /srv/storage/acks',
    },
  ],
  ends: LOCAL_ENDS,
  exits: { 10: "the order is not waiting for this answer; the message says why" },
  async run(flags, shell) {
    const [{ answerOrder, written }, { checkAck }] = await Promise.all([
      import("../lib/acks/answer.ts"),
      import("../lib/acks/ack.ts"),
    ]);
    const order = parseUuid("order", text(flags, "order") ?? "");
    const ack = checkAck({
      result: flags.done === true ? "done" : "erred",
      message: text(flags, "message"),
      backendId: text(flags, "backend-id"),
    });
    if ((flags.done === true) === (flags.failed === true))
      throw new UsageError("use either --done or --failed");
    if ("fault" in ack) throw new UsageError(`this answer ${ack.fault}`);
    if (ack.result === "erred" && ack.message === undefined)
      throw new UsageError("--failed needs --message TEXT, which is shown in Waldur");
    const directory = text(flags, "directory");
    const said =
      directory === undefined
        ? answerOrder(order, ack, (await loadOfferings(flags, shell, { needsToken: false })).offerings)
        : written(order, ack, directory);
    shell.writeError(`waldur-cscs-storage: ${clean(said)}\n`);
    return EXIT.ok;
  },
});
