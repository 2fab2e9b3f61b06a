// With which code a run ends for each fault at each of its requests (docs/contract.md, "Exit codes"). A 4xx or a wrong
// shape about one order is that order's problem; a call that was answered badly but took effect is no failure at all.

import type { ExitCode } from "../../lib/errors.ts";
import type { FAULTS } from "../../lib/simulator/faults.ts";
import type { Step } from "./network-steps.ts";

/** Codes by kind of request, and by the name of a request where it is another one. */
type Row = { list?: ExitCode; one?: ExitCode; post?: ExitCode; at?: Readonly<Record<string, ExitCode>> };

/** Where a current server does not give the list of projects as it should, rows are asked for the slugs themselves. */
const NOT_SERVED = { "providers if served": 0, "projects if served": 0 } as const;
/** Without it each resource that changed is requested alone. */
const UNLISTED = { "what changed": 0 } as const;
/** Rows are picked by their uuid, and each that is missing is requested alone. */
const PICKED = { ...UNLISTED, "page 2 again": 0 } as const;

/** One row that is not given alone is taken from its page, and a list of what changed can be done without. */
const BY_THE_PAGE = { ...UNLISTED, "row alone": 0 } as const;

const EVERYWHERE = (code: ExitCode): Row => ({ list: code, one: code, post: code });

export const CODES: Readonly<Record<keyof typeof FAULTS, Row>> = {
  "500-on-page-2": { list: 75 },
  "503-once": { ...EVERYWHERE(75), at: BY_THE_PAGE },
  "429-retry-after": EVERYWHERE(75),
  "401": EVERYWHERE(77),
  "403-on-orders": { list: 77, one: 10, post: 10 },
  "404-html": { ...EVERYWHERE(69), at: NOT_SERVED },
  html: { list: 65, one: 10, post: 10, at: { ...NOT_SERVED, ...UNLISTED } },
  "html-500": { ...EVERYWHERE(75), at: BY_THE_PAGE },
  redirect: EVERYWHERE(69),
  "redirect-other-host": EVERYWHERE(69),
  hang: { ...EVERYWHERE(75), at: BY_THE_PAGE },
  drop: { ...EVERYWHERE(75), at: BY_THE_PAGE },
  "drop-after-apply": { post: 0 },
  cut: { list: 75, one: 75, post: 0, at: BY_THE_PAGE },
  "cut-gzip": { list: 75, one: 75, post: 0, at: BY_THE_PAGE },
  // Short answers are through before the time is up.
  "slow-body": {
    list: 75,
    one: 75,
    post: 0,
    at: {
      ...BY_THE_PAGE,
      consent: 0,
      terminated: 0,
      "probe without slugs": 0,
      providers: 0,
      "providers if served": 0,
    },
  },
  "broken-json": { list: 65, one: 10, post: 0, at: { ...NOT_SERVED, ...UNLISTED } },
  // A page is read in parts: what is too large under the number 1 alone is the first row, under 2 no row at all.
  "huge-body": {
    list: 65,
    one: 10,
    at: { "page 1": 10, "page 2": 0, "row alone": 10, ...NOT_SERVED, ...PICKED },
  },
  // Where a count is only compared with itself, or asked for a warning, nothing is lost.
  "wrong-count": {
    list: 75,
    at: {
      ...PICKED,
      consent: 65,
      probe: 0,
      "probe without slugs": 0,
      terminated: 0,
      providers: 0,
      "providers if served": 0,
    },
  },
  "no-count": {
    list: 65,
    at: { ...NOT_SERVED, ...PICKED, probe: 0, "probe without slugs": 0, providers: 0 },
  },
  // Without projects nothing can be mapped, and everything is carried over.
  "empty-list": {
    list: 65,
    at: {
      ...NOT_SERVED,
      ...PICKED,
      probe: 0,
      "probe without slugs": 0,
      projects: 10,
      terminated: 0,
      "page 2": 75,
      list: 0,
      consent: 0,
    },
  },
  // No change waits for consent, so that list has no rows to spoil.
  "missing-row": {
    list: 75,
    at: {
      ...PICKED,
      probe: 0,
      "probe without slugs": 10,
      consent: 0,
      terminated: 0,
      providers: 65,
      "providers if served": 0,
    },
  },
  "duplicate-rows": {
    list: 75,
    at: {
      ...PICKED,
      probe: 0,
      "probe without slugs": 0,
      consent: 0,
      terminated: 0,
      providers: 0,
      "providers if served": 0,
    },
  },
  "bad-resource": { list: 0, at: { "page 1": 10 } },
  "wrong-offering": { list: 0, at: { probe: 65, "probe without slugs": 65, list: 65 } },
  // No other offering has anything here; tests of `sync` and `orders` have one.
  "ignored-filter": { list: 0 },
  // Asked for only where GIDs come from Waldur; tests of GIDs have them.
  "project-groups-off": {},
  "gid-pool-without-range": {},
  "shrinking-list": { list: 75 },
  "growing-list": { list: 0 },
  "done-without-effect": { post: 10 },
  "executing-without-effect": { post: 10 },
  "lost-backend-id": { post: 10 },
  "erred-after-approve": { post: 10 },
  "late-worker": { post: 0 },
};

export function codeFor(fault: keyof typeof FAULTS, { name, kind }: Step): ExitCode {
  const code = CODES[fault].at?.[name] ?? CODES[fault][kind];
  if (code === undefined) throw new Error(`no exit code for ${fault} at ${name}`);
  return code;
}
