// What `show` must say of every order, resource and path at rest, by the files alone.

import { loadConfig } from "../../lib/config/load.ts";
import type { Known } from "../../lib/show/local.ts";
import { showLocal } from "../../lib/show/show.ts";
import type { Subject } from "../../lib/show/subject.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Entry } from "./expected.ts";
import { LOSSES } from "./history.ts";
import { isOpen } from "./interventions.ts";
import { isLive } from "./paths.ts";
import { orderFilesOf, type Site } from "./site.ts";
import { newestSnapshot } from "./snapshots.ts";

export async function complaintsOfShown(site: Site): Promise<string[]> {
  const { stage, clock, book } = site;
  const config = await loadConfig(stage.configPath, { env: {}, cwd: stage.directory, allowInsecure: false });
  const place = { offerings: config.offerings, now: clock.now() };
  const ask = (subject: Subject): Known | null => showLocal(subject, place)[0] ?? null;
  const entries = newestSnapshot(site)?.entries ?? [];
  return [
    ...book.placed.flatMap((order) => ofOrder(site, order, ask({ uuid: order.uuid }))),
    ...entries.flatMap((entry) => [
      ...ofEntry(entry, ask({ uuid: entry.id })),
      ...ofEntry(entry, ask({ path: entry.mountPoint })),
      ...ofClaim(site, entry, ask({ uuid: entry.id })),
    ]),
    ...(ask({ uuid: "0".repeat(32) }) === null ? [] : ["SHOWN: something of a uuid that nobody has"]),
  ].map((complaint) => `SHOWN: ${complaint}`);
}

function ofOrder(site: Site, order: SimOrder, known: Known | null): string[] {
  const { uuid } = order;
  const names = orderFilesOf(site, order);
  const shown = (known?.files ?? []).map(({ file }) => file);
  const [receipt, ...more] = known?.receipts ?? [];
  return [
    ...(names.join() === shown.join() ? [] : [`order ${uuid} has ${shown.join()}, not ${names.join()}`]),
    ...(more.length > 0 ? [`order ${uuid} has several receipts`] : []),
    ...(receipt === undefined ? ofLackingReceipt(site, order) : ofReceipt(site, order, receipt)),
  ];
}

/** Without a loss, whatever has a file has its receipt: days enough to lose it never go by. */
function ofLackingReceipt(site: Site, order: SimOrder): string[] {
  const isLost = LOSSES.some((loss) => site.seen.outcomes.has(`${loss} lost`));
  return isLost || orderFilesOf(site, order).length === 0 ? [] : [`order ${order.uuid} has no receipt`];
}

function ofReceipt(
  { book, stage }: Site,
  order: SimOrder,
  { open, ended, published, file }: Known["receipts"][number],
): string[] {
  const { uuid } = order;
  // Which end it was is what Waldur said then: a worker that comes late may have changed it since.
  const isThrough = !isOpen(order) || book.deleted.has(order);
  // An order of a resource that ended meanwhile is owed no file, and is left: closed by a lying 404, it stays so.
  const isOfLive = isLive(stage.world.resource(order.resourceUuid ?? ""));
  const isOwed = ended === "done" && isOfLive;
  const isLeft = !isOfLive && order.type !== "Terminate" && !open;
  return [
    ...(open !== isThrough || isLeft ? [] : [`the receipt of order ${uuid} is ${open ? "open" : "closed"}`]),
    ...((ended === null) === open ? [] : [`the receipt of order ${uuid} says that it ended ${ended}`]),
    ...(published || !isOwed ? [] : [`order ${uuid} is done, and ${file} is not published`]),
  ];
}

function ofEntry({ id, mountPoint, status }: Entry, known: Known | null): string[] {
  const shown = (known?.entries ?? []).filter((entry) => entry.resource === id);
  const [found] = shown;
  const isRight = shown.length === 1 && found?.path === mountPoint && found.status === status;
  return isRight ? [] : [`resource ${id} has the entries ${JSON.stringify(shown)}`];
}

/** Who is listed and lives holds the path, unless files leave it open whose it is. */
function ofClaim({ seen, stage }: Site, { id, mountPoint, status }: Entry, known: Known | null): string[] {
  if (status === "pending" || !isLive(stage.world.resource(id)) || seen.owners.pathOf(id) !== mountPoint)
    return [];
  const isHeld = known?.claims.some(({ path, resource }) => resource === id && path === mountPoint) === true;
  return isHeld ? [] : [`resource ${id} does not claim ${mountPoint}`];
}
