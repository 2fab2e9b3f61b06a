// `unix_gid: getent` with the system's own getent, and two sources behind it: files, and an extra database. Both are
// those of a mount namespace, so that nothing of the machine changes.

import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { openStage, runCommand, type Stage, SUBJECT } from "../stage.ts";

/** Of the package libnss-extrausers. */
const HAS_DATABASE = existsSync("/usr/lib/libnss_extrausers.so.2");
const CAN_UNSHARE = process.getuid?.() === 0 && Bun.spawnSync(["unshare", "--mount", "true"]).exitCode === 0;
const NEEDS =
  CAN_UNSHARE && HAS_DATABASE ? "" : " (skipped: needs root, unshare and the package libnss-extrausers)";

const BECOME = `
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf && mount --bind "$1/group" /etc/group &&
mount --bind "$1/extra" /var/lib/extrausers || exit 99
shift
exec "$@"`;

type System = { files: string; extra: string; order?: string };

function run(stage: Stage, { files, extra, order = "files extrausers" }: System, args: readonly string[]) {
  const system = join(stage.directory, "system");
  mkdirSync(join(system, "extra"), { recursive: true });
  writeFileSync(join(system, "nsswitch.conf"), `passwd: files\ngroup: ${order}\nhosts: files dns\n`);
  writeFileSync(join(system, "group"), `root:x:0:\n${files}`);
  writeFileSync(join(system, "extra", "group"), extra);
  // A program of that name in the working directory is none of the system's.
  const trap = join(stage.directory, "getent");
  writeFileSync(trap, "#!/bin/sh\necho trapped >&2\nexit 1\n");
  chmodSync(trap, 0o755);
  return runCommand(
    ["unshare", "--mount", "sh", "-c", BECOME, "sh", system, ...SUBJECT, ...args, "-c", stage.configPath],
    { cwd: stage.directory, env: { PATH: `${stage.directory}:${process.env.PATH}` } },
  );
}

const gidsIn = (stage: Stage, name = "") =>
  stage
    .read(name || (stage.files().at(-1) ?? ""))
    .result.storageResources.map(({ target }) => (target.targetItem as { unixGid: unknown }).unixGid);

test.skipIf(NEEDS !== "")(
  `sync and orders know groups of files and of an extra database${NEEDS}`,
  async () => {
    const stage = await openStage({ settings: { unix_gid: "getent", latest_link: true } });
    const [one, two, three] = stage.world.projects;
    try {
      for (const project of [one, two, three])
        if (project) stage.world.addResource({ name: `of-${project.slug}`, project });
      const system = { files: `${one?.slug}:x:30001:\n`, extra: `${two?.slug}:x:30002:\n` };
      expect(await run(stage, system, ["sync"])).toMatchObject({ code: 0, stderr: "" });
      expect(gidsIn(stage, "latest-all.json")).toEqual([30_001, 30_002, null]);

      const order = stage.world.addOrder({ type: "Create", name: "new", ...(two && { project: two }) });
      const dry = await run(stage, system, ["orders", "--dry-run"]);
      expect(
        JSON.parse(dry.stdout).files[0].document.result.storageResources[0].target.targetItem.unixGid,
      ).toBe(30_002);
      expect(await run(stage, system, ["orders"])).toMatchObject({ code: 0 });
      const name = stage.files().find((file) => file.includes(order.uuid)) ?? "";
      expect(gidsIn(stage, name)).toEqual([30_002]);

      // Neither of the two has any of the groups that were known: the directory behind them is gone.
      const before = stage.files();
      const gone = await run(stage, { files: "", extra: "" }, ["sync"]);
      expect(gone.code).toBe(75);
      expect(gone.stderr).toContain("has none at all");
      expect(stage.files()).toEqual(before);
      const half = await run(stage, { ...system, order: "nonexistent files extrausers" }, [
        "sync",
        "--dry-run",
      ]);
      expect(half.code).toBe(0);
    } finally {
      await stage.close();
    }
  },
  20_000,
);
