// The stage for tests of `sync`: closed after each test, and with a clock that stands where the test puts it.

import { afterEach } from "bun:test";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import type { SimResource } from "../../lib/simulator/model.ts";
import { documentDigest } from "../../lib/storage/digest.ts";
import {
  type Arrival,
  type HereOptions,
  listenTo,
  openStage,
  type Stage,
  type StageOptions,
} from "../stage.ts";

export const GENERATIONS = ["current", "2024"] as const;

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

/** A stage that is closed after the test. */
export async function open(options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage({ inMemory: true, ...options });
  stages.push(stage);
  return stage;
}

/** The n-th minute of a morning. */
export function minute(n: number): Date {
  return new Date(Date.UTC(2026, 0, 5, 9, n));
}

/** The clock of a run so many hours after that morning began. */
export function hour(n: number): { now: () => Date } {
  return { now: () => new Date(minute(0).getTime() + n * 3_600_000) };
}

/** The name of a snapshot of that minute. */
export function nameAt(n: number): string {
  return `${minute(n).toISOString().slice(0, 16).replace(/[T:]/g, "-")}-all.json`;
}

/** Runs sync as if at that minute, without waiting for anything that fails. */
export function syncAt(stage: Stage, n: number, more: HereOptions = {}) {
  return stage.runHere("sync", { now: () => minute(n), retries: 0, silenceMs: 500, ...more });
}

/** Uuids of the entries of a snapshot, in their order. */
export function idsIn(stage: Stage, name: string): string[] {
  return stage.read(name).result.storageResources.map((entry) => entry.itemId);
}

/** What the server would call live, in the order of its lists. */
export function liveIds(stage: Stage): string[] {
  return stage.world
    .resources()
    .filter((resource) => resource.state !== "Terminated")
    .map((resource) => resource.uuid);
}

/** Resources with slugs of their own, `data-0` and so on. */
export function addResources(stage: Stage, count: number): SimResource[] {
  return Array.from({ length: count }, (_, n) =>
    stage.world.addResource({ name: `data-${n}`, slug: `data-${n}` }),
  );
}

/** The text of one entry as in a snapshot. */
export function entryText(stage: Stage, name: string, uuid: string): string {
  const text = stage.readText(name);
  const start = text.indexOf(`      {\n        "itemId": "${uuid}"`);
  return start < 0 ? "" : text.slice(start, text.indexOf("\n      }", start) + "\n      }".length);
}

/** The path that an entry's text names. */
export function pathIn(text: string): string {
  return /"mountPoint": \{\s+"default": "([^"]*)"/.exec(text)?.[1] ?? "";
}

export function statePath(stage: Stage, file = ""): string {
  return join(stage.out, STATE_DIRECTORY, file);
}

export function loseState(stage: Stage): void {
  rmSync(statePath(stage), { recursive: true });
}

/** Makes it so that the last run, of a version that knew no claims, published this text under that name. */
export function publishAs(stage: Stage, name: string, text: string): void {
  writeFileSync(join(stage.out, name), text);
  const state = JSON.parse(readFileSync(statePath(stage, "snapshot.json"), "utf8"));
  writeFileSync(
    statePath(stage, "snapshot.json"),
    JSON.stringify({ ...state, file: name, bytes: Buffer.byteLength(text), sha256: documentDigest([text]) }),
  );
  rmSync(statePath(stage, "claims"), { force: true });
}

/** A snapshot's bytes and time, to see later that it was not touched. */
export function imprint(stage: Stage, name: string): { text: string; mtimeMs: number } {
  const path = join(stage.out, name);
  return { text: readFileSync(path, "utf8"), mtimeMs: statSync(path).mtimeMs };
}

/** Leftover temporary files. */
export function leftovers(stage: Stage): string[] {
  return stage.everything().filter((name) => name.includes("tmp-"));
}

/** Calls back when a request arrives, before the server looks at it. */
export function onArrival(stage: Stage, act: (request: Arrival) => void): void {
  listenTo(stage.simulator).push(act);
}

/** The page of the list of live resources that a request asks for; null for every other request. */
export function livePage({ path, query }: Pick<Arrival, "path" | "query">): number | null {
  const asked = new URLSearchParams(query);
  if (path !== "marketplace-provider-resources/" || !asked.getAll("state").includes("OK")) return null;
  return Number(asked.get("page"));
}
