// Once a run has opened and judged its directories, it names nothing below them by a path that others could turn
// elsewhere: held by what strace shows of whole runs. And what others plant there neither hangs a run nor misleads
// it.

import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { writeAck } from "../../lib/acks/write.ts";
import { historyFile } from "../../lib/history/record.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { openStage, runCommand, runMeasured, type Stage, SUBJECT } from "../stage.ts";
import { CAN_TRACE, NEEDS_TRACE, runTraced } from "./strace.ts";

const IS_ROOT = process.getuid?.() === 0;
const NEEDS_ROOT = IS_ROOT ? "" : " (skipped: needs root)";
const OTHER = 4242;

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function open(settings: Record<string, string | number | boolean> = {}): Promise<Stage> {
  const stage = await openStage({ settings });
  stages.push(stage);
  stage.world.addResource({ slug: "one", limits: { storage: 10 } });
  stage.world.addOrder({ type: "Create", name: "two", limits: { storage: 4 } });
  return stage;
}

const BY_PATH =
  /^(?:open|openat2?|creat|stat|newfstatat|statx|f?access(?:at2?)?|[fl]?ch(?:mod|own)(?:at2?)?|unlink(?:at)?|rmdir|mkdir(?:at)?|rename(?:at2?)?|link(?:at)?|symlink(?:at)?|truncate|utimensat)$/;
/**
 * The runtime asks by statx; a plain lstat and readlink are SQLite's, which opens the lock by the path that it finds
 * the descriptor to have, never following a link.
 */
const LOCK = /\/lock-(?:sync|orders|claims)(?:-journal|-wal)?$/;

/** Calls of the thread of files that name something in the output directory by its path, after it was opened. */
function namedByPath(log: string, out: string): string[] {
  const lines = log.split("\n");
  const opened = lines.findIndex(
    (line) => line.includes(`"${out}", O_RDONLY`) && line.includes("O_DIRECTORY"),
  );
  expect(opened).toBeGreaterThan(0);
  return lines.slice(opened + 1).filter((line) => {
    const call = /^\d+ +(\w+)\(/.exec(line)?.[1] ?? "";
    const paths = [...line.matchAll(/"([^"]*)"/g)].map(([, path = ""]) => path);
    return BY_PATH.test(call) && paths.some((path) => path.startsWith(out) && !LOCK.test(path));
  });
}

describe(`the calls of a run${NEEDS_TRACE}`, () => {
  for (const args of [["sync"], ["orders"], ["sync", "--if-changed"]]) {
    test.skipIf(!CAN_TRACE)(
      `${args.join(" ")} names nothing by path but the directory itself, to see that it is still there`,
      async () => {
        const stage = await open({ latest_link: true, keep_snapshots: 1 });
        for (let n = 0; n < 2; n++) {
          const { code, log } = await runTraced(stage, args, []);
          expect(code).toBe(0);
          const named = namedByPath(log, stage.out);
          expect(
            named.filter(
              (line) => !/^\d+ +(?:stat|statx|newfstatat)\(/.test(line) || !line.includes(`"${stage.out}"`),
            ),
          ).toEqual([]);
        }
      },
    );
  }

  test.skipIf(!CAN_TRACE)(
    "orders that takes up an answer names nothing by path but the directory itself",
    async () => {
      const stage = await open({ completion: "on-ack" });
      await stage.runHere("orders");
      const [order] = stage.world.orders;
      writeAck(join(stage.out, "acks"), order?.uuid ?? "", { result: "done" });
      const { code, log } = await runTraced(stage, ["orders"], []);
      expect([code, order?.state]).toEqual([0, "done"]);
      const named = namedByPath(log, stage.out).filter((line) => !line.includes(`"${stage.out}"`));
      expect(named).toEqual([]);
    },
  );

  test.skipIf(!CAN_TRACE)("no mode is ever changed by path", async () => {
    const stage = await open();
    rmSync(stage.out, { recursive: true });
    const { code, log } = await runTraced(stage, ["sync"], ["-e", "trace=chmod,fchmod,fchmodat"]);
    expect([code, log.match(/\bf?chmod(?:at2?)?\(/g)?.filter((call) => call !== "fchmod(")]).toEqual([0, []]);
  });
});

describe("a planted", () => {
  const plantPipe = (stage: Stage, name: string): string => {
    const path = join(stage.out, STATE_DIRECTORY, name);
    mkdirSync(join(stage.out, STATE_DIRECTORY), { mode: 0o700 });
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    return path;
  };

  for (const [name, command] of [
    ["snapshot.json", "sync"],
    ["claims", "sync"],
    ["problems-sync.json", "sync"],
    ["failed-orders.json", "orders"],
  ] as const) {
    test(`pipe as ${name} counts as missing in ${command}, is reported, and goes`, async () => {
      const stage = await open();
      const path = plantPipe(stage, name);
      const ran = await stage.run([command]);
      expect([ran.code, ran.stderr.includes(`${path} is damaged`)]).toEqual([0, true]);
      expect(stage.files()).toHaveLength(1);
      expect(statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false).toBe(false);
    }, 10_000);
  }

  for (const command of ["sync", "orders"] as const) {
    test(`pipe as the history of ${command} is not waited for, is reported, and stops nothing`, async () => {
      const stage = await open();
      const path = plantPipe(stage, historyFile(command));
      const ran = await stage.run([command]);
      expect([ran.code, ran.stderr.split(path).length > 1]).toEqual([0, true]);
      expect(ran.stderr.split("are not recorded")).toHaveLength(2);
      expect([stage.files().length, statSync(path).isFIFO()]).toEqual([1, true]);
      expect((await stage.run([command])).stderr).not.toContain("are not recorded");
    }, 10_000);
  }

  for (const [name, command] of [
    ["lock-sync", "sync"],
    ["lock-claims", "sync"],
    ["lock-orders", "orders"],
  ] as const) {
    test(`pipe as ${name} ends ${command} with 73: it would look like a file system without locks`, async () => {
      const stage = await open();
      const path = plantPipe(stage, name);
      const ran = await stage.run([command]);
      expect([ran.code, ran.stderr.includes(`${path}: it is not a regular file`)]).toEqual([73, true]);
      expect(stage.files()).toEqual([]);
    }, 10_000);
  }

  test(`state directory of another user suppresses no order${NEEDS_ROOT}`, async () => {
    if (!IS_ROOT) return;
    const stage = await open();
    const state = join(stage.out, STATE_DIRECTORY);
    mkdirSync(state);
    chmodSync(state, 0o777);
    chownSync(state, OTHER, OTHER);
    const ran = await stage.run(["orders"]);
    expect(ran.code).toBe(73);
    expect(ran.stderr).toContain(`${state} belongs to uid ${OTHER}`);
    expect(ran.stderr).toContain(`sudo -u '#${OTHER}'`);
    expect([readdirSync(state), statSync(state).mode & 0o777]).toEqual([[], 0o777]);
    const dry = await stage.run(["orders", "--dry-run"]);
    expect([dry.code, JSON.parse(dry.stdout).notices[0].message]).toEqual([
      0,
      expect.stringContaining(`${state} belongs to uid ${OTHER}`),
    ]);
  });

  test(`file of three gigabytes under an order's name is left alone, and costs no memory`, async () => {
    const stage = await open();
    const [order] = stage.world.orders;
    const name = `2026-01-01-00-00-create_${order?.uuid}.json`;
    expect(Bun.spawnSync(["truncate", "-s", "3G", join(stage.out, name)]).exitCode).toBe(0);
    const ran = await runMeasured([...SUBJECT, "orders", "-c", stage.configPath], {});
    expect([ran.code, ran.stderr.includes("is not a document of order")]).toEqual([10, true]);
    expect(ran.peakBytes).toBeLessThan(200 * 1024 * 1024);
    expect(stage.requestsOf("POST")).toEqual([]);
  });

  test(`order file of another user gives no order its path${NEEDS_ROOT}`, async () => {
    if (!IS_ROOT) return;
    const stage = await open();
    expect((await stage.run(["orders"])).code).toBe(0);
    const [name = ""] = stage.files();
    const forged = stage.readText(name).replace(/("default": ")[^"]*/, "$1/etc");
    rmSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
    writeFileSync(join(stage.out, name), forged);
    chownSync(join(stage.out, name), OTHER, OTHER);
    const { code, stdout } = await stage.run(["claims", "list", "-c", stage.configPath, "--json"]);
    expect([code, stdout.includes('"/etc"')]).toEqual([0, false]);
  });

  test("temporary file beside the metrics is neither used nor removed", async () => {
    const stage = await open();
    const script = `mkdir m.prom.$$.tmp; exec "$@" sync -c "$CONFIG" --metrics-file m.prom`;
    const ran = await runCommand(["sh", "-c", script, "sh", ...SUBJECT], {
      cwd: stage.directory,
      env: { CONFIG: stage.configPath },
    });
    expect(ran.code).toBe(0);
    expect(readFileSync(join(stage.directory, "m.prom"), "utf8")).toMatch(/exit_code\{mode="sync",.*\} 0\n/);
    expect(readdirSync(stage.directory).filter((name) => name.endsWith(".tmp"))).toHaveLength(1);
  });
});

test("an output directory that everybody can write ends with 73; with allow_shared_directory it is used, with a warning in every run", async () => {
  const stage = await open({ allow_shared_directory: true });
  chmodSync(stage.out, 0o777);
  for (let n = 0; n < 2; n++) {
    const ran = await stage.run(["sync"]);
    expect([ran.code, ran.stderr.includes("allow_shared_directory is on")]).toEqual([0, true]);
  }
  writeFileSync(stage.configPath, readFileSync(stage.configPath, "utf8").replace(/.*allow_shared.*\n/, ""));
  const ran = await stage.run(["sync"]);
  expect([ran.code, ran.stderr.includes(`chmod o-w ${stage.out}`)]).toEqual([73, true]);
});
