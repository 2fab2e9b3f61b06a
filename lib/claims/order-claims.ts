// The claims as `orders` uses them: loaded at the first order, asked and written under the lock, loaded again when
// `sync` has written others meanwhile (docs/contract.md, "Mount points").

import type { OfferingConfig } from "../config/config.ts";
import type { Output } from "../output/directory.ts";
import { waitForLock } from "../output/lock.ts";
import type { FoundReceipt } from "../output/receipts.ts";
import type { Mapper } from "../storage/mapper.ts";
import { wantsProvider } from "../storage/profile.ts";
import { sourceOf } from "../storage/source.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchResource, fetchResourceState } from "../waldur/orders.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import { learnFromList } from "./learn.ts";
import { fetchName } from "./names.ts";
import { type Holders, type PathAnswer, type PathQuestion, pathOfOrder } from "./order-path.ts";
import { addReceipt } from "./receipts.ts";
import { type LoadedClaims, loadClaims } from "./recover.ts";
import { claimsIdentity, writeClaims } from "./store.ts";
import type { ClaimTable } from "./table.ts";

export type OrderClaims = {
  /** Answers and writes under the lock: no other run reads between the answer and what `act` does with it. */
  settle<Result>(question: PathQuestion, act: (answer: PathAnswer) => Result): Promise<Result>;
  /** Takes note of a receipt that this run wrote. */
  add(dated: FoundReceipt): void;
  /** Files of the state that count as missing. */
  damaged(): readonly string[];
};

export type ClaimsContext = {
  config: OfferingConfig;
  offering: WaldurOffering;
  mapper: Mapper;
  reader: Reader;
  now: () => Date;
  throwIfOver: () => void;
  /** Shown how far the reading of the list has come. */
  progress: (seen: number, count: number) => void;
  /** null in a dry run, which keeps what it learns to itself. */
  output: Output | null;
  /** Resources as the calls of a dry run would leave them; empty in a real run. */
  foreseen: ReadonlyMap<string, WaldurResource>;
};

/** Reads nothing until the first question, so that a pass without orders costs nothing. */
export function createOrderClaims(context: ClaimsContext): OrderClaims {
  const { config, now, output, throwIfOver } = context;
  const { outputDirectory: directory, nestedMounts: nested, pathReuseAfterDays: days } = config.settings;
  let loaded: LoadedClaims | null = null;
  /** What this run wrote, which a new loading finds in the files, and a dry run only here. */
  const added: FoundReceipt[] = [];
  const damaged = new Set<string>();

  const load = async (): Promise<LoadedClaims> => {
    if (loaded !== null && loaded.identity === claimsIdentity(directory)) return loaded;
    const fresh = loadClaims(directory, { reuseAfterDays: days, now: now() });
    for (const path of fresh.damaged) damaged.add(path);
    for (const dated of added) addTo(fresh, dated);
    const { offering, reader, mapper, progress } = context;
    if (fresh.source.listed.includes(offering.uuid)) return fresh;
    const rules = { offering: offering.uuid, nested, reuseAfterDays: days, now: now(), repath: false };
    const withProvider = wantsProvider(config.settings);
    await learnFromList(fresh.table, rules, { offering, reader, mapper, withProvider, progress });
    const listed = [...fresh.source.listed, offering.uuid];
    return { ...fresh, source: { ...fresh.source, listed }, isUnsure: true };
  };
  const addTo = (claims: LoadedClaims, dated: FoundReceipt) =>
    addReceipt(claims.table, dated, { reuseAfterDays: days });
  const store = (claims: LoadedClaims): void => {
    if (output === null) return;
    writeClaims(output, claims.table, claims.source);
    claims.identity = claimsIdentity(directory);
    claims.isUnsure = false;
  };

  return {
    async settle(question, act) {
      // Also a list that has to be read for it is read without the lock.
      loaded = await load();
      const lock = output === null ? null : await waitForLock(output, throwIfOver);
      try {
        if (loaded.identity !== claimsIdentity(directory)) loaded = await load();
        const holders = askHolders(loaded.table, context);
        const answer = await pathOfOrder(loaded.table, question, {
          holders,
          rules: { offering: config.uuid, nested, now },
        });
        if (loaded.isUnsure || holders.hasLearnt()) store(loaded);
        return act(answer);
      } finally {
        lock?.release();
      }
    },
    add(dated) {
      added.push(dated);
      if (loaded !== null) addTo(loaded, dated);
    },
    damaged: () => [...damaged],
  };
}

type AskedHolders = Holders & { hasLearnt(): boolean };

function askHolders(
  table: ClaimTable,
  { reader, mapper, now, config, offering, foreseen }: ClaimsContext,
): AskedHolders {
  let hasLearnt = false;
  return {
    hasLearnt: () => hasLearnt,
    async isTerminated(owner) {
      const uuid = table.uuid(owner);
      const state = foreseen.get(uuid)?.state ?? (await fetchResourceState(reader, uuid));
      const [isOver, wasOver] = [state === "Terminated", table.ended(owner) !== undefined];
      if (isOver && !wasOver)
        table.end(owner, { at: now().getTime(), days: config.settings.pathReuseAfterDays });
      if (!isOver && wasOver) table.revive(owner);
      hasLearnt ||= isOver !== wasOver;
      return isOver;
    },
    nameOf: (owner) => fetchName(reader, table.uuid(owner)),
    async stillWants(owner, path) {
      const resource = await fetchResource(reader, table.uuid(owner), wantsProvider(config.settings));
      if (resource === null || resource.state === "Terminated") return false;
      const { projectSlug } = resource;
      const backendId = mapper.backendIdOf(resource.backendId);
      if (backendId.startsWith("/")) return backendId === path;
      // If rows have no slugs of the project, or another offering has the template, this is not known; its next sync
      // can.
      if (projectSlug === undefined || table.offeringOf(owner) !== offering.uuid) return true;
      return mapper.placeOf(sourceOf(resource, undefined)).path === path;
    },
  };
}
