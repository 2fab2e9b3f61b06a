// Memory of a run does not grow with the number of resources beyond the proof that the list is complete
// (docs/contract.md, "Sync"). Measured on a process of its own, by the most memory that it ever had.

import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "pathe";
import { documentFrame, entriesText } from "../../lib/storage/text.ts";
import { scratchDirectory } from "../scratch.ts";
import { openStage, runMeasured, type StageOptions, SUBJECT } from "../stage.ts";
import { entry, META } from "../unit/documents/support.ts";

type Peak = { bytes: number; fileBytes: number };

async function peakOf(
  resources: number,
  settings: StageOptions["settings"] = {},
  expected: readonly [code: number, stderr: RegExp] = [0, /^$/],
): Promise<Peak> {
  const stage = await openStage({ resources, settings });
  try {
    const ran = await runMeasured([...SUBJECT, "sync", "-c", stage.configPath], {});
    expect(ran.code).toBe(expected[0]);
    expect(ran.stderr).toMatch(expected[1]);
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

test("directories before 100 000 resources need little more memory than the resources alone", async () => {
  const flat = await peakOf(100_000);
  // A third of the resources are directories of users without a user_item.
  const hierarchy = await peakOf(100_000, { document_profile: "hierarchy" }, [10, /no-user/]);
  expect(hierarchy.fileBytes - flat.fileBytes).toBeGreaterThan(2e6);
  expect(hierarchy.bytes).toBeLessThan(1.15 * flat.bytes);
}, 60_000);

const MOST_BYTES = 120e6;

/** A snapshot with the resources 0 to `count`, in an order of its own; every seventh is `status`. */
async function writeSnapshot(path: string, count: number, status: "active" | "updating"): Promise<void> {
  const { head, first, separator, tail } = documentFrame({ ...META, date: "2026-01-05T09:00:00+00:00" });
  const template = entriesText([entry(0xabcde)]);
  const writer = Bun.file(path).writer();
  writer.write(head);
  for (let n = 0; n < count; n++) {
    const number = status === "active" ? n : count - 1 - n;
    const text = template
      .replace(entry(0xabcde).itemId, number.toString(16).padStart(32, "0"))
      .replace(`/data-${0xabcde}`, `/data-${number}`)
      .replace('"active"', `"${number % 7 === 0 ? status : "active"}"`);
    writer.write((n === 0 ? first : separator) + text);
  }
  writer.write(tail);
  await writer.end();
}

test("diff and validate of 100 000 entries take less than 120 MB", async () => {
  const directory = scratchDirectory("large-");
  const [old, next] = ["2026-01-05-09-00-all.json", "new.json"].map((name) => join(directory, name));
  await writeSnapshot(old ?? "", 100_000, "active");
  await writeSnapshot(next ?? "", 100_000, "updating");
  for (const [command, code] of [
    [["diff", old ?? "", next ?? ""], 10],
    [["diff", "--json", old ?? "", next ?? ""], 10],
    [["validate", old ?? ""], 0],
  ] as const) {
    const ran = await runMeasured([...SUBJECT, ...command], {});
    expect([ran.code, ran.stderr]).toEqual([code, ""]);
    expect([command[0], ran.peakBytes < MOST_BYTES || ran.peakBytes]).toEqual([command[0], true]);
  }
}, 120_000);
