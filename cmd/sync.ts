// `sync`: one snapshot of all resources.

import { describeSnapshotRun, publishSnapshot } from "../lib/sync/sync.ts";
import { defineCommand } from "./command.ts";
import { runFlags, runOptions } from "./flags.ts";
import { runOnce } from "./run.ts";

export const command = defineCommand({
  meta: { name: "sync", description: "Publish a snapshot (*-all.json) of all storage resources." },
  args: runFlags("sync", {
    "allow-shrink": {
      type: "boolean",
      group: "Run",
      description: "publish although many resources are gone or changed",
    },
    "if-changed": {
      type: "boolean",
      group: "Run",
      description: "publish nothing if only the date would differ",
    },
    full: {
      type: "boolean",
      group: "Run",
      description: "read every column of every resource, also of unchanged ones",
    },
    repath: {
      type: "boolean",
      group: "Run",
      description: "apply the mount_point template again to resources without an order file",
    },
  }),
  examples: [
    { about: "once, for cron", command: "waldur-cscs-storage sync -c /etc/waldur/config.yaml" },
    {
      about: "what would be left out, and why",
      command: "waldur-cscs-storage sync --dry-run | jq -r '.problems[].message'",
    },
    {
      about: "after a large clean-up in Waldur",
      command: "waldur-cscs-storage sync --allow-shrink",
    },
  ],
  run(flags, shell) {
    const options = {
      allowShrink: flags["allow-shrink"] === true,
      ifChanged: flags["if-changed"] === true,
      full: flags.full === true,
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
});
