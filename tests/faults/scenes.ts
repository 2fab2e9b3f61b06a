// The runs that faults are tried on: a snapshot over an older one, and one order of each type, in worlds so small that
// a run takes some 50 ms.

import { existsSync, utimesSync } from "node:fs";
import { join } from "pathe";
import type { Ack } from "../../lib/acks/ack.ts";
import { writeAck } from "../../lib/acks/write.ts";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import { isDirectory } from "../../lib/storage/text.ts";
import { openStage, type Stage } from "../stage.ts";

export type Scene = {
  name: string;
  args: readonly string[];
  /** Opens a stage in which the run finds everything ready; what is to be mounted is mounted first. */
  open: (mount?: (out: string) => void) => Promise<Stage>;
  /** What this run in particular has to leave behind when it went to its end. */
  complaints: (stage: Stage) => string[];
};

const HOUR_MS = 3_600_000;

/** `sync` where a link and retention have something to do. */
const syncScene = (name: string, profile: "flat" | "hierarchy"): Scene => ({
  name,
  args: ["sync", "--retries", "0"],
  async open(mount = () => undefined) {
    const settings = { latest_link: true, keep_snapshots: 1, document_profile: profile };
    const stage = await openStage({ resources: 3, settings });
    // Directories of users would each be a problem.
    for (const resource of stage.world.resources()) stage.world.resource(resource.uuid).attributes = {};
    mount(stage.out);
    await publishOldSnapshot(stage);
    stage.world.addResource({ name: "new" });
    return stage;
  },
  complaints(stage) {
    const snapshots = stage.files().filter((name) => name !== LATEST_NAME);
    if (snapshots.length === 0 || !existsSync(join(stage.out, LATEST_NAME))) return ["the snapshot is gone"];
    const entries = stage.read(LATEST_NAME).result.storageResources;
    const ofResources = entries.filter((entry) => !isDirectory(entry));
    const hasDirectories = ofResources.length < entries.length;
    if (hasDirectories !== (profile === "hierarchy")) return ["the new snapshot is of the other profile"];
    return ofResources.length === 4 && snapshots.length === 1 ? [] : ["the new snapshot is not there"];
  },
});

export const SYNC_SCENE = syncScene("a sync", "flat");

/** With directories, which are known last and written first. */
export const HIERARCHY_SCENE = syncScene("a sync with directories", "hierarchy");

type Type = "Create" | "Update" | "Terminate";

/** `orders` in a directory that was never used, with one order of that type. */
export function orderScene(type: Type): Scene {
  return {
    name: `${type === "Update" ? "an" : "a"} ${type} order`,
    args: ["orders", "--retries", "0"],
    async open(mount = () => undefined) {
      const stage = await openStage({ resources: 2 });
      mount(stage.out);
      placeOrder(stage, type);
      return stage;
    },
    complaints: () => [],
  };
}

export const ORDER_SCENES: readonly Scene[] = [
  orderScene("Create"),
  orderScene("Update"),
  orderScene("Terminate"),
];

/** `orders` that meets the answer of the provisioner to a published Create order. */
export function ackScene(ack: Ack): Scene {
  return {
    name: `an order that is answered ${ack.result}`,
    args: ["orders", "--retries", "0"],
    async open(mount = () => undefined) {
      const stage = await openStage({ resources: 2, settings: { completion: "on-ack" } });
      mount(stage.out);
      const uuid = placeOrder(stage, "Create");
      await stage.runHere("orders");
      writeAck(join(stage.out, "acks"), uuid, ack);
      stage.simulator.requests.length = 0;
      return stage;
    },
    complaints: (stage) => complaintsOfAnswer(stage, ack),
  };
}

export const ACK_SCENES: readonly Scene[] = [
  ackScene({ result: "done", backendId: "fs-42" }),
  ackScene({ result: "erred", message: "no space" }),
];

/** The word of the provisioner has reached Waldur, once, and its file is where it belongs or where it was. */
function complaintsOfAnswer(stage: Stage, { message = "", backendId = "" }: Ack): string[] {
  const [order] = stage.world.orders;
  const found = stage.world.resource(order?.resourceUuid ?? "").backendId;
  const words = stage
    .requestsOf("POST")
    .filter(({ path, status }) => path.includes("set_state_erred") && status === 200).length;
  const acks = stage.everything().filter((path) => path.startsWith("acks/") && !path.includes("/.")).length;
  return [
    ...(order?.errorMessage === message ? [] : [`Waldur has the message ${order?.errorMessage}`]),
    ...(found === backendId ? [] : [`the backend id is ${found}`]),
    ...(words <= 1 ? [] : [`set_state_erred was answered ${words} times`]),
    ...(acks === 1 ? [] : [`there are ${acks} acks`]),
  ];
}

/**
 * Named of an hour ago, by the process of the test, which is quicker. Its time lies ahead, so that the next one always
 * has to be dated after it.
 */
async function publishOldSnapshot(stage: Stage): Promise<void> {
  const { report } = await stage.runHere("sync", { now: () => new Date(Date.now() - HOUR_MS) });
  const [file] = report.files;
  if (file === undefined) throw new Error(`the old snapshot was not published: ${report.exitCode}`);
  const ahead = Math.floor(Date.now() / 1000) + 60;
  utimesSync(file.path, ahead, ahead);
}

/** A pending order of that type. Returns its uuid. */
export function placeOrder(stage: Stage, type: Type): string {
  const [resource] = stage.world.resources();
  if (type === "Create" || resource === undefined) {
    return stage.world.addOrder({ type: "Create", name: "ordered", limits: { storage: 7 } }).uuid;
  }
  return stage.world.addOrder({ type, resource, ...(type === "Update" ? { limits: { storage: 70 } } : {}) })
    .uuid;
}
