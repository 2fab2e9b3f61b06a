// The runs that faults are tried on: a snapshot over an older one, and one order of each type, in worlds so small that a
// run takes some 50 ms.

import { existsSync, utimesSync } from "node:fs";
import { join } from "pathe";
import { LATEST_NAME } from "../../lib/output/retention.ts";
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
export const SYNC_SCENE: Scene = {
  name: "a sync",
  args: ["sync", "--retries", "0"],
  async open(mount = () => undefined) {
    const stage = await openStage({ resources: 3, settings: { latest_link: true, keep_snapshots: 1 } });
    mount(stage.out);
    await publishOldSnapshot(stage);
    stage.world.addResource({ name: "new" });
    return stage;
  },
  complaints(stage) {
    const snapshots = stage.files().filter((name) => name !== LATEST_NAME);
    if (snapshots.length === 0 || !existsSync(join(stage.out, LATEST_NAME))) return ["the snapshot is gone"];
    const { storageResources } = stage.read(LATEST_NAME).result;
    return storageResources.length === 4 && snapshots.length === 1 ? [] : ["the new snapshot is not there"];
  },
};

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
