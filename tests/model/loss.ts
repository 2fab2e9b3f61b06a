// Somebody deletes what the program keeps for itself, perhaps with the files that could have stood in for it; and what
// is then still known of the paths of resources.

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "pathe";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { parseOrderFileName } from "../../lib/output/names.ts";
import { resourcesIn } from "./directories.ts";
import { entryOf } from "./expected.ts";
import type { Loss } from "./history.ts";
import type { Statement } from "./ownership.ts";
import { type Site, snapshotsOf } from "./site.ts";
import { isOfOptionsOnly } from "./verdict.ts";

export function lose(site: Site, { lose: what }: Loss): void {
  const { stage, seen } = site;
  const state = join(stage.out, STATE_DIRECTORY);
  seen.silence.forget();
  if (what === "the claims") loseClaims(state);
  else
    rmSync(what === "the state directory" ? state : join(state, "receipts"), {
      recursive: true,
      force: true,
    });
  if (what === "the claims" || what === "the state directory") seen.owners.forgetClaims(statementsOf(site));
  if (what === "the state directory") seen.records.begin(stage.simulator.requests.length);
  // Without its receipt nobody knows that such an order, which Waldur completed by itself, is owed a file.
  if (what !== "the claims")
    for (const one of site.book.placed.filter(isOfOptionsOnly)) seen.bereft.add(one.uuid);
  if (what !== "the receipts and the order files") return;
  for (const name of seen.orderFiles.keys()) {
    rmSync(join(stage.out, name));
    // What comes in its place may get its number.
    seen.watched.delete(name);
    seen.records.taken.add(name);
    seen.bereft.add(parseOrderFileName(name)?.uuid ?? "");
  }
  seen.orderFiles.clear();
  seen.answered.filesAreLost();
  seen.owners.forgetOrderFiles();
}

function loseClaims(state: string): void {
  const names = readdirSyncIfThere(state).filter((name) => name.startsWith("claims"));
  for (const name of names) rmSync(join(state, name), { recursive: true });
}

function readdirSyncIfThere(path: string): string[] {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(path);
}

/** What the newest snapshot and all order files say. */
function statementsOf(site: Site): Statement[] {
  const { stage } = site;
  const orderFiles = stage.files().filter((name) => parseOrderFileName(name) !== null);
  const entriesOf = (name: string) => resourcesIn(stage.read(name)).map(entryOf);
  const ofOrders = orderFiles.flatMap((name) =>
    entriesOf(name).map(({ id, mountPoint }) => ({ resource: id, path: mountPoint, orderFile: name })),
  );
  const ofSnapshot = newestOf(site).flatMap((name) =>
    entriesOf(name)
      .filter(({ status }) => status !== "pending")
      .map(({ id, mountPoint }) => ({ resource: id, path: mountPoint, orderFile: null })),
  );
  return [...ofOrders, ...ofSnapshot];
}

/** Empty where two ways to find the newest snapshot give two answers: then it proves nothing. */
function newestOf(site: Site): string[] {
  const names = snapshotsOf(site);
  const newestBy = (time: "ctimeMs" | "mtimeMs") =>
    names
      .map((name) => ({ name, at: statSync(join(site.stage.out, name))[time] }))
      .sort((a, b) => b.at - a.at)[0]?.name;
  const newest = newestBy("ctimeMs");
  return newest !== undefined && newest === newestBy("mtimeMs") ? [newest] : [];
}
