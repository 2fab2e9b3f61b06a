// What a run leaves behind, for every exit code and both modes: the code, both streams, and every name in the
// directory. And where it may write: modes, links, retention, mount points, disks that refuse.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { minuteStamp, snapshotName } from "../../lib/output/names.ts";
import { runCommand, type Stage, SUBJECT } from "../stage.ts";
import { leftoversIn, listingOf, scriptOn, withStage } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const MODES = ["sync", "orders"] as const;
const SNAPSHOT = expect.stringMatching(/^\d{4}(-\d\d){4}-all\.json$/);

/** Published files with their content. */
function contents(stage: Stage): Record<string, string> {
  return Object.fromEntries(stage.files().map((name) => [name, stage.readText(name)]));
}

function statesOf(stage: Stage): string[] {
  return stage.world.orders.map(({ state }) => state);
}

describe("a run that succeeds", () => {
  test("sync prints nothing and leaves one snapshot and its state", () =>
    withStage({}, async (stage) => {
      expect(await stage.run(["sync"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(stage.files()).toEqual([SNAPSHOT]);
      expect(stage.everything().filter((name) => name.startsWith("."))).toEqual([
        ".waldur-cscs-storage/claims",
        `.waldur-cscs-storage/good-sync-${stage.simulator.offeringUuid}`,
        ".waldur-cscs-storage/history-sync.jsonl",
        ".waldur-cscs-storage/lock-claims",
        ".waldur-cscs-storage/lock-sync",
        `.waldur-cscs-storage/rows-${stage.simulator.offeringUuid}`,
        ".waldur-cscs-storage/snapshot.json",
      ]);
      const [name = ""] = stage.files();
      expect(stage.read(name).result.storageResources).toHaveLength(12);
    }));

  test("orders prints nothing, leaves one file for each order, and every order is done", () =>
    withStage({ orders: 3 }, async (stage) => {
      expect(await stage.run(["orders"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(stage.files().map((name) => name.slice(17, -38))).toEqual(["create", "terminate", "update"]);
      expect(
        stage
          .files()
          .map((name) => name.slice(-37, -5))
          .sort(),
      ).toEqual(stage.world.orders.map(({ uuid }) => uuid).sort());
      expect(statesOf(stage)).toEqual(["done", "done", "done"]);
      expect(leftoversIn(stage.out)).toEqual([]);
    }));

  test("nothing to do is a success as well, and a second run changes no file of an order", () =>
    withStage({ orders: 3 }, async (stage) => {
      await stage.run(["orders"]);
      const before = contents(stage);
      expect(await stage.run(["orders"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(contents(stage)).toEqual(before);
      expect(stage.requestsOf("POST")).toHaveLength(3 + 3 + 1);
    }));

  test("a first list without resources is published only with --allow-shrink", () =>
    withStage({ resources: 0 }, async (stage) => {
      const { code, stderr } = await stage.run(["sync"]);
      expect([code, stage.files()]).toEqual([0, []]);
      expect(stderr).toContain("nothing is published");
      expect(await stage.run(["sync"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(await stage.run(["sync", "--allow-shrink"])).toEqual({ code: 0, stdout: "", stderr: "" });
      const [name = ""] = stage.files();
      expect(stage.read(name).result.storageResources).toEqual([]);
    }));

  test("with --if-changed nothing is written when nothing changed, unless the file is gone", () =>
    withStage({}, async (stage) => {
      await stage.run(["sync"]);
      const [name = ""] = stage.files();
      const path = join(stage.out, name);
      const { ino } = statSync(path);
      expect(await stage.run(["sync", "--if-changed"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(stage.files()).toEqual([name]);
      expect(statSync(path).ino).toBe(ino);
      rmSync(path);
      expect((await stage.run(["sync", "--if-changed"])).code).toBe(0);
      expect(stage.files()).toEqual([SNAPSHOT]);
    }));
});

describe("a run that fails keeps what was there, and changes no order", () => {
  const CASES: readonly (readonly [string, { sync: number; orders: number }, string])[] = [
    ["401", { sync: 77, orders: 77 }, "was answered with 401"],
    ["403", { sync: 77, orders: 77 }, "was answered with 403"],
    ["404-html", { sync: 69, orders: 69 }, "no such endpoint"],
    ["404", { sync: 78, orders: 78 }, "offering"],
    ["400@state=", { sync: 65, orders: 65 }, "was answered with 400"],
    ["redirect", { sync: 69, orders: 69 }, "was redirected (302)"],
    ["redirect-other-host", { sync: 69, orders: 69 }, "https://elsewhere.example.org"],
    ["html", { sync: 65, orders: 65 }, "instead of JSON"],
    ["broken-json", { sync: 65, orders: 65 }, "broken JSON"],
    ["no-count", { sync: 65, orders: 65 }, "X-Result-Count"],
    ["503", { sync: 75, orders: 75 }, "was answered with 503"],
    ["html-500", { sync: 75, orders: 75 }, "was answered with 500"],
    ["429-retry-after", { sync: 75, orders: 75 }, "was answered with 429"],
    ["drop", { sync: 75, orders: 75 }, "did not answer in full"],
    ["cut", { sync: 75, orders: 75 }, "did not answer in full"],
    ["hang", { sync: 75, orders: 75 }, "failed"],
  ];

  for (const [fault, codes, message] of CASES) {
    test.each(MODES)(`${fault} in %s`, (mode) =>
      withStage({ orders: 3 }, async (stage) => {
        const old = "2020-01-01-00-00-all.json";
        writeFileSync(join(stage.out, old), "yesterday's");
        stage.simulator.setFaults([fault]);
        const ran = await stage.run([mode, "--retries", "0", "--timeout", "1"]);
        expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: codes[mode], stdout: "" });
        expect(ran.stderr).toContain(message);
        expect(ran.stderr.trim().split("\n")).toHaveLength(1);
        expect(contents(stage)).toEqual({ [old]: "yesterday's" });
        expect(leftoversIn(stage.out)).toEqual([]);
        expect(statesOf(stage)).toEqual(["pending-provider", "pending-provider", "pending-provider"]);
        expect(stage.requestsOf("POST")).toEqual([]);
      }),
    );
  }

  test("a server that is not there", () =>
    withStage({ orders: 3 }, async (stage) => {
      await stage.simulator.stop();
      for (const mode of MODES) {
        const ran = await stage.run([mode, "--retries", "0"]);
        expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 75, stdout: "" });
        expect(ran.stderr).toContain("the connection was refused");
        expect(stage.files()).toEqual([]);
      }
    }));

  test("a list that shrank ends with 65 and is passed once with --allow-shrink", () =>
    withStage({}, async (stage) => {
      await stage.run(["sync"]);
      const before = contents(stage);
      const gone = stage.world.resources().slice(0, 6);
      for (const { uuid } of gone) stage.world.terminate(uuid);
      const ran = await stage.run(["sync"]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 65, stdout: "" });
      expect(ran.stderr).toContain("6 of the 12 resources");
      expect(ran.stderr).toContain("--allow-shrink");
      expect(contents(stage)).toEqual(before);
      expect(await stage.run(["sync", "--allow-shrink"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(await stage.run(["sync"])).toEqual({ code: 0, stdout: "", stderr: "" });
    }));

  test("a list that moves each time it is read ends with 75", () =>
    withStage({ resources: 605 }, async (stage) => {
      stage.simulator.setFaults(["shrinking-list"]);
      const ran = await stage.run(["sync"]);
      expect(ran.code).toBe(75);
      expect(ran.stderr).toContain("changed each of the 3 times");
      expect(stage.files()).toEqual([]);
      expect(leftoversIn(stage.out)).toEqual([]);
    }));

  test("a list that moved and is read again is a line with -v, and none without", () =>
    withStage({ resources: 605 }, async (stage) => {
      for (const [flags, lines] of [
        [["-v"], 1],
        [[], 0],
      ] as const) {
        stage.simulator.setFaults(["shrinking-list*1"]);
        const ran = await stage.run(["sync", ...flags]);
        expect(ran.code).toBe(0);
        const again = /info the resource list changed while it was read \([^)]+\); reading it again/g;
        expect(ran.stderr.match(again) ?? []).toHaveLength(lines);
      }
    }));

  test("long waits that Waldur asks for are reported, and end the run at a quarter of its deadline", () =>
    withStage({}, async (stage) => {
      stage.simulator.setFaults(["429-retry-after"]);
      const patient = await stage.run(["sync", "-v", "--deadline", "8", "--retries", "9"]);
      expect(patient.code).toBe(75);
      expect(patient.stderr.match(/trying again in 1\.0 s, as requested \(Retry-After\)/g)).toHaveLength(2);
      expect(patient.stderr).toContain("after 3 tries, with Retry-After: 1 s");
    }));

  test(
    "a wait of ten seconds and more is a warning",
    () =>
      withStage({}, async (stage) => {
        let isFirst = true;
        const { url } = stage.simulator;
        const slow = Bun.serve({
          port: 0,
          hostname: "127.0.0.1",
          async fetch(request) {
            const { pathname, search } = new URL(request.url);
            if (!isFirst) return fetch(new URL(`${pathname}${search}`, url), { headers: request.headers });
            isFirst = false;
            return new Response("{}", { status: 503, headers: { "Retry-After": "10" } });
          },
        });
        try {
          await Bun.write(
            stage.configPath,
            (await Bun.file(stage.configPath).text()).replace(new URL(url).host, `127.0.0.1:${slow.port}`),
          );
          const ran = await stage.run(["sync"]);
          expect(ran.code).toBe(0);
          expect(ran.stderr).toMatch(
            /^\S+ warn [^\n]*503 by [^\n]*trying again in 10\.0 s, as requested[^\n]*\n$/,
          );
        } finally {
          await slow.stop(true);
        }
      }),
    30_000,
  );

  test("an offering that Waldur does not know ends with 78", () =>
    withStage({ orders: 3 }, async (stage) => {
      const unknown = "0000000000000000000000000000000f";
      const text = readFileSync(stage.configPath, "utf8");
      writeFileSync(stage.configPath, text.replace(stage.simulator.offeringUuid, unknown));
      for (const mode of MODES) {
        const ran = await stage.run([mode]);
        expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 78, stdout: "" });
        expect(ran.stderr).toContain(unknown);
      }
      expect(stage.files()).toEqual([]);
    }));
});

describe("what could not be handled ends with 10, and the rest was handled", () => {
  test("in sync the last entry of a resource that became a problem stays", () =>
    withStage({}, async (stage) => {
      await stage.run(["sync"]);
      const [first = ""] = stage.files();
      const [spoilt] = stage.world.resources();
      const before = stage.read(first).result.storageResources;
      stage.world.resource(spoilt?.uuid ?? "").attributes = { permissions: "rwx" };
      const ran = await stage.run(["sync"]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 10, stdout: "" });
      expect(ran.stderr).toContain(`resource=${spoilt?.uuid}`);
      expect(ran.stderr.trim().split("\n")).toHaveLength(2);
      const [last = ""] = stage.files().slice(-1);
      const byId = (entries: typeof before) => [...entries].sort((a, b) => (a.itemId < b.itemId ? -1 : 1));
      expect(byId(stage.read(last).result.storageResources)).toEqual(byId(before));
    }));

  test("in orders the other orders are done, and this one is untouched", () =>
    withStage({ orders: 3 }, async (stage) => {
      const [order] = stage.world.orders;
      stage.world.resource(order?.resourceUuid ?? "").slug = "../../etc";
      const ran = await stage.run(["orders"]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 10, stdout: "" });
      expect(ran.stderr).toContain(`order=${order?.uuid}`);
      expect(statesOf(stage)).toEqual(["pending-provider", "done", "done"]);
      expect(stage.files()).toHaveLength(2);
      expect(listingOf(stage.directory).join()).not.toContain("etc");
    }));

  test("a problem is a warning once a day, and the code stays", () =>
    withStage({ orders: 1 }, async (stage) => {
      const [order] = stage.world.orders;
      stage.world.resource(order?.resourceUuid ?? "").slug = "..";
      for (const mode of MODES) {
        expect(await stage.run([mode])).toMatchObject({ code: 10, stderr: expect.stringContaining("warn") });
        const again = await stage.run([mode]);
        expect(again).toMatchObject({ code: 10, stdout: "" });
        expect(again.stderr).toMatch(/^\S+ warn \w+: published .*, 1 problem exit=10 \S+\n$/);
      }
    }));

  test("a 4xx on one order is that order's problem", () =>
    withStage({ orders: 3 }, async (stage) => {
      const [order] = stage.world.orders;
      stage.simulator.setFaults([`400@${order?.uuid}/approve_by_provider`]);
      const ran = await stage.run(["orders"]);
      expect(ran.code).toBe(10);
      expect(statesOf(stage)).toEqual(["pending-provider", "done", "done"]);
    }));
});

describe("an output directory that cannot be used ends with 73, before any order is touched", () => {
  async function expectUnusable(stage: Stage, message: string): Promise<void> {
    for (const mode of MODES) {
      const ran = await stage.run([mode]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 73, stdout: "" });
      expect(ran.stderr).toContain(message);
      expect(ran.stderr).not.toMatch(/^\s+at /m);
    }
    expect(stage.requestsOf("POST")).toEqual([]);
  }

  test("its parent does not exist", () =>
    withStage({ orders: 1 }, async (stage) => {
      rmSync(stage.out, { recursive: true });
      const text = readFileSync(stage.configPath, "utf8");
      writeFileSync(stage.configPath, text.replace(stage.out, `${stage.out}/a/b`));
      await expectUnusable(
        stage,
        `error the output directory ${stage.out}/a/b does not exist, and neither does ${stage.out}/a above it`,
      );
      expect(existsSync(stage.out)).toBe(false);
    }));

  test.skipIf(process.getuid?.() !== 0)("the user of the run may not make it (needs root)", () =>
    withStage({}, async (stage) => {
      rmSync(stage.out, { recursive: true });
      chmodSync(stage.directory, 0o755);
      chmodSync(stage.configPath, 0o644);
      const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      const run = ["sync", "-c", stage.configPath, "--allow-insecure-config"];
      const ran = await runCommand(["setpriv", ...user, ...SUBJECT, ...run], {});
      expect(ran.code).toBe(73);
      expect(ran.stderr).toContain(
        `error the output directory ${stage.out} does not exist, and nobody (uid 65534) cannot create it in ${stage.directory} (EACCES)`,
      );
      expect(ran.stderr).toContain(`hint="create it as root: install -d -o nobody ${stage.out}"`);
    }),
  );

  test("it is a file", () =>
    withStage({ orders: 1 }, async (stage) => {
      rmSync(stage.out, { recursive: true });
      writeFileSync(stage.out, "mine");
      await expectUnusable(stage, "is not a directory");
      expect(readFileSync(stage.out, "utf8")).toBe("mine");
    }));

  test("nothing is mounted where a mount is required", () =>
    withStage({ orders: 1 }, async (stage) => {
      const text = readFileSync(stage.configPath, "utf8");
      writeFileSync(stage.configPath, `${text}      require_mount: ${stage.directory}\n`);
      await expectUnusable(stage, `nothing is mounted at ${stage.directory}`);
      expect(listingOf(stage.out)).toEqual([]);
    }));

  test("its state directory is a link to elsewhere", () =>
    withStage({ orders: 1 }, async (stage) => {
      const elsewhere = join(stage.directory, "elsewhere");
      mkdirSync(elsewhere);
      symlinkSync(elsewhere, join(stage.out, ".waldur-cscs-storage"));
      await expectUnusable(stage, "is not a directory");
      expect(readdirSync(elsewhere)).toEqual([]);
    }));

  test("a directory has the name of the snapshot's link", () =>
    withStage({ settings: { latest_link: true } }, async (stage) => {
      mkdirSync(join(stage.out, "latest-all.json"));
      const ran = await stage.run(["sync"]);
      expect(ran.code).toBe(73);
      expect(ran.stderr).toContain("a file or directory has that name");
      expect(leftoversIn(stage.out)).toEqual([]);
    }));

  test("a directory has the name of the snapshot: then nothing counts as published", () =>
    withStage({ resources: 12, timezone: "UTC" }, async (stage) => {
      // The run may meet the next minute.
      for (const minute of [0, 1]) {
        const stamp = minuteStamp(new Date(Date.now() + minute * 60_000), "UTC");
        mkdirSync(join(stage.out, snapshotName(stamp)));
      }
      const ran = await stage.run(["sync", "--json"]);
      expect(ran.code).toBe(73);
      expect(JSON.parse(ran.stdout)).toMatchObject({
        offerings: [{ outcome: "failed", resources: 0 }],
        files: [],
      });
    }));

  test.if(process.getuid?.() === 0)("another user may not write it", () =>
    withStage({ orders: 1 }, async (stage) => {
      chmodSync(stage.directory, 0o755);
      chmodSync(stage.configPath, 0o644);
      for (const mode of MODES) {
        const ran = await scriptOn(
          stage,
          `setpriv --reuid=65534 --regid=65534 --clear-groups "$@" ${mode} -c "$CONFIG" --allow-insecure-config`,
        );
        expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 73, stdout: "" });
        expect(ran.stderr).toContain("permission denied (EACCES)");
      }
      expect(listingOf(stage.out)).toEqual([]);
      expect(stage.requestsOf("POST")).toEqual([]);
    }),
  );
});

describe("files and directories", () => {
  const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

  test.each(["000", "077", "027"])("have their modes under umask %s", (umask) =>
    withStage({ orders: 1 }, async (stage) => {
      rmSync(stage.out, { recursive: true });
      const ran = await scriptOn(stage, `umask ${umask}; "$@" sync -c "$CONFIG" && "$@" orders -c "$CONFIG"`);
      expect(ran).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(modeOf(stage.out)).toBe("755");
      for (const name of stage.files()) expect(modeOf(join(stage.out, name))).toBe("644");
      expect(stage.files()).toHaveLength(2);
      const state = join(stage.out, ".waldur-cscs-storage");
      expect(modeOf(state)).toBe("700");
      const secret = stage.everything().filter((name) => name.startsWith("."));
      expect(new Set(secret.map((name) => modeOf(join(stage.out, name))))).toEqual(new Set(["600"]));
    }),
  );

  test("have the mode of file_mode", () =>
    withStage({ orders: 1, settings: { file_mode: "0640" } }, async (stage) => {
      for (const mode of MODES) expect((await stage.run([mode])).code).toBe(0);
      expect(stage.files().map((name) => modeOf(join(stage.out, name)))).toEqual(["640", "640"]);
    }));

  test("a relative output directory is below the working directory, with a warning that shows it", () =>
    withStage({}, async (stage) => {
      const text = readFileSync(stage.configPath, "utf8");
      writeFileSync(stage.configPath, text.replace(stage.out, "relative/"));
      const ran = await stage.run(["sync"]);
      expect(ran.code).toBe(0);
      expect(ran.stderr).toContain(`${stage.directory}/relative`);
      expect(listingOf(join(stage.directory, "relative"))).toContainEqual(SNAPSHOT);
    }));

  test("latest-all.json is a relative link to the newest snapshot", () =>
    withStage({ settings: { latest_link: true } }, async (stage) => {
      const link = join(stage.out, "latest-all.json");
      symlinkSync("2020-01-01-00-00-all.json", link);
      expect(await stage.run(["sync"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(readlinkSync(link)).not.toStartWith("2020");
      expect(readlinkSync(link)).toEqual(SNAPSHOT);
      expect(statSync(link).isFile()).toBe(true);
      expect(JSON.parse(readFileSync(link, "utf8")).result.storageResources).toHaveLength(12);
    }));

  test("retention keeps the newest snapshots, what is not ours, and every file of an order", () =>
    withStage({ orders: 1, settings: { keep_snapshots: 2 } }, async (stage) => {
      await stage.run(["orders"]);
      await stage.run(["sync"]);
      const [newest = ""] = stage.files().filter((name) => name.endsWith("-all.json"));
      const text = stage.readText(newest);
      const old = (n: number) => `2020-01-0${n}-00-00-all.json`;
      for (const n of [1, 2, 3, 4]) {
        writeFileSync(join(stage.out, old(n)), text);
        utimesSync(join(stage.out, old(n)), n, n);
      }
      writeFileSync(join(stage.out, "2019-01-01-00-00-all.json"), "somebody else's");
      writeFileSync(join(stage.out, "notes.txt"), "mine");
      const ran = await stage.run(["sync"]);
      expect(ran).toEqual({ code: 0, stdout: "", stderr: "" });
      const snapshots = stage.files().filter((name) => name.endsWith("-all.json"));
      const [foreign, ...ours] = snapshots;
      expect(foreign).toBe("2019-01-01-00-00-all.json");
      expect(ours).toHaveLength(2);
      expect(ours).toContain(newest);
      for (const n of [1, 2, 3]) expect(ours).not.toContain(old(n));
      expect(stage.files()).toContain("notes.txt");
      expect(stage.files().filter((name) => name.includes("create_"))).toHaveLength(1);
    }));
});
