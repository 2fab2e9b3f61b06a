// What must hold of the files of a site: after each step, and when all is quiet. Complaints are sentences; none means that
// all is well (docs/contract.md, "Orders", "Sync" and "Publishing").

import { readlinkSync } from "node:fs";
import { join } from "pathe";
import { parseOrderFileName } from "../../lib/output/names.ts";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import { complaintsOfFile, isWhole, STATE_NAME } from "../faults/outcome.ts";
import { type Entry, entriesOfWorld, entryOf, entryOfOrder } from "./expected.ts";
import { isOpen, withThoseBehind } from "./hands.ts";
import { orderFilesOf, type Site, snapshotsOf, strangers } from "./site.ts";

/** Looks at every public file, remembers the new ones, and compares the others with what they were. */
export function complaintsNow(site: Site): string[] {
  const { stage, book } = site;
  return [
    ...stage.files().flatMap((name) => complaintsOfFile(stage, name)),
    ...complaintsOfOrderFiles(site),
    ...book.placed.flatMap((order) => complaintsOfCount(site, order)),
    ...strangers(site).map((name) => `${name} lies beside the output directory`),
  ];
}

function complaintsOfOrderFiles(site: Site): string[] {
  const { stage, seen } = site;
  const names = stage.files().filter((name) => parseOrderFileName(name) !== null);
  const gone = [...seen.orderFiles.keys()].filter((name) => !names.includes(name));
  return [...gone.map((name) => `${name} is gone`), ...names.flatMap((name) => complaintsOfName(site, name))];
}

function complaintsOfName(site: Site, name: string): string[] {
  const { stage, seen } = site;
  const text = stage.readText(name);
  const known = seen.orderFiles.get(name);
  seen.orderFiles.set(name, text);
  if (known !== undefined) return known === text ? [] : [`${name} was written again`];
  return isWhole(stage, name) ? complaintsOfContent(site, name) : [];
}

/** A new file holds what its order was mapped to at some moment of the run that published it. */
function complaintsOfContent({ stage, book, seen }: Site, name: string): string[] {
  const { meta, result } = stage.read(name);
  const parts = parseOrderFileName(name);
  const order = book.placed.find(({ uuid }) => uuid === parts?.uuid);
  const [resource] = result.storageResources;
  if (order === undefined || resource === undefined) return [`${name} is of no order`];
  const entry = entryOf(resource);
  const found = JSON.stringify(entry);
  const holder = seen.held.get(entry.mountPoint) ?? entry.id;
  const possible = [...(seen.possible.get(order.uuid)?.keys() ?? [])];
  return [
    ...(parts?.type === order.type.toLowerCase() ? [] : [`${name} is of an order of type ${order.type}`]),
    ...(meta.order?.uuid === order.uuid ? [] : [`${name} tells of order ${meta.order?.uuid}`]),
    ...(holder === entry.id ? [] : [`${name} has the mount point of resource ${holder}: ${found}`]),
    ...(possible.includes(found) ? [] : [`${name} holds ${found}, not ${possible.join(" or ")}`]),
  ];
}

/** One file at most; exactly one of an order that we set done, or that the provisioner is to finish. */
function complaintsOfCount(site: Site, order: SimOrder): string[] {
  const { book, seen } = site;
  const count = orderFilesOf(site, order).length;
  if (count > 1) return [`order ${order.uuid} has ${count} files`];
  const isOurs = order.state === "done" && !book.finishedByOthers.has(order) && !book.deleted.has(order);
  if (isOurs && count === 0 && !seen.bereft.has(order.uuid))
    return [`order ${order.uuid} is done without a file`];
  return [];
}

/** A snapshot that was just published without any disturbance says what the world says. */
export function complaintsOfSnapshot(site: Site, found: readonly Entry[]): string[] {
  const { stage, seen } = site;
  const wanted = seen.baselines.map((before) => JSON.stringify(entriesOfWorld(stage.world, before)));
  const text = JSON.stringify(found);
  if (wanted.includes(text)) return [];
  return [`the snapshot holds ${text}, not ${[...new Set(wanted)].join(" or ")}`];
}

/** When runs have nothing left to do. */
export function complaintsAtRest(site: Site): string[] {
  return [...complaintsOfOpenOrders(site), ...leftovers(site), ...complaintsOfLink(site), ...tooMany(site)];
}

/** Whatever is still open has a reason for it; published and left to the provisioner is one. */
function complaintsOfOpenOrders(site: Site): string[] {
  const { book, setup } = site;
  const orders = book.placed.filter((order) => !book.deleted.has(order));
  const isExternal = setup.completion === "external";
  const isPublished = (order: SimOrder) =>
    isExternal && order.state === "executing" && orderFilesOf(site, order).length === 1;
  const excused = new Set(withThoseBehind(orders, (order) => isPublished(order) || isStuck(site, order)));
  return orders
    .filter((order) => isOpen(order) && !excused.has(order))
    .map(({ uuid, type, state }) => `the ${type} order ${uuid} is still ${state}`);
}

/** It cannot be mapped, or another resource holds its place. */
function isStuck(site: Site, order: SimOrder): boolean {
  const wanted = entryOfOrder(site.stage.world, order);
  if (wanted === null) return true;
  const [before = []] = site.seen.baselines;
  return [...before, ...othersAt(site, wanted)].some(
    ({ id, mountPoint }) => id !== wanted.id && mountPoint === wanted.mountPoint,
  );
}

/** Creates that are open: their places are taken from the moment they are claimed. */
function othersAt({ stage, book }: Site, { id }: Entry): Entry[] {
  return book.placed
    .filter((order) => order.type === "Create" && order.resourceUuid !== id)
    .flatMap((order) => entryOfOrder(stage.world, order) ?? []);
}

/** Receipts of orders that are open still may stay. */
function leftovers({ stage, book }: Site): string[] {
  const open = new Set(book.placed.filter(isOpen).map(({ uuid }) => `receipts/${uuid}.json`));
  return stage
    .everything()
    .filter((path) => path.startsWith("."))
    .map((path) => path.slice(path.indexOf("/") + 1))
    .filter((path) => !STATE_NAME.test(path) && !open.has(path))
    .map((path) => `${path} is left over`);
}

function complaintsOfLink(site: Site): string[] {
  const { stage, setup } = site;
  const isThere = stage.files().includes(LATEST_NAME);
  if (isThere !== setup.latestLink) return [`${LATEST_NAME} is ${isThere ? "there" : "missing"}`];
  if (!isThere) return [];
  const state = JSON.parse(stage.readText(".waldur-cscs-storage/snapshot.json"));
  const shown = readlinkSync(join(stage.out, LATEST_NAME));
  return shown === state.file ? [] : [`${LATEST_NAME} leads to ${shown}, not to ${state.file}`];
}

/** The one just published may be one too many, where the clock was set back. */
function tooMany(site: Site): string[] {
  const { keepSnapshots } = site.setup;
  const count = snapshotsOf(site).length;
  return keepSnapshots === 0 || count <= keepSnapshots + 1 ? [] : [`${count} snapshots were kept`];
}
