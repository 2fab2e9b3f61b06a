// Faults of lists: wrong counts, rows that are missing, duplicate or foreign, and lists that change while they are
// read.

import { isTable } from "../json.ts";
import { type Answer, detail, html, json, notAuthenticated, redirect, serverError } from "./answers.ts";
import type { Concern, Exchange } from "./exchange.ts";

/** A GET of a path without a uuid, and with pages. */
export function isList({ method, path }: Concern): boolean {
  return method === "GET" && !/[0-9a-f]{32}\/$/i.test(path) && path.startsWith("marketplace-");
}

export function isPageTwo(request: Concern): boolean {
  return isList(request) && request.query.get("page") === "2";
}

/** What servers and proxies say with a status; 5xx come as HTML. */
export function answerWith(status: number): Answer {
  if (status === 200) return json(200, []);
  if (status < 200 || status === 204 || status === 304) return { status: 204, headers: {}, body: "" };
  if (status < 300) return json(status, {});
  if (status < 400) return redirect(status, "/elsewhere/");
  if (status === 401) return notAuthenticated("Invalid token.");
  if (status === 413) return html(413, "Request Entity Too Large", "<h1>413</h1>");
  if (status >= 500) return serverError(status);
  const answer = detail(status, DETAILS[status] ?? "The request was refused.");
  if (status === 429) answer.headers["Retry-After"] = "1";
  return answer;
}

const DETAILS: Readonly<Record<number, string>> = {
  403: "You do not have permission to perform this action.",
  404: "Not found.",
  409: "Valid states for operation: executing.",
  429: "Request was throttled. Expected available in 1 seconds.",
};

/** Changes the count of a list; null takes it away. */
export function withCount(answer: Answer, change: (count: number) => string | null): Answer {
  const counted = answer.headers["X-Result-Count"];
  if (counted === undefined) return answer;
  const { "X-Result-Count": _count, Link, ...headers } = answer.headers;
  const count = change(Number(counted));
  if (count === null) return { ...answer, headers };
  return { ...answer, headers: { ...headers, "X-Result-Count": count, ...(Link && { Link }) } };
}

export function emptyList(answer: Answer): Answer {
  return answer.status === 200 ? withCount({ ...answer, body: "[]" }, () => "0") : answer;
}

export function cutRows(answer: Answer): Answer {
  return withRows(answer, (rows) => rows.slice(0, -1));
}

export function doubleRow(answer: Answer): Answer {
  return withRows(answer, (rows) => (rows.length < 2 ? rows : [...rows.slice(0, -1), rows[0]]));
}

export function renameSlug(answer: Answer, { path, query }: Exchange): Answer {
  if (!path.includes("-resources/") || Number(query.get("page") ?? 1) !== 1) return answer;
  return withRows(answer, ([first, ...rest]) =>
    isTable(first) && "slug" in first ? [{ ...first, slug: "../../etc" }, ...rest] : [first, ...rest],
  );
}

export function withOtherOffering(answer: Answer, { world }: Exchange): Answer {
  const offering_uuid = world.otherOffering.uuid;
  return withRows(answer, (rows) =>
    rows.map((row) => (isTable(row) && "offering_uuid" in row ? { ...row, offering_uuid } : row)),
  );
}

function withRows(answer: Answer, change: (rows: readonly unknown[]) => readonly unknown[]): Answer {
  if (answer.status !== 200) return answer;
  const rows = rowsIn(answer.body);
  if (!Array.isArray(rows) || rows.length === 0) return answer;
  return { ...answer, body: JSON.stringify(change(rows)) };
}

/** undefined when another fault has spoilt the text already. */
function rowsIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The oldest live resource of the offering is terminated: it leaves a filtered list, and hides another row. */
export function shrinkList({ world, path }: Exchange): void {
  if (!path.includes("-resources/")) return;
  const live = world.rows.select({ offeringUuids: [world.offering.uuid], states: ["OK"] });
  const [oldest] = live.slice(0, 1);
  if (oldest !== undefined) world.terminate(oldest.uuid);
}

export function growList({ world, path }: Exchange): void {
  if (path.includes("-resources/")) world.addResource({ name: "grown" });
}
