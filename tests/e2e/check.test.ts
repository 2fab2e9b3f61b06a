// `check` as a binary: its exit codes, its text and its JSON, and what the system sees of it.

import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import * as v from "valibot";
import { CheckReport } from "../../lib/check/report.ts";
import { CAN_MOUNT, mountTmpfs, NEEDS_MOUNT, remount } from "../faults/mounts.ts";
import { CAN_TRACE, NEEDS_TRACE, runTraced } from "../faults/strace.ts";
import { type Ran, runCommand, type Stage, SUBJECT } from "../stage.ts";
import { listingOf, runOnTerminal, withStage } from "./program.ts";

const check = (stage: Stage, ...more: string[]) => stage.run(["check", "-c", stage.configPath, ...more]);

function edit({ configPath }: Stage, from: RegExp, to: string): void {
  writeFileSync(configPath, readFileSync(configPath, "utf8").replace(from, to));
}

function parse({ stdout }: Ran): CheckReport {
  return v.parse(CheckReport, JSON.parse(stdout)) as CheckReport;
}

test("with nothing to complain of it ends with 0, and so do both modes", async () => {
  await withStage({ orders: 3 }, async (stage) => {
    const before = listingOf(stage.directory);
    const { code, stdout, stderr } = await check(stage, "--metrics-file", join(stage.directory, "m.prom"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toEndWith("\nno problems; exit code 0\n");
    expect(stdout).not.toMatch(/^(?:warn|fail|skipped)/m);
    expect(listingOf(stage.directory)).toEqual(before);
    for (const mode of ["sync", "orders"]) expect(await stage.run([mode])).toMatchObject({ code: 0 });
  });
});

test("what fails is named with its remedy, and decides the exit code", async () => {
  await withStage({ orders: 1 }, async (stage) => {
    edit(stage, /(waldur_api_token: ).*/, "$1 0123456789abcdef0123456789abcdef01234567");
    const { code, stdout } = await check(stage);
    expect(code).toBe(77);
    expect(stdout).toMatch(/^fail {5}token {13}GET/m);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("is wrong, expired or of a deactivated user; renew it");
    expect(stdout).toMatch(/^skipped {2}sync {14}needs token$/m);
    expect(stdout).not.toContain("0123456789abcdef01234567");
    expect((await stage.run(["sync"])).code).toBe(77);
  });
});

test("as JSON it is one document that fits its schema", async () => {
  await withStage({}, async (stage) => {
    const good = await check(stage, "--json");
    expect(parse(good)).toMatchObject({ exitCode: 0, configuration: stage.configPath });
    edit(stage, /output_directory/, "output_dir");
    const bad = await check(stage, "--json");
    expect(bad.code).toBe(78);
    expect(parse(bad)).toMatchObject({
      exitCode: 78,
      items: [{ item: "configuration", status: "fail" }, { status: "skipped" }],
    });
  });
});

describe("no line is wider than", () => {
  test("80 columns where standard output is not a terminal", async () => {
    await withStage({}, async (stage) => {
      const { stdout } = await check(stage);
      expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
    });
  });

  test.each([70, 160])("a terminal of %d", async (columns) => {
    await withStage({}, async (stage) => {
      const { shown } = await runOnTerminal(`"$@" check -c "$CONFIG"`, stage, { columns });
      const widest = Math.max(...shown.split(/\r?\n|\r/).map((line) => Bun.stripANSI(line).length));
      expect(widest).toBeLessThanOrEqual(columns);
      expect(widest).toBeGreaterThan(columns - 25);
    });
  });
});

test("a wrong command line ends with 64", async () => {
  await withStage({}, async (stage) => {
    expect((await check(stage, "--dry-run")).code).toBe(64);
    expect((await check(stage, "--offering-uuid", "0123456789abcdef0123456789abcdef")).code).toBe(64);
  });
});

test("a reader that has gone is 74, and a signal ends it", async () => {
  await withStage({ faults: ["hang"] }, async (stage) => {
    const child = Bun.spawn([...SUBJECT, "check", "-c", stage.configPath, "--timeout", "60"], {
      stdout: "pipe",
      stderr: "pipe",
    });
    while (stage.simulator.requests.length === 0) await Bun.sleep(5);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
  });
  await withStage({}, async (stage) => {
    const { stdout } = await runCommand(
      [
        "bash",
        "-c",
        `{ "$@"; echo $? >&3; } 3>&1 1>/dev/full`,
        "bash",
        ...SUBJECT,
        "check",
        "-c",
        stage.configPath,
      ],
      {},
    );
    expect(stdout).toBe("74\n");
  });
});

describe("the system", () => {
  test.skipIf(!CAN_TRACE)(`sees one file without a name, and no change of a name${NEEDS_TRACE}`, async () => {
    await withStage({ orders: 3 }, async (stage) => {
      for (const mode of ["sync", "orders"]) await stage.run([mode]);
      const { code, calls } = await runTraced(stage, ["check"], []);
      expect(code).toBe(0);
      const changing = calls.filter(
        ({ name, text }) =>
          /^(?:rename|unlink|mkdir|link|symlink|f?chmod|f?chown|f?truncate|utimens|rmdir)/.test(name) &&
          text.includes("STAGE"),
      );
      expect(changing).toEqual([]);
      const made = calls.filter(
        ({ name, text }) =>
          name === "openat" && text.includes("STAGE") && /\bO_(?:CREAT|WRONLY|RDWR|TMPFILE)\b/.test(text),
      );
      expect(made.length).toBeGreaterThan(0);
      for (const { text } of made) expect(text).toMatch(/O_TMPFILE/);
    });
  });

  test.skipIf(!CAN_MOUNT)(`that has the directory read-only fails both${NEEDS_MOUNT}`, async () => {
    await withStage({}, async (stage) => {
      const mounted = mountTmpfs(stage.out, "size=4m");
      try {
        await stage.run(["sync"]);
        expect((await check(stage)).code).toBe(0);
        remount(stage.out, "ro");
        const found = await check(stage);
        expect(found.stdout).toMatch(/^fail {5}output-directory/m);
        expect(found.stdout.replaceAll(/\s+/g, " ")).toContain("read-only file system (EROFS)");
        expect([found.code, (await stage.run(["sync"])).code]).toEqual([73, 73]);
      } finally {
        mounted.unmount();
      }
    });
  });

  test.skipIf(!CAN_MOUNT)(`that has no room fails both${NEEDS_MOUNT}`, async () => {
    await withStage({ resources: 200 }, async (stage) => {
      const mounted = mountTmpfs(stage.out, "size=200k");
      try {
        const found = await check(stage, "--json");
        expect(parse(found).items.find(({ item }) => item === "sync")).toMatchObject({
          status: "fail",
          exitCode: 73,
        });
        expect([found.code, (await stage.run(["sync"])).code]).toEqual([73, 73]);
      } finally {
        mounted.unmount();
      }
    });
  });

  const setpriv = Bun.which("setpriv");
  test.skipIf(process.getuid?.() !== 0 || setpriv === null)(
    "that lets another user read and not write fails both (needs root and setpriv)",
    async () => {
      await withStage({}, async (stage) => {
        chmodSync(stage.directory, 0o755);
        chownSync(stage.configPath, 4242, 4242);
        const run = (command: string) =>
          runCommand(
            [
              setpriv ?? "",
              "--reuid=4242",
              "--regid=4242",
              "--clear-groups",
              ...SUBJECT,
              command,
              "-c",
              stage.configPath,
            ],
            { env: { HOME: "/nonexistent" } },
          );
        const found = await run("check");
        expect(found.stdout.replaceAll(/\s+/g, " ")).toContain("permission denied (EACCES)");
        expect([found.code, (await run("sync")).code]).toEqual([73, 73]);
        chownSync(stage.out, 4242, 4242);
        expect([(await run("check")).code, (await run("sync")).code]).toEqual([0, 0]);
        mkdirSync(join(stage.out, "m.prom"));
      });
    },
  );
});
