import { describeSnapshotRun, publishSnapshot } from "../lib/sync/sync.ts";
import type { Command } from "./command.ts";
import { runFlags, runOptions } from "./flags.ts";
import { runOnce } from "./run.ts";

/** `sync`: all.json, once. */
export const command: Command = {
  definition: {
    meta: {
      name: "waldur-cscs-storage sync",
      description: "Publish all.json, the list of every storage resource",
    },
    args: {
      ...runFlags("sync"),
      "allow-shrink": {
        type: "boolean",
        description: "publish whatever is gone or changed in bulk, this once",
      },
      "if-changed": { type: "boolean", description: "publish nothing when nothing but the date differs" },
      repath: {
        type: "boolean",
        description: "take the mount_point template anew for resources without an order file",
      },
    },
  },
  examples: [
    "waldur-cscs-storage sync -c /etc/waldur/config.yaml",
    "waldur-cscs-storage sync --dry-run | jq -r '.files[].document.result.storageResources[].mountPoint.default'",
    "waldur-cscs-storage sync --allow-shrink      # after a large clean-up in Waldur",
  ],
  run(flags, shell) {
    const options = {
      allowShrink: flags["allow-shrink"] === true,
      ifChanged: flags["if-changed"] === true,
      repath: flags.repath === true,
    };
    return runOnce(runOptions("sync", flags), {
      flags,
      shell,
      work: {
        publish: (job, output) => publishSnapshot(job, output, options),
        describe: (job) => describeSnapshotRun(job, options),
      },
    });
  },
};
