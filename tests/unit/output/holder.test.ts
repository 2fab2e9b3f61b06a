// The note of a run that lasts: renewed while it lasts, gone with it, and never in its way.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { keepNote, readHolder } from "../../../lib/output/holder.ts";
import { openScratch } from "./scratch.ts";

const SINCE = new Date("2026-11-27T08:00:00Z");

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 400; tries++) await Bun.sleep(5);
  expect(isSo()).toBe(true);
}

test("has host, process and start, is renewed, and removed with the run", async () => {
  const { statePath, mode } = openScratch();
  let minute = 1;
  const now = () => new Date(SINCE.getTime() + 60_000 * minute++);
  const end = keepNote({ statePath, mode, since: SINCE, now }, 5);
  await until(() => readHolder(statePath, mode) !== null);
  expect(readHolder(statePath, mode)).toMatchObject({
    ...{ host: hostname(), pid: process.pid, isHere: true, since: "2026-11-27T08:00:00.000Z" },
    seen: expect.stringMatching(/^2026-11-27T08:/),
  });
  expect(statSync(join(statePath, "running-orders.json")).mode & 0o777).toBe(0o600);
  await until(() => readHolder(statePath, mode)?.seen === "2026-11-27T08:03:00.000Z" || minute > 4);
  end();
  const listed = readdirSync(statePath);
  expect(listed.filter((name) => name !== "lock-orders")).toEqual([]);
  await Bun.sleep(20);
  expect(readdirSync(statePath)).toEqual(listed);
});

test("of a run that ends before the disk answers there is none", async () => {
  const { statePath, mode } = openScratch();
  keepNote({ statePath, mode, since: SINCE, now: () => SINCE })();
  await Bun.sleep(20);
  expect(existsSync(join(statePath, "running-orders.json"))).toBe(false);
});

test("something else with its name, or a missing directory, does not stop a run", async () => {
  const { directory, statePath, mode } = openScratch();
  mkdirSync(join(statePath, "running-orders.json"));
  for (const place of [statePath, `${statePath}-gone`]) {
    const end = keepNote({ statePath: place, mode, since: SINCE, now: () => SINCE }, 5);
    await Bun.sleep(20);
    end();
  }
  expect(readdirSync(directory)).toEqual([".waldur-cscs-storage"]);
});
