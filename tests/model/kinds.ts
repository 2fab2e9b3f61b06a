// The kinds of histories: those of whole sites on the compiled binary, the same inside the test's process, and there
// also dense lives of orders, in which every other step is a pass with a fault, and of lists of several pages, in which
// every third step is a change that no `modified` shows.

import fc from "fast-check";
import { answers } from "./answers.ts";
import { changes, silentChanges } from "./changes.ts";
import { type History, histories, pageSizes, type Run, type Setup, type Step } from "./history.ts";
import { interventions, placings } from "./interventions.ts";
import { BINARY, INSIDE, type Program } from "./programs.ts";

export const KINDS = ["binary", "inside", "orders", "pages"] as const;
export type Kind = (typeof KINDS)[number];

/** No two runs at once and no kill. */
const historiesInside: fc.Arbitrary<History> = histories.map(({ setup, steps }) => ({
  setup,
  steps: steps.map((step) => ("runs" in step ? { ...step, runs: step.runs.slice(0, 1), kill: null } : step)),
}));

export const PLAIN: Omit<Setup, "generation"> = {
  timezone: null,
  completion: "on-publish",
  acceptance: "auto",
  backendId: "slug",
  latestLink: false,
  keepSnapshots: 0,
  resources: 0,
  reuseDays: null,
  nestedMounts: null,
  profile: "flat",
  hasSecondOffering: false,
  published: false,
  repaired: false,
  endsFull: false,
  pageSize: null,
};

const FAULTS = [
  ...["500", "503", "401", "403", "404", "404-html", "409", "html", "redirect", "broken-json"],
  ...["drop", "drop-after-apply", "cut"],
  ...["lost-backend-id", "done-without-effect", "executing-without-effect", "erred-after-approve"],
];

/** A pass over two orders takes some twenty. */
const request = fc.nat({ max: 24 });

const passes: fc.Arbitrary<Run> = fc.record({
  runs: fc.constant(["orders"]),
  zone: fc.constant("UTC"),
  clock: fc.constant("+0"),
  faults: fc.constant([]),
  struck: fc.array(fc.tuple(request, fc.constantFrom(...FAULTS)), { maxLength: 4 }),
  meanwhile: fc.array(fc.tuple(request, fc.oneof(interventions, interventions, answers)), { maxLength: 2 }),
  kill: fc.constant(null),
});

const stepsOfOrders: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: placings(["Create", "Update", "Terminate"]) },
  { weight: 4, arbitrary: interventions },
  { weight: 4, arbitrary: answers },
  { weight: 1, arbitrary: fc.record({ waitMinutes: fc.constantFrom(1, 5, 60) }) },
  { weight: 1, arbitrary: fc.record({ waitDays: fc.constantFrom(1, 1, 8) }) },
  {
    weight: 2,
    arbitrary: fc.record({ lose: fc.constantFrom("the state directory" as const, "the receipts" as const) }),
  },
  { weight: 10, arbitrary: passes },
);

const livesOfOrders: fc.Arbitrary<History> = fc.noBias(
  fc
    .record({
      setup: fc
        .tuple(
          fc.constantFrom("current" as const, "2024" as const),
          fc.constantFrom("on-publish" as const, "on-publish" as const, "on-ack" as const),
        )
        .map(([generation, completion]) => ({ ...PLAIN, generation, completion })),
      steps: fc.array(stepsOfOrders, { minLength: 4, maxLength: 20, size: "max" }),
      pageSize: pageSizes,
    })
    .map(({ setup, steps, pageSize }) => ({ setup: { ...setup, pageSize }, steps })),
);

/** Hours after which some pages are to be read completely, and others are not. */
const waits: fc.Arbitrary<Step> = fc.record({ waitHours: fc.constantFrom(1, 5, 5, 7, 7, 11, 13) });

const syncs: fc.Arbitrary<Run> = fc.record({
  runs: fc.constantFrom(["sync"], ["sync"], ["sync"], ["sync --if-changed"], ["sync --full"]),
  zone: fc.constant("UTC"),
  clock: fc.constantFrom("+0", "+0", "+0", "+0", "+0", "+0", "+0", "+4m", "-90m"),
  faults: fc.constant([]),
  struck: fc.constant([]),
  meanwhile: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(request, fc.oneof(changes, silentChanges)), { maxLength: 2 }) },
  ),
  kill: fc.constant(null),
});

const livesOfPages: fc.Arbitrary<History> = fc.noBias(
  fc.record({
    setup: fc
      .tuple(
        fc.constantFrom("current" as const, "2024" as const),
        fc.integer({ min: 5, max: 14 }),
        fc.constantFrom(2, 2, 3, 3, 4, 5, 7),
      )
      .map(([generation, resources, pageSize]) => ({
        ...PLAIN,
        ...{ generation, resources, pageSize },
        published: true,
      })),
    steps: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: silentChanges },
        { weight: 1, arbitrary: changes },
        { weight: 3, arbitrary: waits },
        { weight: 4, arbitrary: syncs },
      ),
      { minLength: 4, maxLength: 12, size: "max" },
    ),
  }),
);

export const OF_KIND: Readonly<Record<Kind, { histories: fc.Arbitrary<History>; program: Program }>> = {
  binary: { histories, program: BINARY },
  inside: { histories: historiesInside, program: INSIDE },
  orders: { histories: livesOfOrders, program: INSIDE },
  pages: { histories: livesOfPages, program: INSIDE },
};
