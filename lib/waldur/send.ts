// One request and its answer: the token, TLS, the proxy, time limits and sizes. Redirects are never followed, and the
// token goes to the configured origin only.

import { ofetch } from "ofetch";
import type { Secret } from "../config/config.ts";
import type { Received } from "./answer.ts";
import { readBody, type Watch, watchProgress } from "./body.ts";
import type { ExchangeName } from "./exchange-name.ts";
import { isJson } from "./status-errors.ts";
import { type Answered, timed } from "./timed.ts";

/** Where Waldur is and how to reach it. */
export type Connection = {
  /** Ends with `/api/`. */
  apiUrl: string;
  token: Secret;
  /** Where the token comes from, for messages. */
  tokenFrom: string;
  userAgent: string;
  verifyTls: boolean;
  /** PEM text of one more CA to trust. */
  caPem: string | null;
  proxy: string | null;
  /** The setting or variable that names a proxy in use, if one does, for messages. */
  proxyFrom: string | null;
  /** How the token is sent: Waldur's way where absent, or not at all. */
  scheme?: "Bearer" | "none";
};

/** What the client needs of the run: its limits, its clock, and the signal that ends it. */
export type RequestLimits = {
  /** Longest time without data, in milliseconds; a complete answer may take four times as long. */
  silenceMs: number;
  retries: number;
  /** Aborted with an `AppError` as its reason when the run is over: a deadline or a signal. */
  signal: AbortSignal;
  now: () => Date;
  random: () => number;
  /** Milliseconds left of the run. */
  timeLeftMs: () => number;
  /**
   * What `Retry-After` may cost the whole run, in milliseconds; shared by its clients, and without a limit where
   * absent.
   */
  politeness?: { leftMs: number };
  /** @param waitMs until the next try, where the server asked for it */
  onRetry?: (message: string, waitMs?: number) => void;
  /** Called with each answer to a GET, whatever it is. */
  onAnswer?: (headers: Headers) => void;
  /** After each request, whether it was answered or not. */
  onRequest?: (answered: Answered) => void;
};

/** Query parameters; a list repeats its name. */
export type Query = Readonly<Record<string, string | number | readonly string[]>>;

export type PostBody = Readonly<Record<string, string | number | boolean>>;

export type Exchange = ExchangeName & {
  method: "GET" | "POST";
  path: string;
  query?: Query;
  body?: PostBody;
  /** In place of a body of JSON. */
  form?: Readonly<Record<string, string>>;
  limitBytes: number;
  /** Gives up early, without an error of its own. */
  stop?: AbortSignal;
};

export type Sender = (exchange: Exchange, signals: readonly AbortSignal[]) => Promise<Received>;

export function createSender(connection: Connection, limits: RequestLimits): Sender {
  const tls = tlsOptions(connection);
  const sendTo = async (url: string, exchange: Exchange, signals: readonly AbortSignal[]) => {
    const watch: Watch = watchProgress(limits.silenceMs, signals);
    try {
      const response = await ofetch.raw(url, {
        method: exchange.method,
        headers: {
          ...authorization(connection),
          Accept: "application/json",
          "Accept-Encoding": "gzip",
          "User-Agent": connection.userAgent,
          ...(exchange.form && { "Content-Type": "application/x-www-form-urlencoded" }),
        },
        ...bodyOf(exchange),
        signal: watch.signal,
        redirect: "manual",
        retry: 0,
        ignoreResponseError: true,
        responseType: "stream",
        // Bun's own options. With `decompress` it would report a broken gzip on standard error, past every log;
        // `verbose: false` keeps BUN_CONFIG_VERBOSE_FETCH from printing the token, `rejectUnauthorized` beats
        // NODE_TLS_REJECT_UNAUTHORIZED.
        ...({
          tls: await tls(),
          verbose: false,
          decompress: false,
          ...(connection.proxy === null ? {} : { proxy: connection.proxy }),
        } as object),
      });
      watch.progress();
      const text = await readBody(response, exchange.limitBytes, watch);
      // Messages quote what a server says in place of data; one that repeats the token shall not make us print it.
      const isData = response.ok && isJson(response);
      const shown = isData ? text : text.replaceAll(connection.token.reveal(), "[secret]");
      return { status: response.status, headers: response.headers, text: shown };
    } catch (error) {
      throw watch.reason() ?? error;
    } finally {
      watch.end();
    }
  };
  // Not translated: a path that leaves the API is a bug of ours, not a network error.
  return (exchange, signals) => {
    const url = requestUrl(connection.apiUrl, exchange);
    return timed(exchange, () => sendTo(url, exchange, signals), limits.onRequest);
  };
}

function authorization({ token, scheme }: Connection): { Authorization?: string } {
  return scheme === "none" ? {} : { Authorization: `${scheme ?? "Token"} ${token.reveal()}` };
}

function bodyOf({ body, form }: Exchange): { body?: string | Record<string, unknown> } {
  if (form !== undefined) return { body: new URLSearchParams({ ...form }).toString() };
  return body === undefined ? {} : { body: { ...body } };
}

type TlsOptions = { rejectUnauthorized: boolean; ca?: string[] };

/** `ca` replaces every root that Bun knows, so the system's and the built-in ones are given along with ours. */
function tlsOptions(connection: Connection): () => Promise<TlsOptions> {
  const { caPem, verifyTls } = connection;
  if (caPem === null) return () => Promise.resolve({ rejectUnauthorized: verifyTls });
  let loaded: Promise<TlsOptions> | undefined;
  return () => {
    loaded ??= import("node:tls").then(({ getCACertificates }) => ({
      rejectUnauthorized: verifyTls,
      ca: [...getCACertificates("default"), ...getCACertificates("system"), caPem],
    }));
    return loaded;
  };
}

function requestUrl(apiUrl: string, exchange: Exchange): string {
  const url = new URL(exchange.path, apiUrl);
  if (!url.href.startsWith(apiUrl)) throw new Error(`path leaves the API: ${exchange.path}`);
  for (const [name, value] of Object.entries(exchange.query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url.href;
}
