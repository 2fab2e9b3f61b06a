// examples/provisioner.sh killed: before every command that it runs to change something, and at random moments. The
// next run ends what was begun, and the disk, the answers and the quotas are those of a run that nothing befell.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { inTurns } from "../faults/in-turns.ts";
import { scratchDirectory } from "../scratch.ts";
import { runCommand } from "../stage.ts";
import { craftIn, makeOurs, withQuotas } from "./provisioner-orders.ts";
import {
  CAN_PROVISION,
  NEEDS_PROVISIONER,
  provision,
  quotaCalls,
  SCRIPT,
  type Site,
  setUp,
  siteIn,
  treeOf,
  writeConf,
} from "./provisioner-site.ts";

/** Commands that change something, or make it last. */
const DEADLY = ["mkdir", "chgrp", "chmod", "sync", "mv", "rm"];

/** In the place of such a command: counts, kills the whole group at the count that is set, else does its work. */
const SHIM = `#!/bin/sh
echo >>"$KILL_COUNT"
[ "$(wc -l <"$KILL_COUNT")" -ne "$KILL_AT" ] || kill -9 0
exec "/usr/bin/\${0##*/}" "$@"
`;

const KILLED = 137;

const TYPES = ["create", "update", "terminate"] as const;

/** Orders of these types, none of them carried out yet. */
async function prepare(types: readonly (typeof TYPES)[number][]): Promise<Site> {
  const { site, place } = craftIn(scratchDirectory("provisioner-", { inMemory: true }));
  await setUp(site);
  const idOf = (letter: string) => (entry: object) => Object.assign(entry, { itemId: letter.repeat(32) });
  for (const letter of ["c", "d"]) {
    makeOurs(site, `/cold-store/t/${letter}`, letter.repeat(32));
    writeFileSync(join(site.at(`/cold-store/t/${letter}`), "data"), letter);
  }
  if (types.includes("create")) place("create", "/cold-store/new/a", withQuotas);
  if (types.includes("update")) place("update", "/cold-store/t/c", (entry) => idOf("c")(withQuotas(entry)));
  if (types.includes("terminate")) place("terminate", "/cold-store/t/d", idOf("d"));
  const shims = join(site.directory, "shims");
  mkdirSync(shims);
  for (const name of DEADLY) writeFileSync(join(shims, name), SHIM, { mode: 0o755 });
  return site;
}

/** The same once more, below another directory. */
function copyOf({ directory }: Site): Site {
  const copy = siteIn(scratchDirectory("provisioner-", { inMemory: true }));
  // With modes and owners.
  Bun.spawnSync(["cp", "-a", `${directory}/.`, copy.directory]);
  writeConf(copy);
  return copy;
}

/** A run in a group of its own, killed at that command; 0: never. */
function runUntil({ directory, conf }: Site, killAt: number) {
  const count = join(directory, "count");
  writeFileSync(count, "");
  return runCommand(["setsid", "--wait", SCRIPT, "run", conf], {
    env: { PATH: `${directory}/shims:${process.env.PATH}`, KILL_COUNT: count, KILL_AT: String(killAt) },
  });
}

/** What a run leaves; a quota that is set twice is as good as once. */
function outcomeOf(site: Site) {
  return {
    files: treeOf(site.at("/")),
    acks: treeOf(join(site.out, "acks")),
    answered: treeOf(join(site.directory, "record")).filter((line) => !/^\/(lock|queue) /.test(line)),
    quotas: [...new Set(quotaCalls(site))],
  };
}

describe.skipIf(!CAN_PROVISION)(`a provisioner that is killed${NEEDS_PROVISIONER}`, () => {
  test.each(TYPES)(
    "before any command of a %s order is carried on by the next run",
    async (type) => {
      const base = await prepare([type]);
      const reference = copyOf(base);
      expect(await runUntil(reference, 0)).toEqual({ code: 0, stdout: "", stderr: "" });
      const wanted = outcomeOf(reference);
      expect(readdirSync(join(reference.out, "acks"))).toHaveLength(1);
      const commands = readFileSync(join(reference.directory, "count"), "utf8").length;
      expect(commands).toBeGreaterThan(10);
      const points = Array.from({ length: commands }, (_, at) => at + 1);
      const outcomes = await inTurns(points, async (at) => {
        const site = copyOf(base);
        const killed = await runUntil(site, at);
        const next = await runNext(site);
        return { at, killed: killed.code, next, ...outcomeOf(site) };
      });
      for (const outcome of outcomes)
        expect(outcome).toEqual({
          ...outcome,
          killed: KILLED,
          next: { code: 0, stdout: "", stderr: "" },
          ...wanted,
        });
      console.log(`the provisioner, ${type}: killed at ${commands} commands`);
    },
    60_000,
  );

  test.each([1, 2, 3])("again and again at random moments gets there (seed %d)", async (seed) => {
    const site = await prepare(TYPES);
    const reference = copyOf(site);
    expect((await provision(reference, "run")).code).toBe(0);
    let state = seed;
    for (let kills = 0; kills < 6; kills++) {
      state = (state * 48_271) % 2_147_483_647;
      const child = Bun.spawn(["setsid", "--wait", SCRIPT, "run", site.conf], {
        env: { PATH: process.env.PATH ?? "" },
        stderr: "ignore",
      });
      await Bun.sleep(state % 90);
      // The whole group, as when a machine goes down.
      if (child.exitCode === null) killGroup(child.pid);
      await child.exited;
    }
    expect(await runNext(site)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(outcomeOf(site)).toEqual(outcomeOf(reference));
  });
});

/** As a timer starts it: what was killed may hold its lock until the last process of it has ended. */
async function runNext(site: Site) {
  for (;;) {
    const ran = await provision(site, "run");
    if (ran.code !== 75) return ran;
  }
}

/** By the system call: of a negative number some versions of kill(1) make -1, which is every process. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // It has ended, or has not begun its group yet, and then it runs to its end.
  }
}
