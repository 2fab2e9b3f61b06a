// A history: how the site is set up, and what happens there, step by step. Made up by chance from a seed.

import fc from "fast-check";
import { FAULTS } from "../../lib/simulator/faults.ts";
import type { Generation } from "../../lib/simulator/model.ts";
import { type AnswerStep, answers } from "./answers.ts";
import { type Change, changes, silentChanges } from "./changes.ts";
import { PROFILES, type Profile } from "./directories.ts";
import { type Intervention, interventions, type Placing, placings } from "./interventions.ts";
import type { Litter } from "./litter.ts";
import { SCENES_OF_CREATES, SCENES_OF_UPDATES } from "./placing-scenes.ts";
import { hasSilentChange } from "./silent.ts";

export type Setup = {
  generation: Generation;
  /** The setting; null leaves the minute in names to the zone of the process. */
  timezone: string | null;
  completion: "on-publish" | "on-ack" | "external";
  acceptance: "auto" | "execute";
  backendId: "slug" | "mount_point";
  latestLink: boolean;
  keepSnapshots: number;
  /** Resources that are there from the beginning. */
  resources: number;
  /** The setting `path_reuse_after_days`; null leaves it out. */
  reuseDays: 0 | 7 | null;
  nestedMounts: "allow" | null;
  /** The setting `document_profile`, which a step may change. */
  profile: Profile;
  /** Orders of a second offering of the same server go into the same directory. */
  hasSecondOffering: boolean;
  /** There is a snapshot of them already. */
  published: boolean;
  /** Before the end, operators put in order what cannot be mapped. */
  repaired: boolean;
  /** What was changed silently is read at last by a run with --full; else by the check that goes through in a day. */
  endsFull: boolean;
  /** Rows that the server gives at once at most; null is as many as Waldur does, and so every list is one page. */
  pageSize: number | null;
};

export type Kill = {
  /** The number of the request at which it comes, the first being 0. */
  at: number;
  /** The server handles that request all the same. */
  seen: boolean;
  /** Milliseconds after it. */
  lateMs: number;
};

export type Run = {
  /** Command lines of runs that start at once. */
  runs: readonly string[];
  /** TZ of the processes: the minutes in names jump by up to a day. */
  zone: string;
  /**
   * How far their clock is off; never more than some minutes ahead, because the wait for Waldur's worker goes by it.
   */
  clock: string;
  /** Faults that stand from the beginning, as `--faults` takes them. */
  faults: readonly string[];
  /** Faults of single requests, by number. */
  struck: readonly (readonly [number, string])[];
  /** What others do just before a request is handled. */
  meanwhile: readonly (readonly [number, Intervention | Change | AnswerStep])[];
  /** Of the first of the runs. */
  kill: Kill | null;
};

export const LOSSES = [
  "the state directory",
  "the receipts",
  "the receipts and the order files",
  "the claims",
] as const;
export type Loss = { lose: (typeof LOSSES)[number] };
export type Step =
  | Placing
  | Intervention
  | Change
  | Loss
  | Litter
  | AnswerStep
  | { waitMinutes: number }
  | { waitDays: number }
  | { waitHours: number }
  | { replace: number }
  | { profile: Profile }
  | Run;
export type History = { setup: Setup; steps: readonly Step[] };

/** Without a fault. */
export function isAlone(run: Run): boolean {
  return run.runs.length === 1 && !isDisturbed(run);
}

export function isDisturbed({ runs, faults, struck, meanwhile, kill }: Run): boolean {
  return runs.length > 1 || faults.length + struck.length + meanwhile.length > 0 || kill !== null;
}

const setups: fc.Arbitrary<Omit<Setup, "pageSize">> = fc.record({
  generation: fc.constantFrom<Generation[]>("current", "2024"),
  timezone: fc.constantFrom(null, null, "Europe/Zurich"),
  completion: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Setup["completion"]>("on-publish") },
    { weight: 2, arbitrary: fc.constant<Setup["completion"]>("on-ack") },
    { weight: 1, arbitrary: fc.constant<Setup["completion"]>("external") },
  ),
  acceptance: rarely<Setup["acceptance"]>("auto", "execute", 4),
  backendId: rarely<Setup["backendId"]>("slug", "mount_point", 3),
  latestLink: fc.boolean(),
  keepSnapshots: fc.constantFrom(0, 0, 1, 2),
  resources: fc.oneof(
    { weight: 5, arbitrary: fc.nat({ max: 5 }) },
    // So many that the guard watches over them.
    { weight: 1, arbitrary: fc.integer({ min: 10, max: 14 }) },
  ),
  reuseDays: fc.constantFrom(null, null, 0, 0, 7),
  nestedMounts: rarely<Setup["nestedMounts"]>(null, "allow", 6),
  profile: rarely<Setup["profile"]>("flat", "hierarchy", 3),
  hasSecondOffering: rarely(false, true, 3),
  published: fc.boolean(),
  repaired: fc.boolean(),
  endsFull: fc.boolean(),
});

function rarely<T>(usual: T, rare: T, oneIn: number): fc.Arbitrary<T> {
  return fc.nat({ max: oneIn - 1 }).map((n) => (n === 0 ? rare : usual));
}

/**
 * Left out: what takes half a minute to arrive, and the worker that comes late, which undoes what was done
 * (docs/waldur.md, "The worker of 2024").
 */
const TOO_SLOW_OR_TOO_LATE = new Set(["slow-body", "huge-body", "late-worker"]);
const NAMES = Object.keys(FAULTS).filter((name) => !TOO_SLOW_OR_TOO_LATE.has(name) && name !== "hang");
const faultNames = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.constantFrom(...NAMES, "500", "502", "503", "403", "404", "409", "413", "429"),
  },
  // It costs the second of the shortest `--timeout`.
  { weight: 1, arbitrary: fc.constant("hang") },
);
const PLACES = ["", "marketplace-orders/", "-resources/", "set_state_", "set_backend_id", "approve_by_"];
const standing = fc
  .tuple(faultNames, fc.constantFrom(...PLACES), fc.integer({ min: 1, max: 3 }))
  .map(([name, place, times]) => `${name}${place === "" ? "" : `@${place}`}*${times}`);

/** A pass over one order takes some ten requests. */
const requests = fc.nat({ max: 13 });

const SYNCS = ["sync", "sync", "sync --if-changed", "sync --repath", "sync --full"].map((line) => [line]);

const runs: fc.Arbitrary<Run> = fc.record({
  runs: fc.oneof(
    { weight: 6, arbitrary: fc.constant(["orders"]) },
    { weight: 3, arbitrary: fc.constantFrom(...SYNCS) },
    { weight: 1, arbitrary: fc.constantFrom(["orders --dry-run"], ["sync --dry-run"]) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ["orders", "sync"],
        ["sync", "orders"],
        ["orders", "orders"],
        ["sync", "sync"],
      ),
    },
  ),
  zone: fc.constantFrom("UTC", "UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"),
  clock: fc.constantFrom("+0", "+0", "+0", "+4m", "-90m", "-26h", "-400d"),
  faults: fc.oneof(fc.constant([]), fc.array(standing, { maxLength: 2 })),
  struck: fc.array(fc.tuple(requests, faultNames), { maxLength: 3 }),
  meanwhile: fc.array(
    fc.tuple(requests, fc.oneof(interventions, interventions, changes, answers, silentChanges)),
    {
      maxLength: 3,
    },
  ),
  kill: fc.option(
    fc.record({ at: fc.nat({ max: 11 }), seen: fc.boolean(), lateMs: fc.constantFrom(0, 0, 0, 1, 3, 8) }),
    { freq: 2 },
  ),
});

const LITTERS: Litter[] = [{ litter: "a list of the plugin" }, { litter: "a file that is cut" }];

/** Orders whose resources ask for places that others have or had, and those of the second offering. */
const contested: fc.Arbitrary<Placing> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      place: fc.constant("Create"),
      resource: fc.nat({ max: 6 }),
      bad: rarely(false, true, 8),
      scene: fc.constantFrom(...SCENES_OF_CREATES),
      elsewhere: rarely(false, true, 4),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      place: fc.constant("Update"),
      resource: fc.nat({ max: 6 }),
      bad: fc.constant(false),
      scene: fc.constantFrom(...SCENES_OF_UPDATES),
    }),
  },
);

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: placings(["Create", "Create", "Update", "Update", "Terminate"]) },
  { weight: 1, arbitrary: placings(["Create", "Update", "Terminate", "Restore", "Rename"]) },
  { weight: 3, arbitrary: contested },
  { weight: 2, arbitrary: interventions },
  { weight: 4, arbitrary: changes },
  { weight: 3, arbitrary: silentChanges },
  { weight: 2, arbitrary: answers },
  { weight: 1, arbitrary: fc.record({ waitMinutes: fc.constantFrom(1, 5, 11) }) },
  { weight: 1, arbitrary: fc.record({ waitDays: fc.constantFrom(1, 8) }) },
  { weight: 2, arbitrary: fc.record({ waitHours: fc.constantFrom(1, 5, 11, 13, 25) }) },
  { weight: 1, arbitrary: fc.record({ lose: fc.constantFrom(...LOSSES) }) },
  { weight: 1, arbitrary: fc.constantFrom<Litter>(...LITTERS) },
  { weight: 1, arbitrary: fc.record({ replace: fc.constantFrom(1, 6, 6) }) },
  { weight: 1, arbitrary: fc.record({ profile: fc.constantFrom(...PROFILES) }) },
  { weight: 8, arbitrary: runs },
);

/** Lists of several pages, which are read completely one after the other. */
export const pageSizes: fc.Arbitrary<number | null> = fc.option(fc.constantFrom(2, 2, 3, 3, 4, 5, 7), {
  freq: 2,
});

/** Without the bias of fast-check, which would have the first history of every seed be a small one. */
export const histories: fc.Arbitrary<History> = fc.noBias(
  fc
    .record({
      setup: setups,
      steps: fc.array(steps, { minLength: 3, maxLength: 16, size: "max" }),
      pageSize: pageSizes,
    })
    // What changes silently shows only where an earlier run remembers it.
    .map(({ setup, steps: all, pageSize }) => ({
      setup: {
        ...setup,
        published: setup.published || hasSilentChange({ steps: all }),
        // Pages are checked one after the other, which a full reading would not show.
        endsFull: setup.endsFull && pageSize === null,
        pageSize,
      },
      steps: all,
    })),
);
