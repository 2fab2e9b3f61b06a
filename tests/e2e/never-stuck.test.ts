// What does not answer, a pipe without a writer or a mount whose server is gone, holds no run for ever: it ends at
// --timeout, at the deadline or on a signal, and names the path (docs/contract.md, "Places that do not answer").

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { CAN_DIE, deadMount, NEEDS_DEAD } from "../faults/dead-mount.ts";
import { listenTo, type Stage, type StageOptions } from "../stage.ts";
import { isBinary, type Running, scriptOn, startOn, until, withStage } from "./program.ts";

setDefaultTimeout(30_000);

const mounted: (() => void)[] = [];
function revive(): void {
  for (const unmount of mounted.splice(0)) unmount();
}

/** What is dead must be gone before anybody looks into the stage's directory again. */
function withPlace(options: StageOptions, use: (stage: Stage) => Promise<void>): Promise<void> {
  return withStage(options, (stage) => use(stage).finally(revive));
}

function pipe(path: string): string {
  rmSync(path, { force: true });
  expect(Bun.spawnSync(["mkfifo", "-m", "600", path]).exitCode).toBe(0);
  return path;
}

function die(path: string): string {
  mounted.push(deadMount(path));
  return path;
}

/** Replaces a line of the configuration. */
function change(stage: Stage, line: RegExp, by: string): void {
  writeFileSync(stage.configPath, readFileSync(stage.configPath, "utf8").replace(line, by));
}

/** Each place that is touched first, made not to answer; returns its path. */
const PLACES: readonly (readonly [string, boolean, (stage: Stage) => string])[] = [
  ["a pipe as the configuration", true, (stage) => pipe(stage.configPath)],
  [
    "a pipe as the token file",
    true,
    (stage) => {
      change(stage, /waldur_api_token: .*/, "waldur_api_token_file: token.pipe");
      return pipe(join(stage.directory, "token.pipe"));
    },
  ],
  [
    "a pipe as the GID map",
    true,
    (stage) => {
      change(stage, / {4}backend_settings:\n/, "    backend_settings:\n      unix_gid: file:gids.pipe\n");
      return pipe(join(stage.directory, "gids.pipe"));
    },
  ],
  [
    "a dead mount with the token file",
    CAN_DIE,
    (stage) => {
      mkdirSync(join(stage.directory, "secrets"));
      change(stage, /waldur_api_token: .*/, "waldur_api_token_file: secrets/token");
      return join(die(join(stage.directory, "secrets")), "token");
    },
  ],
  ["a dead mount as the output directory", CAN_DIE, (stage) => die(stage.out)],
  [
    "a dead mount above the output directory",
    CAN_DIE,
    (stage) => {
      mkdirSync(join(stage.directory, "above"));
      change(stage, /output_directory: .*/, `output_directory: ${stage.directory}/above/out`);
      die(join(stage.directory, "above"));
      return join(stage.directory, "above", "out");
    },
  ],
];

describe.each(PLACES)(`%s${NEEDS_DEAD}`, (_, can, spoil) => {
  test.skipIf(!can).each(["sync", "orders"])("ends %s at --timeout with 75 and its path", (mode) =>
    withPlace({ orders: 1 }, async (stage) => {
      const path = spoil(stage);
      const ran = await stage.run([mode, "--timeout", "1"]);
      expect(ran).toMatchObject({ code: 75, stdout: "" });
      expect(ran.stderr).toContain(path);
      expect(ran.stderr).toContain("did not answer within 1 s");
      expect(ran.stderr.trim().split("\n")).toHaveLength(1);
      expect(stage.simulator.requests).toEqual([]);
    }),
  );

  test.skipIf(!can)("ends at the deadline with 75 and its path", () =>
    withPlace({}, async (stage) => {
      const path = spoil(stage);
      const ran = await stage.run(["sync", "--deadline", "1"]);
      expect(ran.code).toBe(75);
      expect(ran.stderr).toMatch(/the run did not finish within 1 s: the [^\n]+ did not answer/);
      expect(ran.stderr).toContain(path);
    }),
  );

  test.skipIf(!can)("ends on SIGTERM with 143 and its path", () =>
    withPlace({}, async (stage) => {
      const path = spoil(stage);
      const run = startOn(stage, ["sync"]);
      await begun(run);
      run.kill("SIGTERM");
      const ran = await run.ended;
      expect(ran.code).toBe(143);
      expect(ran.stderr).toMatch(/error interrupted by SIGTERM, while the [^\n]+ did not answer/);
      expect(ran.stderr).toContain(path);
    }),
  );

  test.skipIf(!can)("ends a dry run, too", () =>
    withPlace({}, async (stage) => {
      spoil(stage);
      expect((await stage.run(["sync", "--dry-run", "--timeout", "1"])).code).toBe(75);
    }),
  );
});

/** The process has set up its signals; before that SIGTERM ends it, too, with no exit code of ours. */
async function begun({ pid }: Running): Promise<void> {
  await until(() => {
    const caught = /^SigCgt:\t(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return (BigInt(`0x${caught}`) & (1n << 14n)) !== 0n;
  });
  await Bun.sleep(isBinary ? 100 : 500);
}

test("a pipe with a writer is a configuration like any other, however slow", () =>
  withStage({}, async (stage) => {
    const text = readFileSync(stage.configPath, "utf8");
    const path = pipe(stage.configPath);
    const run = startOn(stage, ["sync"]);
    const half = text.length >> 1;
    const writer = Bun.spawn([
      "bash",
      "-c",
      'exec >"$1"; sleep 0.2; printf %s "$2"; sleep 0.2; printf %s "$3"',
      ...["bash", path, text.slice(0, half), text.slice(half)],
    ]);
    expect(await run.ended).toEqual({ code: 0, stdout: "", stderr: "" });
    await writer.exited;
    expect(stage.files()).toHaveLength(1);
  }));

describe(`the metrics file${NEEDS_DEAD}`, () => {
  test.skipIf(!CAN_DIE)("on a dead mount ends a run that did its work with 75 and its path", () =>
    withPlace({}, async (stage) => {
      mkdirSync(join(stage.directory, "metrics"));
      const path = join(die(join(stage.directory, "metrics")), "a.prom");
      const ran = await stage.run(["sync", "--timeout", "1", "--metrics-file", path]);
      expect(ran.code).toBe(75);
      expect(ran.stderr).toContain(`the metrics file ${path} did not answer within 1 s`);
      expect(stage.files()).toHaveLength(1);
    }),
  );
});

test.skipIf(!CAN_DIE)(`components does its work beside a directory that does not answer${NEEDS_DEAD}`, () =>
  withPlace({}, async (stage) => {
    const text = readFileSync(stage.configPath, "utf8");
    writeFileSync(stage.configPath, `${text}    backend_components: {storage: {label: Space}}\n`);
    die(stage.out);
    const ran = await stage.run(["components", "--timeout", "1", "-c", stage.configPath]);
    expect([ran.code, stage.world.offering.components.map(({ name }) => name)]).toEqual([0, ["Space"]]);
    expect(ran.stderr).toContain(
      `requests are not recorded: the output directory ${stage.out} did not answer within 1 s`,
    );
  }),
);

test.skipIf(!CAN_DIE)(`claims list names a directory that does not answer${NEEDS_DEAD}`, () =>
  withPlace({}, async (stage) => {
    die(stage.out);
    const script = 'timeout --preserve-status 1 "$@" claims list -c "$CONFIG"';
    const ran = await scriptOn(stage, script);
    expect(ran.code).toBe(143);
    expect(ran.stderr).toContain(`the output directory ${stage.out} did not answer`);
  }),
);

describe(`a mount that dies during the run${NEEDS_DEAD}`, () => {
  test.skipIf(!CAN_DIE)("ends sync before the snapshot gets its name", () =>
    withPlace({}, async (stage) => {
      let isDead = false;
      listenTo(stage.simulator).push(({ query }) => {
        if (!isDead && /\bpage=1\b/.test(query)) {
          isDead = true;
          die(stage.out);
        }
      });
      const ran = await stage.run(["sync", "--timeout", "1"]);
      expect(ran.code).toBe(75);
      expect(ran.stderr).toContain(`the output directory ${stage.out} did not answer within 1 s`);
      revive();
      expect(stage.files()).toEqual([]);
      expect((await stage.run(["sync"])).code).toBe(0);
    }),
  );

  test.skipIf(!CAN_DIE).each([
    ["before an order is accepted", "GET", "pending-provider"],
    ["after it was accepted", "POST", "executing"],
  ])("ends orders %s, and the next pass continues", (_, method, state) =>
    withPlace({ orders: 1, generation: "current" }, async (stage) => {
      const [order] = stage.world.orders;
      let isDead = false;
      listenTo(stage.simulator).push((request) => {
        const isIt =
          method === "GET" ? /provider-resources\/./.test(request.path) : request.method === "POST";
        if (isDead || !isIt) return;
        isDead = true;
        die(stage.out);
      });
      const ran = await stage.run(["orders", "--timeout", "1"]);
      expect([ran.code, order?.state]).toEqual([75, state]);
      expect(ran.stderr).toContain(`the output directory ${stage.out} did not answer within 1 s`);
      revive();
      expect(stage.files()).toEqual([]);
      expect((await stage.run(["orders"])).code).toBe(0);
      expect([stage.files().length, order?.state]).toEqual([1, "done"]);
    }),
  );
});
