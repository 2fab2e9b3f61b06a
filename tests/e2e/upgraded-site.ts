// The site of tests/fixtures/upgrade-0.1.0 in a directory of its own, and the first runs of the program under test
// there.

import { chmodSync, cpSync, existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "pathe";
import { startSimulator } from "../../lib/simulator/server.ts";
import type { StorageDocument } from "../../lib/storage/document.ts";
import { RUNS, STORED, writeConfig } from "../fixtures/upgrade-0.1.0/site.ts";
import {
  changeBeforeUpgrade,
  lastOrder,
  NAMES,
  named,
  playSteps,
  SEED,
  STORED_AT,
} from "../fixtures/upgrade-0.1.0/world.ts";
import { scratchDirectory } from "../scratch.ts";
import { listAll, listPublic, type Ran, runSubject } from "../stage.ts";

type Finding = { code: string; resource?: string; order?: string; message: string };
type OrderLine = { uuid: string; outcome: string; calls: unknown[] };
type Parsed = { problems: Finding[]; notices: Finding[]; orders: OrderLine[] };
type Role = keyof typeof NAMES;
export type Done = Ran & { name: string; report: Parsed; snapshot: StorageDocument };
export type UpgradedSite = Awaited<ReturnType<typeof upgradeSite>>;

export const FIXTURE = resolve(import.meta.dir, "../fixtures/upgrade-0.1.0");
export const STATE = ".waldur-cscs-storage";

export async function upgradeSite() {
  const simulator = startSimulator({ resources: 0, seed: SEED });
  playSteps(simulator.world);
  changeBeforeUpgrade(simulator.world);
  const directory = scratchDirectory("upgrade-");
  copyStored(directory);
  writeConfig(directory, simulator);
  const out = join(directory, "out");
  const orderFiles = listPublic(out).filter((name) => /_[0-9a-f]{32}\.json$/.test(name));
  const untouched = contentsOf(directory);
  const before = pathsOf(out, [...orderFiles, "latest-all.json"]);

  const refused = await runSubject(["orders", "-c", "config.yaml"], { cwd: directory });
  const changedByRefused = contentsOf(directory).filter((line) => !untouched.includes(line));
  const config = join(directory, "config.yaml");
  writeFileSync(config, readFileSync(config, "utf8").replace(/^ *keep_snapshot: 3\n/m, ""));
  untouched.push(...contentsOf(directory));

  const runs: Done[] = [];
  let changedByDryRun: string[] = [];
  for (const { name, args } of RUNS) {
    const isDry = args.includes("--dry-run");
    const ran = await runSubject(isDry ? args : [...args, "--json"], { cwd: directory });
    const snapshot = readDocument(out, "latest-all.json");
    runs.push({ ...ran, name, report: JSON.parse(ran.stdout), snapshot });
    if (isDry) changedByDryRun = contentsOf(directory).filter((line) => !untouched.includes(line));
  }
  await simulator.stop();
  const find = (name: string): Done => runs.find((run) => run.name === name) ?? missing(`run ${name}`);
  return {
    directory,
    out,
    state: join(out, STATE),
    runs,
    run: find,
    /** Paths by resource as the files of 0.1.0 give them, the last snapshot after the order files. */
    before,
    /** Of 0.1.0, in the output directory. */
    orderFiles,
    changedByDryRun,
    /** With a key in the configuration that 0.1.0 only warned of; the other runs are without it. */
    refused,
    changedByRefused,
    /** Uuids, by what the resources are there for. */
    resource: (role: Role) => named(simulator.world, NAMES[role]).uuid,
    order: (role: Role) => lastOrder(simulator.world, NAMES[role]).uuid,
    textOf: (name: string) => readFileSync(join(directory, name), "utf8"),
    documentOf: (name: string) => readDocument(out, name),
    /** What a run reports of an order. */
    line: (name: string, order: string): OrderLine =>
      find(name).report.orders.find(({ uuid }) => uuid === order) ?? missing(`order ${order}`),
  };
}

export function pathsIn({ result }: StorageDocument): Map<string, string> {
  return new Map(result.storageResources.map((entry) => [entry.itemId, entry.mountPoint.default]));
}

export function entryOf({ result }: StorageDocument, uuid: string) {
  return result.storageResources.find(({ itemId }) => itemId === uuid) ?? missing(`entry of ${uuid}`);
}

/** Git keeps neither times nor modes: every file is now as old as it was when 0.1.0 ran last. */
function copyStored(directory: string): void {
  for (const name of STORED)
    cpSync(join(FIXTURE, name), join(directory, name), { recursive: true, verbatimSymlinks: true });
  const shift = Date.now() - dateOf(STORED_AT);
  for (const name of listAll(directory)) {
    const path = join(directory, name);
    if (name.includes(STATE)) chmodSync(path, 0o600);
    if (basename(name) === "latest-all.json") continue;
    const seconds = (writtenAt(path) + shift) / 1000;
    utimesSync(path, seconds, seconds);
  }
  for (const place of STORED) {
    for (const folder of ["", "/receipts", "/receipts/closed"]) {
      const path = join(directory, place, STATE + folder);
      if (existsSync(path)) chmodSync(path, 0o700);
    }
  }
}

/** By the minute in the name of a file, by what a receipt says. */
function writtenAt(path: string): number {
  const [, day, hour, minute] = /^(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-/.exec(basename(path)) ?? [];
  if (day !== undefined) return dateOf(`${day} ${hour}:${minute}:00`);
  const isReceipt = /receipts\/(closed\/)?[0-9a-f]{32}\.json$/.test(path);
  return isReceipt ? Date.parse(JSON.parse(readFileSync(path, "utf8")).claimedAt) : dateOf(STORED_AT);
}

function dateOf(text: string): number {
  return Date.parse(`${text.replace(" ", "T")}Z`);
}

function contentsOf(directory: string): string[] {
  return listAll(directory).map((name) => `${name} ${Bun.hash(readFileSync(join(directory, name)))}`);
}

function pathsOf(out: string, names: readonly string[]): Map<string, string> {
  return new Map(names.flatMap((name) => [...pathsIn(readDocument(out, name))]));
}

function readDocument(out: string, name: string): StorageDocument {
  return JSON.parse(readFileSync(join(out, name), "utf8"));
}

function missing(what: string): never {
  throw new Error(`not there: ${what}`);
}
