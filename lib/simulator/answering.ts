// The way of one request through the simulator: faults, its turn, what the framework settles, the endpoint, and out.

import { type Accounts, authenticate } from "./accounts.ts";
import { type Answer, detail, noEndpoint, redirect } from "./answers.ts";
import { deliver } from "./deliver.ts";
import type { Exchange, Quirks } from "./exchange.ts";
import type { Fault, FaultPlan } from "./faults.ts";
import { detailCostMs, listCostMs, listQueries } from "./query-cost.ts";
import type { Routed, Router } from "./routes.ts";
import type { World } from "./state.ts";
import type { Worker } from "./worker.ts";

/** A request as it was answered. `status` 0: it was not. */
export type LoggedRequest = {
  method: string;
  path: string;
  query: string;
  status: number;
  userAgent: string;
  /** The token was a known one. */
  authorised: boolean;
  /** As it was sent; empty for none. */
  body: string;
  /** Queries that a server of 2024 makes for it; only lists of resources are counted. */
  queries: number;
  /** What it takes such a server, in milliseconds, whatever share of it is charged. */
  costMs: number;
};

/** All that answering a request takes. */
export type Site = {
  world: World;
  accounts: Accounts;
  worker: Worker;
  route: Router;
  faults: FaultPlan;
  requests: LoggedRequest[];
  locks: Map<string, Promise<unknown>> | null;
  latencyMs: number;
  queryCost: number;
  gzip: boolean;
  stopped: Promise<void>;
  /** What the `Date` of answers goes by. */
  now: () => Date;
};

/** Answers one request, and logs it. */
export async function answerRequest(request: Request, site: Site): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.replace(/^\/api\//, "");
  const authorization = request.headers.get("authorization");
  const logged: LoggedRequest = {
    method: request.method,
    path,
    query: url.search.slice(1),
    status: 0,
    userAgent: request.headers.get("user-agent") ?? "",
    authorised: "role" in authenticate(authorization, site.accounts),
    body: "",
    queries: 0,
    costMs: 0,
  };
  site.requests.push(logged);
  const answer = await answerFor(request, { url, path, authorization, logged }, site);
  if (answer.delivery !== "hang" && answer.delivery !== "drop") logged.status = answer.status;
  const gzip = site.gzip && /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  answer.headers.Date ??= site.now().toUTCString();
  return deliver(answer, { gzip, stopped: site.stopped });
}

type Asked = { url: URL; path: string; authorization: string | null; logged: LoggedRequest };

/** Faults that replace the server come first, those of the world and of the answer around it. */
async function answerFor(request: Request, asked: Asked, site: Site): Promise<Answer> {
  const { url, path } = asked;
  const { faults, quirks } = site.faults.strike({ method: request.method, path, query: url.searchParams });
  for (const fault of faults) {
    if ("instead" in fault) return fault.instead({ origin: url.origin, path });
  }
  const text = await request.text();
  asked.logged.body = text;
  return inTurn(site, asked.authorization ?? "", async () => {
    const opened = openExchange(request, { ...asked, text, quirks }, site);
    const answer = "status" in opened ? opened : played(opened, faults);
    const cost = costOf(answer, asked);
    asked.logged.queries = cost.queries;
    asked.logged.costMs = cost.ms;
    await spend(site, site.queryCost * cost.ms);
    return answer;
  });
}

/** A request that got as far as an endpoint. */
type Opened = { routed: Routed; exchange: Exchange };

function played({ routed, exchange }: Opened, faults: readonly Fault[]): Answer {
  for (const fault of faults) if ("before" in fault) fault.before(exchange);
  const endpoint = routed.methods[exchange.method === "HEAD" ? "GET" : exchange.method];
  let answer = endpoint?.(exchange, routed.uuid) ?? detail(405, `Method "${exchange.method}" not allowed.`);
  if (answer.status < 500) answer.headers.Allow ??= routed.allow;
  for (const fault of faults) if ("after" in fault) answer = fault.after(answer, exchange);
  return answer;
}

/** What Django and its framework settle before an endpoint sees anything. */
function openExchange(
  request: Request,
  asked: Asked & { text: string; quirks: Quirks },
  site: Site,
): Opened | Answer {
  const { url, path, text, quirks } = asked;
  const routed = url.pathname.startsWith("/api/") ? site.route(path) : undefined;
  if (routed === undefined) return missing(url, path, site.route);
  const caller = authenticate(asked.authorization, site.accounts);
  if ("status" in caller) return withAllow(caller, routed);
  const refusal = refusedFormat(request, text);
  if (refusal !== undefined) return withAllow(refusal, routed);
  const body = parseBody(text);
  if (!body.ok) return withAllow(detail(400, `JSON parse error - ${body.message}`), routed);
  const { method } = request;
  const { world } = site;
  const query = url.searchParams;
  const { value } = body;
  return {
    routed,
    exchange: { method, path, query, origin: url.origin, body: value, caller, quirks, world },
  };
}

/** A path that exists but for its last slash is redirected to, whatever the method. */
function missing(url: URL, path: string, route: Router): Answer {
  if (!url.pathname.startsWith("/api/") || path.endsWith("/") || route(`${path}/`) === undefined)
    return noEndpoint();
  return redirect(301, `${url.pathname}/${url.search}`);
}

function withAllow(answer: Answer, { allow }: Routed): Answer {
  answer.headers.Allow = allow;
  return answer;
}

function refusedFormat(request: Request, text: string): Answer | undefined {
  const accept = request.headers.get("accept") ?? "*/*";
  if (!/json|application\/\*|\*\/\*/.test(accept))
    return detail(406, "Could not satisfy the request Accept header.");
  const type = request.headers.get("content-type") ?? "";
  if (text === "" || type.startsWith("application/json")) return undefined;
  return detail(415, `Unsupported media type "${type}" in request.`);
}

function parseBody(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  if (text === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** What a real server spends; of all lists only that of resources is long enough to matter. */
function costOf({ rows }: Answer, { path, url }: Asked): { ms: number; queries: number } {
  const fields = url.searchParams.getAll("field");
  if (path.endsWith("-resources/") && rows !== undefined)
    return { ms: listCostMs(rows, fields), queries: listQueries(rows, fields) };
  return { ms: /-resources\/[0-9a-f]{32}\/$/.test(path) ? detailCostMs(fields) : 0, queries: 0 };
}

async function spend(site: Site, ms: number): Promise<void> {
  if (ms > 0) await Promise.race([Bun.sleep(ms), site.stopped]);
}

/** Runs the request when its turn has come, and lets it take its time. */
async function inTurn(site: Site, token: string, run: () => Promise<Answer>): Promise<Answer> {
  const timed = async () => {
    await spend(site, site.latencyMs);
    return run();
  };
  if (site.locks === null) return timed();
  const turn = (site.locks.get(token) ?? Promise.resolve()).then(timed, timed);
  site.locks.set(
    token,
    turn.catch(() => undefined),
  );
  return turn;
}
