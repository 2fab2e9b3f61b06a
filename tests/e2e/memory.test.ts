// Memory of a run does not grow with the number of resources beyond the proof that the list is complete
// (docs/contract.md, "Sync"). Measured on a process of its own, by the most memory that it ever had.

import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "pathe";
import { openStage, runMeasured, SUBJECT } from "../stage.ts";

type Peak = { bytes: number; fileBytes: number };

async function peakOf(resources: number): Promise<Peak> {
  const stage = await openStage({ resources });
  try {
    const ran = await runMeasured([...SUBJECT, "sync", "-c", stage.configPath], {});
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const [name] = stage.files();
    return {
      bytes: ran.peakBytes,
      fileBytes: statSync(join(stage.out, name ?? "")).size,
    };
  } finally {
    await stage.close();
  }
}

test("40 000 resources need little more memory than 2 000, and far less more than the file is long", async () => {
  const small = await peakOf(2_000);
  const large = await peakOf(40_000);
  expect(large.fileBytes).toBeGreaterThan(19 * small.fileBytes);
  expect(large.bytes).toBeLessThan(1.5 * small.bytes);
  expect(large.bytes - small.bytes).toBeLessThan((large.fileBytes - small.fileBytes) / 2);
}, 30_000);
