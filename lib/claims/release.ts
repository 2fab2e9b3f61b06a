// Letting go of a claim by hand: for a holder that is gone from Waldur, one whose data is gone before its days are
// over, or one of two that files gave one path. The last live holder of a path is let go only by force.

import type { OfferingConfig } from "../config/config.ts";
import { DeclinedError, RetryLaterError, UsageError } from "../errors.ts";
import type { Deed } from "../history/record.ts";
import { openHistory } from "../history/writer.ts";
import { openState } from "../output/directory.ts";
import { type Lock, waitForLock } from "../output/lock.ts";
import { listOpenReceipts } from "../output/receipts.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchResourceState } from "../waldur/orders.ts";
import { isNamed } from "./contenders.ts";
import { type ClaimPlace, directoriesOf, isClaim, loadPlace } from "./list.ts";
import type { LoadedClaims } from "./recover.ts";
import { writeClaims } from "./store.ts";

export type ReleaseRequest = {
  /** In full, as the list of claims shows it. */
  path: string;
  /** Uuid of the holder; only needed where there are several. */
  resource: string | null;
  force: boolean;
};

export type ReleaseContext = {
  offerings: readonly OfferingConfig[];
  /** A client for the server of the offering. */
  readerFor: (offering: OfferingConfig) => Reader;
  now: () => Date;
  throwIfOver: () => void;
  /** Said beside the result. */
  warn: (message: string) => void;
};

/**
 * Returns what was released, in words.
 * @throws DeclinedError when no resource holds the path, or its last holder is live; UsageError when it is not clear
 * which holder is meant
 */
export async function releaseClaim(request: ReleaseRequest, context: ReleaseContext): Promise<string> {
  const place = placeOf(request.path, context);
  const { path, force } = request;
  const found = holdersOf(loadPlace(place, context.now()), path);
  const holder = chooseHolder(found, request);
  const state = await askState(holder, place, context);
  if (!force && isAlive(state) && !(await othersLive(found, holder, { place, context })))
    throw livesThere(path, holder, state);
  const output = openState({
    directory: place.directory,
    requireMount: place.offering.settings.requireMount,
    allowShared: place.offering.settings.allowSharedDirectory,
  });
  const history = openHistory({
    directory: place.directory,
    writer: "claims",
    now: context.now,
    onFailure: ({ message }) => context.warn(message),
  });
  let lock: Lock | null = null;
  try {
    lock = await waitForLock(output, context.throwIfOver);
    const claims = loadPlace(place, context.now());
    if (!hasSameHolders(holdersOf(claims, path), found)) throw changedMeanwhile(path);
    refuseOpenOrder(path, holder, place);
    claims.table.release(claims.table.find(holder.uuid), path, context.now().getTime());
    history.around(deedOf(path, holder), () => writeClaims(output, claims.table, claims.source));
  } finally {
    history.close();
    lock?.release();
    output.close();
  }
  return `released ${path}, which was held by resource ${holder.uuid} (${state ?? "unknown to Waldur"})`;
}

function deedOf(path: string, { uuid: resource, offering }: Holder): Deed {
  return { event: "released", offering, resource, path };
}

type Holder = { uuid: string; offering: string; isNamed: boolean };

function holdersOf({ table }: LoadedClaims, path: string): Holder[] {
  return table
    .claimants(path, -1)
    .same.filter((record) => isClaim(table, record))
    .map((record) => ({
      uuid: table.uuid(table.owner(record)),
      offering: table.offering(record),
      isNamed: isNamed(table, record),
    }));
}

function hasSameHolders(now: readonly Holder[], before: readonly Holder[]): boolean {
  const uuids = new Set(before.map(({ uuid }) => uuid));
  return now.length === before.length && now.every(({ uuid }) => uuids.has(uuid));
}

function placeOf(path: string, { offerings, now }: ReleaseContext): ClaimPlace {
  const holding = directoriesOf(offerings).filter(
    (place) => holdersOf(loadPlace(place, now()), path).length > 0,
  );
  const [place] = holding;
  if (place === undefined) {
    throw new DeclinedError(`no resource holds the mount point ${path}`, {
      hint: "`waldur-cscs-storage claims list` shows the paths in full",
    });
  }
  if (holding.length === 1) return place;
  const shown = holding.map(({ directory, offering }) => `${directory} (${offering.uuid})`);
  throw new UsageError(`the mount point ${path} is held in several directories: ${shown.join(", ")}`, {
    hint: "choose one with --offering-uuid",
  });
}

function chooseHolder(holders: readonly Holder[], { path, resource }: ReleaseRequest): Holder {
  const wanted = resource === null ? holders : holders.filter(({ uuid }) => uuid === resource);
  const [holder] = wanted;
  if (holder !== undefined && wanted.length === 1) return holder;
  const uuids = holders.map(({ uuid }) => uuid).join(", ");
  if (resource !== null) {
    throw new UsageError(`resource ${resource} does not hold the mount point ${path}`, {
      hint: `it is held by: ${uuids}`,
    });
  }
  throw new UsageError(`the mount point ${path} has several holders: ${uuids}`, {
    hint: "choose one with --resource UUID",
  });
}

function askState({ uuid, offering }: Holder, place: ClaimPlace, context: ReleaseContext) {
  const own = context.offerings.find((one) => one.uuid === offering) ?? place.offering;
  return fetchResourceState(context.readerFor(own), uuid);
}

function isAlive(state: string | null): boolean {
  return state !== null && state !== "Terminated";
}

async function othersLive(
  holders: readonly Holder[],
  holder: Holder,
  { place, context }: { place: ClaimPlace; context: ReleaseContext },
): Promise<boolean> {
  for (const other of holders) {
    if (other.uuid === holder.uuid || !other.isNamed) continue;
    if (isAlive(await askState(other, place, context))) return true;
  }
  return false;
}

function livesThere(path: string, { uuid }: Holder, state: string | null): DeclinedError {
  return new DeclinedError(
    `resource ${uuid} is live (${state}) and the last holder of the mount point ${path}: nothing was released`,
    {
      hint: "--force releases it anyway; another resource may then get the path while the data of this one is there",
    },
  );
}

function changedMeanwhile(path: string): RetryLaterError {
  return new RetryLaterError(`the claims on ${path} changed in the meantime: nothing was released`, {
    code: "moving",
    hint: "check `waldur-cscs-storage claims list`, then run it again",
  });
}

/** Its receipt fixed the path, and the file is yet to be published: whatever is released here would be named again. */
function refuseOpenOrder(path: string, { uuid }: Holder, { directory }: ClaimPlace): void {
  const open = listOpenReceipts(directory).find(
    ({ resource, mountPoint, published }) => resource === uuid && mountPoint === path && !published,
  );
  if (open === undefined) return;
  throw new DeclinedError(
    `order ${open.order} is about to publish the mount point ${path}: nothing was released`,
    {
      hint: "run `orders` until the order has its file or has ended, then release the path",
    },
  );
}
