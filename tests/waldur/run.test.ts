// What a run promises whatever the mode does with its offerings: the others continue, the lock is given back, a report
// comes.

import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "pathe";
import type { ModeWork } from "../../lib/run/options.ts";
import { runMode } from "../../lib/run/run.ts";
import { openStage, type Stage, surroundings } from "../stage.ts";

const OTHER = "0123456789abcdef0123456789abcdef";

function openPair(): Promise<Stage> {
  return openStage({
    config: ({ url, token, offering, out }) =>
      `offerings:${[offering, OTHER]
        .map(
          (uuid) => `
  - name: ${uuid}
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${uuid}
    order_processing_backend: cscs-hpc-storage
    backend_settings: { output_directory: ${out} }
`,
        )
        .join("")}`,
  });
}

/** A run of `orders` in which this is done with each offering. */
async function runWith(stage: Stage, publish: ModeWork["publish"]) {
  const lines: string[] = [];
  const report = await runMode(
    {
      mode: "orders",
      configPath: stage.configPath,
      offeringUuids: [],
      dryRun: false,
      silenceMs: 1000,
      deadlineMs: 10_000,
      retries: 0,
      allowInsecureConfig: false,
    },
    surroundings({ cwd: stage.directory, level: "normal", write: (line) => lines.push(line) }),
    { publish, describe: () => Promise.reject(new Error("this is no dry run")) },
  );
  return { report, lines };
}

test("a bug ends its offering with the code 1 and a stack, and not the other one", async () => {
  const stage = await openPair();
  try {
    const { report, lines } = await runWith(stage, async ({ line }) => {
      if (line.uuid !== OTHER) throw new TypeError("undefined is no function");
      line.outcome = "published";
    });
    expect(report.exitCode).toBe(1);
    expect(report.offerings.map(({ outcome }) => outcome)).toEqual(["failed", "published"]);
    expect(report.problems).toMatchObject([{ code: "bug", offering: stage.simulator.offeringUuid }]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      / error this is a bug: TypeError: undefined is no function\s+at .*run\.test\.ts/,
    );
  } finally {
    await stage.close();
  }
});

test("gives the lock back, and reports every problem, where the memory of problems cannot be read", async () => {
  const stage = await openPair();
  try {
    mkdirSync(join(stage.out, ".waldur-cscs-storage/problems-orders.json"), { recursive: true });
    for (const _pass of [1, 2]) {
      const { report, lines } = await runWith(stage, async ({ line, ledger }) => {
        ledger.addProblem({ code: "bad-slug", offering: line.uuid, message: "slug is empty" });
      });
      expect(report.exitCode).toBe(10);
      expect(lines.map((text) => text.split(" ").slice(1, 5).join(" "))).toEqual([
        "warn slug is empty",
        "warn slug is empty",
        "warn orders: published 0",
      ]);
    }
  } finally {
    await stage.close();
  }
});

test("an offering whose slug is not a part of a path is reported once, and orders and snapshot stay", async () => {
  const stage = await openStage({ resources: 5, orders: 2 });
  try {
    stage.world.offering.slug = "../etc";
    for (const mode of ["sync", "orders"] as const) {
      const { report } = await stage.runHere(mode);
      expect(report.exitCode).toBe(65);
      expect(report.problems).toMatchObject([
        { code: "answer", hint: expect.stringContaining("storage_system") },
      ]);
    }
    expect(stage.files()).toEqual([]);
    expect(stage.requestsOf("POST")).toEqual([]);
  } finally {
    await stage.close();
  }
});
