// `demo --serve` as a rehearsal: each line that it prints works as it stands, in a shell.

import { expect, test } from "bun:test";
import { join } from "pathe";
import { scratchDirectory } from "../scratch.ts";
import { runCommand, runSubject, SUBJECT } from "../stage.ts";
import { until } from "./program.ts";

const CAN_TYPE = Bun.which("curl") !== null && Bun.which("jq") !== null;

test.skipIf(!CAN_TYPE).each(["current", "2024"])(
  "a storage is ordered, changed and ended by the lines that are printed (%s; needs curl and jq)",
  async (generation) => {
    const directory = scratchDirectory("rehearsal-");
    const args = [
      "demo",
      "--serve",
      "0",
      "--resources",
      "4",
      "--orders",
      "0",
      "--keep",
      join(directory, "kept"),
    ];
    const child = Bun.spawn([...SUBJECT, ...args, "--generation", generation, "--order-every", "1"], {
      stdout: "pipe",
      stderr: "inherit",
    });
    let shown = "";
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of child.stdout) shown += decoder.decode(bytes);
    })();
    try {
      await until(() => /an order arrived: Create arrived-1/.test(shown));
      if (generation === "2024") expect(shown).toContain("a simulated Waldur of 2024 is running");
      const commands = shown.split("\n").filter((line) => /^ {2}(?:curl|RESOURCE)/.test(line));
      const [list = "", order = "", change = "", end = "", fail = "", faults = "", heal = ""] = commands;
      const type = (...lines: string[]) => runCommand(["bash", "-ec", lines.join("\n")], {});
      const orders = async () => {
        for (let passes = 0; passes < 3; passes++)
          await runSubject(["orders", "-c", join(directory, "kept", "config.yaml")], { env: ENV });
      };
      expect(JSON.parse((await type(list)).stdout)).toMatchObject([{ state: "pending-provider" }]);
      const ordered = (await type(order, "echo $RESOURCE")).stdout.trim();
      expect(ordered).toMatch(/^[0-9a-f]{32}$/);
      const RESOURCE = `RESOURCE=${ordered}`;
      await orders();
      expect(JSON.parse((await type(RESOURCE, change)).stdout)).toEqual({ order_uuid: expect.any(String) });
      await orders();
      expect(JSON.parse((await type(RESOURCE, end)).stdout)).toEqual({ order_uuid: expect.any(String) });

      expect((await type(fail)).stdout).toBe("on: 503@marketplace-orders\n");
      expect((await type(faults)).stdout).toContain("lost-backend-id");
      const config = join(directory, "kept", "config.yaml");
      const failed = await runSubject(["orders", "-c", config, "--retries", "0"], { env: ENV });
      expect(failed.code).toBe(75);
      expect((await type(heal)).stdout).toBe("no fault is on\n");
    } finally {
      child.kill("SIGTERM");
      await child.exited;
      await reading;
    }
    expect(child.exitCode).toBe(0);
  },
  30_000,
);

const ENV = { NO_PROXY: "127.0.0.1" };

test("--order-every without --serve is a usage error", async () => {
  const { code, stderr } = await runSubject(["demo", "--order-every", "5"]);
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr:
      "waldur-cscs-storage: --order-every needs --serve PORT\nhint: the simulated Waldur keeps running only with it\n",
  });
});

test("demo shows both modes, and check, status and diff of what they made", async () => {
  const directory = scratchDirectory("demo-");
  const ran = await runSubject(["demo", "--keep", join(directory, "kept")]);
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  for (const words of ["0 new, 1 gone, 2 changed", "no problems; exit code 0", "sync    last success"])
    expect(ran.stdout).toContain(words);
});
