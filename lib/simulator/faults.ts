// Faults on request: what a server, a proxy or a network does to a client that trusts them. A fault is asked for by
// name, with `@text` for the requests whose path and query hold that text, and `*n` for only the first n of them:
// `503@marketplace-orders/*2`, `drop-after-apply@set_state_done*1`. Any three digits are a status.

import { type Answer, html, redirect } from "./answers.ts";
import type { Concern, Exchange } from "./exchange.ts";
import {
  answerWith,
  cutRows,
  doubleRow,
  emptyList,
  growList,
  isList,
  isPageTwo,
  renameSlug,
  shrinkList,
  withCount,
  withOtherOffering,
} from "./list-faults.ts";

type Kind =
  /** Answers in place of the server, which sees nothing of the request. */
  | { instead: (exchange: Pick<Exchange, "origin" | "path">) => Answer }
  /** Something happens in the world just before the request is handled. */
  | { before: (exchange: Exchange) => void }
  /** The answer is spoilt on its way. */
  | { after: (answer: Answer, exchange: Exchange) => Answer }
  /** The endpoint itself plays it; it finds the name among the quirks. */
  | { quirk: true };

export type Fault = {
  /** For help texts: what the client meets. */
  summary: string;
  /** Which requests; absent: all. */
  concerns?: (request: Concern) => boolean;
  /** How often when the name has no `*n`; absent: every time. */
  times?: number;
} & Kind;

const isPost = ({ method }: Concern) => method === "POST";
const ends = (name: string) => (request: Concern) => isPost(request) && request.path.endsWith(`/${name}/`);
const accepts = (request: Concern) =>
  ends("approve_by_provider")(request) || ends("set_state_executing")(request);

const isGroups = ({ path }: Concern) => path.startsWith("marketplace-service-provider-project-groups/");

/** Every fault by its name. */
export const FAULTS = {
  "500-on-page-2": {
    summary: "page 2 of every list is answered with 500",
    concerns: isPageTwo,
    instead: () => answerWith(500),
  },
  "503-once": { summary: "the first request is answered with 503", times: 1, instead: () => answerWith(503) },
  "429-retry-after": {
    summary: "requests are answered with 429 and Retry-After: 1",
    instead: () => answerWith(429),
  },
  "401": { summary: "the token is refused", instead: () => answerWith(401) },
  "403-on-orders": {
    summary: "everything about orders is forbidden",
    concerns: ({ path }) => path.startsWith("marketplace-orders/"),
    instead: () => answerWith(403),
  },
  "404-html": {
    summary: "endpoints are missing: 404 with a page of HTML",
    instead: () => html(404, "Not Found", "<h1>Not Found</h1>"),
  },
  html: {
    summary: "a login page in HTML with 200",
    instead: () => html(200, "Sign in", "<h1>Sign in</h1>"),
  },
  "html-500": { summary: "a page of HTML with 500", instead: () => answerWith(500) },
  redirect: {
    summary: "302 to another path of the same server",
    instead: ({ origin, path }) => redirect(302, `${origin}/login/?next=/api/${path}`),
  },
  "redirect-other-host": {
    summary: "302 to another server",
    instead: ({ path }) => redirect(302, `https://elsewhere.example.org/api/${path}`),
  },
  hang: { summary: "no answer ever", instead: () => ({ ...answerWith(200), delivery: "hang" }) },
  drop: {
    summary: "the connection is closed before the server sees the request",
    instead: () => ({ ...answerWith(200), delivery: "drop" }),
  },
  "drop-after-apply": {
    summary: "a POST takes effect, then the connection is closed without an answer",
    concerns: isPost,
    after: (answer) => ({ ...answer, delivery: "drop" }),
  },
  cut: {
    summary: "the connection is closed in the middle of the body",
    after: (answer) => ({ ...answer, delivery: "cut" }),
  },
  "cut-gzip": {
    summary: "the body is compressed, and ends in the middle",
    after: (answer) => ({ ...answer, delivery: "gzip-cut" }),
  },
  "slow-body": {
    summary: "the body drips, a byte at a time",
    after: (answer) => ({ ...answer, delivery: "drip" }),
  },
  "broken-json": {
    summary: "the body is half of the JSON that it should be",
    after: (answer) => ({ ...answer, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) }),
  },
  "huge-body": {
    summary: "the body is a list in 48 MiB of white space",
    concerns: ({ method }) => method === "GET",
    instead: () => ({ ...answerWith(200), body: `[${" ".repeat(HUGE_BYTES)}]` }),
  },
  "wrong-count": {
    summary: "X-Result-Count is one more than there are rows",
    concerns: isList,
    after: (answer) => withCount(answer, (count) => String(count + 1)),
  },
  "no-count": {
    summary: "lists come without X-Result-Count and Link",
    concerns: isList,
    after: (answer) => withCount(answer, () => null),
  },
  "empty-list": { summary: "every list is empty", concerns: isList, after: emptyList },
  "missing-row": { summary: "each page lacks its last row", concerns: isList, after: cutRows },
  "duplicate-rows": {
    summary: "each page has its first row again in place of its last",
    concerns: isList,
    after: doubleRow,
  },
  "bad-resource": {
    summary: "the first resource of page 1 has ../../etc for a slug",
    concerns: isList,
    after: renameSlug,
  },
  "wrong-offering": {
    summary: "rows are of another offering than the one asked for",
    concerns: isList,
    after: withOtherOffering,
  },
  "ignored-filter": { summary: "the filter by offering is ignored", concerns: isList, quirk: true },
  "shrinking-list": {
    summary: "a resource is terminated before each page 2",
    concerns: isPageTwo,
    before: shrinkList,
  },
  "growing-list": {
    summary: "a resource is added before each page 2",
    concerns: isPageTwo,
    before: growList,
  },
  "done-without-effect": {
    summary: "set_state_done is answered with 200 and does nothing",
    concerns: ends("set_state_done"),
    quirk: true,
  },
  "executing-without-effect": {
    summary: "set_state_executing is answered with 200 and does nothing",
    concerns: ends("set_state_executing"),
    quirk: true,
  },
  "lost-backend-id": {
    summary: "set_backend_id is answered with 200 and does nothing",
    concerns: ends("set_backend_id"),
    quirk: true,
  },
  "erred-after-approve": {
    summary: "an order errs by itself as soon as it is accepted",
    concerns: accepts,
    quirk: true,
  },
  "project-groups-off": {
    summary: "project groups are switched off: their list is empty",
    concerns: isGroups,
    quirk: true,
  },
  "gid-pool-without-range": {
    summary: "project groups have no GID",
    concerns: isGroups,
    quirk: true,
  },
  "late-worker": {
    summary: "the worker behind approve_by_provider runs only after the order has ended",
    concerns: ends("approve_by_provider"),
    quirk: true,
  },
} as const satisfies Readonly<Record<string, Fault>>;

const HUGE_BYTES = 48 * 1024 * 1024;

/** A fault as it was asked for. */
type Rule = { name: string; fault: Fault; where: string; left: number };

/** The faults that concern one request. */
export type Struck = { quirks: ReadonlySet<string>; faults: readonly Fault[] };

export type FaultPlan = {
  /** Counts the request against every fault that concerns it. */
  strike(request: Concern): Struck;
};

/** Throws an `Error` that lists the names when one is unknown. */
export function planFaults(names: readonly string[]): FaultPlan {
  const rules = names.map(parseRule);
  return {
    strike(request) {
      const text = `${request.path}?${request.query}`;
      const struck = rules.filter(
        ({ fault, where, left }) =>
          left > 0 && text.includes(where) && (fault.concerns === undefined || fault.concerns(request)),
      );
      for (const rule of struck) rule.left--;
      return { quirks: new Set(struck.map(({ name }) => name)), faults: struck.map(({ fault }) => fault) };
    },
  };
}

function parseRule(text: string): Rule {
  const [, name = "", where = "", times] = /^([^@*]+)(?:@([^*]*))?(?:\*(\d+))?$/.exec(text) ?? [];
  const fault = faultNamed(name);
  if (fault === undefined) throw unknownFault(text);
  return { name, fault, where, left: times === undefined ? (fault.times ?? Infinity) : Number(times) };
}

function faultNamed(name: string): Fault | undefined {
  const known: Readonly<Record<string, Fault>> = FAULTS;
  if (Object.hasOwn(known, name)) return known[name];
  if (!/^[1-5]\d\d$/.test(name)) return undefined;
  return { summary: `requests are answered with ${name}`, instead: () => answerWith(Number(name)) };
}

function unknownFault(text: string): Error {
  return new Error(
    `unknown fault ${JSON.stringify(text)}; known are a status such as 503, and ${Object.keys(FAULTS).join(", ")}`,
  );
}
