import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { OutputError, RetryLaterError } from "../../../lib/errors.ts";
import { STATE_DIRECTORY } from "../../../lib/output/directory.ts";
import { afterwards, BUN, CHILDREN, openScratch, STRACE, scratchDirectory, thrownBy } from "./scratch.ts";

const HOLD = join(CHILDREN, "hold-lock.ts");

/** Removes temporary files as fast as it can, from the moment it says so. */
const SWEEP = `
  const { readdirSync, rmSync } = require("node:fs");
  const directory = process.argv.at(-1);
  console.log("sweeping");
  for (;;) for (const name of readdirSync(directory)) if (name.startsWith("tmp-")) rmSync(directory + "/" + name, { force: true });
`;

/** A process that holds the output, once it has it. */
async function hold(directory: string, mode: string, wrapper: string[] = []) {
  const child = Bun.spawn([...wrapper, BUN, HOLD, directory, mode], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  afterwards(() => child.kill("SIGKILL"));
  let said = "";
  const reader = child.stdout.getReader();
  while (!said.includes("open\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the child ended: ${said}`);
    said += new TextDecoder().decode(value);
  }
  return { child, said };
}

describe("the lock", () => {
  test("keeps a second process out at once", async () => {
    const directory = scratchDirectory();
    await hold(directory, "orders");
    const start = performance.now();
    const error = thrownBy(() => openScratch({ directory, mode: "orders" }));
    expect(performance.now() - start).toBeLessThan(4000);
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error).toMatchObject({ code: "locked", exitCode: 75, quiet: true });
    expect(readdirSync(join(directory, STATE_DIRECTORY)).sort()).toEqual(["lock-orders", "overlap-orders"]);
  });

  test("keeps a second process out also while the first removes leftovers", async () => {
    const directory = scratchDirectory();
    await hold(directory, "orders");
    const sweeper = Bun.spawn([BUN, "-e", SWEEP, join(directory, STATE_DIRECTORY)], { stdout: "pipe" });
    afterwards(() => sweeper.kill("SIGKILL"));
    await sweeper.stdout.getReader().read();
    for (let tries = 0; tries < 500; tries++) {
      const error = thrownBy(() => openScratch({ directory, mode: "orders" }));
      expect(error).toMatchObject({ code: "locked" });
    }
  });

  test("that is held twice in a row is an error, until a run got it", async () => {
    const directory = scratchDirectory();
    const tryIt = () => thrownBy(() => openScratch({ directory, mode: "orders" }));
    const { child } = await hold(directory, "orders");
    expect([tryIt(), tryIt(), tryIt()]).toMatchObject([{ quiet: true }, { quiet: false }, { quiet: false }]);
    child.kill("SIGKILL");
    await child.exited;
    openScratch({ directory, mode: "orders" }).close();
    await hold(directory, "orders");
    expect(tryIt()).toMatchObject({ quiet: true });
  });

  test("is one for each mode", async () => {
    const directory = scratchDirectory();
    await hold(directory, "orders");
    expect(() => openScratch({ directory, mode: "sync" })).not.toThrow();
  });

  test("is freed by kill -9 of its holder", async () => {
    const directory = scratchDirectory();
    const { child } = await hold(directory, "orders");
    child.kill("SIGKILL");
    await child.exited;
    const { warnings } = openScratch({ directory, mode: "orders" });
    expect(warnings).toEqual([]);
  });

  test("that something else has the name of is reported as trouble with the directory", () => {
    const directory = scratchDirectory();
    mkdirSync(join(directory, STATE_DIRECTORY, "lock-orders"), { recursive: true });
    const error = thrownBy(() => openScratch({ directory, mode: "orders" }));
    expect(error).toBeInstanceOf(OutputError);
    expect(`${error}`).toContain(
      `cannot use ${join(directory, STATE_DIRECTORY, "lock-orders")}: it is not a regular file`,
    );
  });

  test("is freed by close, which may come twice", () => {
    const directory = scratchDirectory();
    const first = openScratch({ directory });
    first.close();
    first.close();
    expect(() => openScratch({ directory })).not.toThrow();
  });

  test("is not lost when the same process tries again", async () => {
    const directory = scratchDirectory();
    openScratch({ directory, mode: "orders" });
    expect(thrownBy(() => openScratch({ directory, mode: "orders" }))).toMatchObject({ code: "locked" });
    const child = Bun.spawnSync([BUN, HOLD, directory, "orders"], { stderr: "pipe", timeout: 4000 });
    expect(child.exitCode).not.toBe(0);
    expect(child.stderr.toString()).toContain("another run of orders");
  });

  test("leaves nothing but its empty file", () => {
    const { statePath } = openScratch();
    expect(readdirSync(statePath)).toEqual(["lock-orders"]);
    expect(statSync(join(statePath, "lock-orders")).size).toBe(0);
  });

  test("names a lock file that is not a database", () => {
    const directory = scratchDirectory();
    openScratch({ directory }).close();
    writeFileSync(join(directory, STATE_DIRECTORY, "lock-orders"), "x".repeat(4096));
    const error = thrownBy(() => openScratch({ directory }));
    expect(error).toBeInstanceOf(OutputError);
    expect(error).toMatchObject({
      message: expect.stringContaining("lock-orders"),
      hint: expect.any(String),
    });
  });

  // ENOLCK is what SQLite takes for busy; the others it calls an I/O error or a missing permission.
  test.skipIf(STRACE === null).each(["ENOLCK", "EIO", "ENOSYS", "EPERM"])(
    "is done without, with one warning, where the file system answers %s",
    async (errno) => {
      const directory = scratchDirectory();
      const trace = join(scratchDirectory(), "trace");
      const fresh = join(directory, STATE_DIRECTORY, `tmp-orders-${hostname()}-${"0".repeat(32)}`);
      mkdirSync(join(directory, STATE_DIRECTORY));
      writeFileSync(fresh, "half");
      const wrapper = [
        "strace",
        "-f",
        "-qq",
        "-o",
        trace,
        "-e",
        "trace=fcntl",
        "-e",
        `inject=fcntl:error=${errno}`,
      ];
      const { said } = await hold(directory, "orders", wrapper);
      expect(said.match(/warning: .* refuses locks/g)).toHaveLength(1);
      // Without a lock, a fresh temporary file may be one that another run is writing.
      expect(readdirSync(join(directory, STATE_DIRECTORY)).sort()).toEqual(["lock-orders", basename(fresh)]);
    },
  );
});
