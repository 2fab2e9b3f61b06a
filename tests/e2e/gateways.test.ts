// Two gateways for one offering: the passive one does nothing, quietly, and two with separate directories find each
// other out where the server shows who accepted an order (docs/operations.md, "Two gateways").

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { listingOf, withStage } from "./program.ts";

setDefaultTimeout(30_000);

const GOOD = { code: 0, stdout: "", stderr: "" };
const PREFIX = "waldur_cscs_storage_";

/** Lines of a metrics file that begin so, by what follows the name. */
const samples = (path: string, name: string) =>
  readFileSync(path, "utf8").match(new RegExp(`^${PREFIX}${name}\\{.*\\} .*$`, "gm")) ?? [];

describe("active_if", () => {
  test.each(["sync", "orders"])("makes %s do nothing while the file does not exist", (mode) =>
    withStage({ orders: 1 }, async (stage) => {
      const active = join(stage.directory, "active");
      const metrics = join(stage.directory, "a.prom");
      const text = readFileSync(stage.configPath, "utf8");
      writeFileSync(
        stage.configPath,
        text.replace(/( +)output_directory/, `$1active_if: ${active}\n$1output_directory`),
      );
      const run = (...more: string[]) => stage.run([mode, "--metrics-file", metrics, ...more]);
      writeFileSync(active, "");
      expect(await run()).toEqual(GOOD);
      const asked = stage.simulator.requests.length;
      const [success] = samples(metrics, "last_success_timestamp_seconds");
      expect(samples(metrics, "active")[0]).toEndWith("} 1");

      rmSync(active);
      const before = listingOf(stage.out);
      expect(await run()).toEqual(GOOD);
      expect([stage.simulator.requests.length, listingOf(stage.out)]).toEqual([asked, before]);
      expect(samples(metrics, "active")[0]).toEndWith("} 0");
      expect(samples(metrics, "last_success_timestamp_seconds")).toEqual([success ?? "?"]);
      const ran = await run("--json");
      expect(JSON.parse(ran.stdout)).toMatchObject({
        exitCode: 0,
        problems: [],
        offerings: [{ outcome: "skipped", passive: true }],
      });
      const dry = await run("--dry-run");
      expect([dry.code, dry.stderr.includes(`this gateway is passive: ${active} does not exist`)]).toEqual([
        0,
        true,
      ]);

      const status = await stage.run(["status", "--local", "-c", stage.configPath]);
      expect([status.code, status.stdout.includes("this gateway is the passive one")]).toEqual([0, true]);

      // Where nothing is known, nothing is skipped without a message.
      symlinkSync("active", active);
      const unknown = await run();
      expect(unknown.code).toBe(75);
      expect(unknown.stderr).toContain(
        `cannot find out whether this gateway is active: ${active} (active_if): ELOOP`,
      );
      expect(samples(metrics, "active")[0]).toEndWith("} 1");
      expect(stage.simulator.requests).toHaveLength(asked);
    }),
  );
});

describe("two directories for one offering", () => {
  const SAYS = "another waldur-cscs-storage publishes this offering elsewhere";

  /** The configuration of a second gateway, beside the stage's own. */
  function secondGateway({
    directory,
    configPath,
    out,
  }: {
    directory: string;
    configPath: string;
    out: string;
  }) {
    const other = join(directory, "other.yaml");
    writeFileSync(other, readFileSync(configPath, "utf8").replace(out, `${directory}/other`), {
      mode: 0o600,
    });
    return other;
  }

  test("are found out by an order that our user accepted, and not from here", () =>
    withStage({ orders: 1 }, async (stage) => {
      const other = secondGateway(stage);
      stage.simulator.setFaults(["503@set_state_done"]);
      expect((await stage.run(["orders"])).code).toBe(75);
      stage.simulator.setFaults([]);
      expect(stage.world.orders[0]?.state).toBe("executing");
      const found = await stage.run(["orders", "-c", other]);
      expect(found.code).toBe(10);
      expect(found.stderr).toContain(SAYS);
      expect(found.stderr).toContain(String(stage.world.orders[0]?.uuid));
      expect(found.stderr).toContain("active_if");
    }));

  test("are not suspected where the first gateway continues itself", () =>
    withStage({ orders: 1 }, async (stage) => {
      stage.simulator.setFaults(["503@set_state_done"]);
      expect((await stage.run(["orders"])).code).toBe(75);
      stage.simulator.setFaults([]);
      const asked = stage.simulator.requests.length;
      expect(await stage.run(["orders"])).toEqual(GOOD);
      expect(stage.simulator.requests.slice(asked).some(({ path }) => path.startsWith("users/"))).toBe(false);
    }));

  test("are not suspected on a server of 2024, which does not say who set an order executing", () =>
    withStage({ orders: 1, generation: "2024" }, async (stage) => {
      const other = secondGateway(stage);
      stage.simulator.setFaults(["503@set_state_done"]);
      await stage.run(["orders"]);
      stage.simulator.setFaults([]);
      expect((await stage.run(["orders", "-c", other])).stderr).not.toContain(SAYS);
    }));
});
