// What must hold of the files of a site: after each step, and when all is quiet. Complaints are sentences; none means
// that all is well (docs/contract.md, "Orders", "Sync" and "Publishing").

import { readlinkSync } from "node:fs";
import { join } from "pathe";
import { parseOrderFileName } from "../../lib/output/names.ts";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import { complaintsOfFile, isWhole, STATE_NAME } from "../faults/outcome.ts";
import { complaintsOfAcks, mayWaitOn, waitsForAnswer } from "./answers.ts";
import { contestsOf, isDisputed, isSurelyHeld } from "./contest.ts";
import { resourcesIn } from "./directories.ts";
import { type Expected, entryOf, fits, tableOf, valuesOfOrder } from "./expected.ts";
import { isOpen, withThoseBehind } from "./interventions.ts";
import { complaintsOfLitter, isLitter } from "./litter.ts";
import { backendPath, hasBadSlug, isLive, isNearlyPath, wantedPath } from "./paths.ts";
import { complaintsOfPlain, isPlain } from "./plain.ts";
import { orderFilesOf, type Site, snapshotsOf, strangers } from "./site.ts";

/** Looks at every public file, remembers the new ones, and compares the others with what they were. */
export function complaintsNow(site: Site): string[] {
  const { stage, book } = site;
  return [
    ...stage
      .files()
      .filter((name) => !isLitter(name))
      .flatMap((name) => complaintsOfFile(stage, name)),
    ...complaintsOfLitter(stage.out, site.seen.litter),
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
  const document = stage.read(name);
  const { meta } = document;
  const parts = parseOrderFileName(name);
  const order = book.placed.find(({ uuid }) => uuid === parts?.uuid);
  const [resource] = resourcesIn(document);
  if (order === undefined || resource === undefined) return [`${name} is of no order`];
  const entry = entryOf(resource);
  const possible = [...(seen.possible.get(order.uuid)?.keys() ?? [])];
  const isPossible = possible.some((text) => {
    const expected: Expected | null = JSON.parse(text);
    return expected !== null && fits(entry, expected);
  });
  return [
    ...(parts?.type === order.type.toLowerCase() ? [] : [`${name} is of an order of type ${order.type}`]),
    ...(meta.order?.uuid === order.uuid ? [] : [`${name} names order ${meta.order?.uuid}`]),
    ...(isPossible ? [] : [`${name} holds ${JSON.stringify(entry)}, not ${possible.join(" or ")}`]),
  ];
}

/** One file at most; exactly one of an order that we set done, or that the provisioner is to finish. */
function complaintsOfCount(site: Site, order: SimOrder): string[] {
  const count = orderFilesOf(site, order).length;
  if (count > 1) return [`order ${order.uuid} has ${count} files`];
  // Waldur may complete one of options only by itself; its file is owed, and looked for in the end.
  if (isOfOptionsOnly(order)) return [];
  return isDoneWithoutFile(site, order) ? [`order ${order.uuid} is done without a file`] : [];
}

export function isOfOptionsOnly({ type, limits }: SimOrder): boolean {
  return type === "Update" && Object.keys(tableOf(limits)).length === 0;
}

function isDoneWithoutFile(site: Site, order: SimOrder): boolean {
  const { book, seen } = site;
  const isOurs = order.state === "done" && !book.finishedByOthers.has(order) && !book.deleted.has(order);
  return isOurs && orderFilesOf(site, order).length === 0 && !seen.bereft.has(order.uuid);
}

/** When runs have nothing left to do. */
export function complaintsAtRest(site: Site): string[] {
  // Nobody needs the file of a resource that has ended.
  const isMoot = ({ resourceUuid }: SimOrder) => site.seen.lives.hasEnded(resourceUuid ?? "");
  const owed = site.book.placed.filter((order) => isDoneWithoutFile(site, order) && !isMoot(order));
  return [
    ...owed.map(({ uuid }) => `order ${uuid} is done without a file`),
    ...complaintsOfOpenOrders(site),
    ...complaintsOfPlain(site),
    ...leftovers(site),
    ...complaintsOfAcks(site),
    ...complaintsOfLink(site),
    ...tooMany(site),
  ];
}

/** Whatever is still open has a reason for it; published and left to the provisioner is one. */
function complaintsOfOpenOrders(site: Site): string[] {
  const { book, setup } = site;
  const orders = book.placed.filter((order) => !book.deleted.has(order));
  const isExternal = setup.completion === "external";
  const isPublished = (order: SimOrder) =>
    isExternal && order.state === "executing" && orderFilesOf(site, order).length === 1;
  const mayStay = (order: SimOrder) =>
    isPublished(order) || mayWaitOn(site, order) || (!waitsForAnswer(site, order) && isStuck(site, order));
  const excused = new Set(withThoseBehind(orders, mayStay));
  return orders
    .filter((order) => isOpen(order) && !excused.has(order))
    .map(({ uuid, type, state }) => `the ${type} order ${uuid} is still ${state}`);
}

/** It cannot be mapped, or somebody else has its path, or may have it. */
function isStuck(site: Site, order: SimOrder): boolean {
  const { owners, wants, lives } = site.seen;
  const resource = site.stage.world.resource(order.resourceUuid ?? "");
  const { uuid } = resource;
  if (order.type !== "Terminate" && !isLive(resource)) return true;
  if (isPlain(site)) return valuesOfOrder(site.stage.world, order) === null;
  if (valuesOfOrder(site.stage.world, order) === null) return true;
  if (hasBadSlug(resource) && order.type !== "Terminate") return true;
  const kept = owners.pathOf(uuid);
  if (kept !== null && isDisputed(site, uuid, [kept])) return true;
  if (kept !== null && !lives.hasEnded(uuid)) return isOuterOfLiving(site, order, kept);
  if (!owners.isProved(uuid) && isNearlyPath(resource.backendId)) return true;
  if (!owners.isNamed(uuid) && wantedPath(site.stage.world, resource) === null) return true;
  const claims = owners.claimsOf(uuid).map(({ path }) => path);
  const paths = [
    ...claims,
    ...wants.possible(uuid),
    ...(backendPath(resource) === null ? [] : [resource.backendId ?? ""]),
  ];
  return paths.length === 0 || paths.some((path) => contestsOf(site, uuid, path).length > 0);
}

/** Where one mount may lie inside another, the outer one is not removed while somebody lives inside. */
function isOuterOfLiving(site: Site, { type, resourceUuid }: SimOrder, kept: string): boolean {
  const { owners } = site.seen;
  if (type !== "Terminate") return false;
  return (
    isSurelyHeld(site, resourceUuid ?? "", kept) ||
    owners
      .holders()
      .some(
        (other) =>
          isLive(site.stage.world.resource(other)) &&
          owners.claimsOf(other).some(({ path }) => path.startsWith(`${kept}/`)),
      )
  );
}

const CLAIMS_NAME = /^(?:claims[^/]*|lock-claims)$/;

/** Receipts of orders that are open still may stay. */
function leftovers({ stage, book }: Site): string[] {
  const open = new Set(book.placed.filter(isOpen).map(({ uuid }) => `receipts/${uuid}.json`));
  return stage
    .everything()
    .filter((path) => path.startsWith("."))
    .map((path) => path.slice(path.indexOf("/") + 1))
    .filter((path) => !STATE_NAME.test(path) && !CLAIMS_NAME.test(path) && !open.has(path))
    .map((path) => `${path} is left over`);
}

function complaintsOfLink(site: Site): string[] {
  const { stage, setup } = site;
  const isThere = stage.files().includes(LATEST_NAME);
  if (isThere !== (setup.latestLink && snapshotsOf(site).length > 0))
    return [`${LATEST_NAME} is ${isThere ? "there" : "missing"}`];
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
