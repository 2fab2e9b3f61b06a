// Plain requests to a Waldur, as the suite sees their answers: a status, a kind of body, JSON where it is JSON. Nothing
// is translated, repeated or followed, because what a server says is what the rules are about. Only the network throws.

import { AnswerError } from "../../lib/errors.ts";
import { translateTransportError } from "../../lib/waldur/translate.ts";

export type Table = Readonly<Record<string, unknown>>;

export type Answer = {
  status: number;
  kind: "json" | "html" | "empty" | "other";
  /** Parsed JSON, else the text. */
  body: unknown;
  /** `X-Result-Count`; null without one. */
  count: number | null;
  link: string;
};

export type Query = Readonly<Record<string, string | number | readonly string[]>>;

/** Requests that change nothing. */
export type Reads = {
  get(path: string, query?: Query): Promise<Answer>;
  head(path: string, query?: Query): Promise<Answer>;
};

export type Caller = Reads & {
  post(path: string, body?: unknown): Promise<Answer>;
  remove(path: string): Promise<Answer>;
};

export type Access = {
  /** Ends with `/api/`. */
  apiUrl: string;
  /** null: no header at all. */
  token: string | null;
  /** Aborted with an `AppError` as its reason. */
  signal: AbortSignal;
};

/** A hand that can only read. */
export function createReads(access: Access): Reads {
  return {
    get: (path, query) => send(access, "GET", withQuery(path, query)),
    head: (path, query) => send(access, "HEAD", withQuery(path, query)),
  };
}

export function createCaller(access: Access): Caller {
  return {
    ...createReads(access),
    post: (path, body) => send(access, "POST", path, body),
    remove: (path) => send(access, "DELETE", path),
  };
}

function withQuery(path: string, query: Query = {}): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
  return parameters.length === 0 ? path : `${path}?${new URLSearchParams(parameters)}`;
}

const TIMEOUT_MS = 60_000;

async function send(access: Access, method: string, path: string, body?: unknown): Promise<Answer> {
  const { apiUrl, token, signal } = access;
  if (signal.aborted) throw signal.reason;
  try {
    const response = await fetch(apiUrl + path, {
      method,
      redirect: "manual",
      headers: {
        Accept: "application/json",
        "User-Agent": "waldur-cscs-storage-contract",
        ...(token === null ? {} : { Authorization: `Token ${token}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return await readAnswer(response);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const [bare = path] = path.split("?");
    throw translateTransportError(error, {
      method,
      shown: bare,
      origin: new URL(apiUrl).origin,
      proxyFrom: null,
      tokenFrom: "the variables of the suite",
      tries: 1,
    });
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const kind = kindOf(response.headers.get("content-type") ?? "", text);
  const count = response.headers.get("x-result-count");
  return {
    status: response.status,
    kind,
    body: kind === "json" ? parsed(text) : text,
    count: count === null ? null : Number(count),
    link: response.headers.get("link") ?? "",
  };
}

function kindOf(type: string, text: string): Answer["kind"] {
  if (type.startsWith("text/html")) return "html";
  if (text === "") return "empty";
  return type.startsWith("application/json") ? "json" : "other";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An answer in a few words: its status, and for a refusal the reason that Waldur gives, or that it came as HTML. */
export function said(answer: Answer): string {
  const { status, kind, body } = answer;
  if (status < 300) return `${status}`;
  if (kind === "html") return status < 400 ? `${status}` : `${status} HTML`;
  return kind === "json" ? `${status} ${reasonIn(body)}` : `${status}`;
}

/** `{"limits": {"storage": ["A valid integer is required."]}}` is `limits: storage: A valid integer is required.` */
function reasonIn(body: unknown): string {
  if (typeof body === "string") return body;
  if (Array.isArray(body)) return reasonIn(body[0]);
  const [first] = Object.entries(isTable(body) ? body : {});
  if (first === undefined) return "without a reason";
  const [key, value] = first;
  return key === "detail" || key === "non_field_errors" ? reasonIn(value) : `${key}: ${reasonIn(value)}`;
}

/** A JSON object, as opposed to a list, a scalar or null. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object that an answer holds; an empty one when it holds none. */
export function tableOf(answer: Answer): Table {
  return isTable(answer.body) ? answer.body : {};
}

/** The rows of a list answer; throws an `AnswerError` with what was said when it is none. */
export function rowsOf(answer: Answer): Table[] {
  if (answer.status !== 200 || !Array.isArray(answer.body))
    throw new AnswerError(`a list was asked for and ${said(answer)} came`);
  return answer.body.filter(isTable);
}

/** Every row of a list that does not change. */
export async function listAll(reads: Reads, path: string, query: Query): Promise<Table[]> {
  const rows: Table[] = [];
  for (let page = 1; ; page++) {
    const answer = await reads.get(path, { ...query, page, page_size: 300 });
    rows.push(...rowsOf(answer));
    if (rows.length >= (answer.count ?? 0)) return rows;
  }
}

/** A field as text; empty when it is absent or null. */
export function textOf(table: Table, key: string): string {
  const value = table[key];
  return value === undefined || value === null ? "" : String(value);
}
