// The HTTP client: one request at a time goes through here, with the token, time limits, size caps and retries.
// `createReader` can only GET, so a dry run built on it cannot change anything; `createActor` adds POST, which is never
// repeated. Redirects are never followed and the token goes to the configured origin only.

import { ofetch } from "ofetch";
import type { Secret } from "../config/config.ts";
import { AppError, EndpointError, RetryLaterError } from "../errors.ts";
import { type Answer, type Failed, parseAnswer, type Received } from "./answer.ts";
import { LARGEST_BODY_BYTES, readBody, type Watch, watchProgress } from "./body.ts";
import { backoffMs, isTransientStatus, retryAfterMs } from "./retry.ts";
import { type Answered, timed } from "./timed.ts";
import { type Asked, describeStatus, isJson, translateTransportError } from "./translate.ts";

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
};

/** What the client needs of the run: its limits, its clock, and the signal that ends it. */
export type Patience = {
  /** Longest silence of the server, in milliseconds; a whole answer may take four times as long. */
  silenceMs: number;
  retries: number;
  /** Aborted with an `AppError` as its reason when the run is over: a deadline or a signal. */
  signal: AbortSignal;
  now: () => Date;
  random: () => number;
  /** Milliseconds left of the run. */
  timeLeftMs: () => number;
  /** What `Retry-After` may cost the whole run, in milliseconds; shared by its clients, and without a limit where absent. */
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

export type Reader = {
  /**
   * GETs a path below `/api/` and parses its JSON.
   * @throws TooLarge when the answer has more bytes, objects or levels than are read
   */
  get(path: string, query?: Query, bounds?: GetBounds): Promise<Answer>;
  /** Something that the log of the run shows with its details. */
  note?: (message: string) => void;
};

export type GetBounds = {
  /** Gives up early, without an error of its own. */
  stop?: AbortSignal;
  /** The largest body that is read, `LARGEST_BODY_BYTES` unless it is less. */
  limitBytes?: number;
};

/**
 * What became of a POST: taken, refused in this state (409), or unknown because the answer was lost or a 5xx. `status` is
 * that of the answer, where there was one.
 */
export type Posted = { outcome: "accepted" | "conflict" | "unknown"; detail: string; status?: number };

export type Actor = Reader & {
  /** POSTs once. 401, 403 and every other 4xx but 409 throw; nothing else does, the caller reads back. */
  post(path: string, body?: PostBody): Promise<Posted>;
};

export type PostBody = Readonly<Record<string, string | number | boolean>>;

const POST_LIMIT_BYTES = 1024 * 1024;

/** For messages. */
type Server = Pick<Asked, "origin" | "proxyFrom" | "tokenFrom">;

type Exchange = Asked & {
  method: "GET" | "POST";
  path: string;
  query?: Query;
  body?: PostBody;
  limitBytes: number;
};

/** A client that has no way to change anything. */
export function createReader(connection: Connection, patience: Patience): Reader {
  return readWith(createSender(connection, patience), serverOf(connection), patience);
}

/** A client that can also POST. */
export function createActor(connection: Connection, patience: Patience): Actor {
  const send = createSender(connection, patience);
  const server = serverOf(connection);
  return {
    ...readWith(send, server, patience),
    post: (path, body) =>
      postOnce(
        {
          method: "POST",
          ...server,
          path,
          shown: path,
          tries: 1,
          limitBytes: POST_LIMIT_BYTES,
          ...(body === undefined ? {} : { body }),
        },
        send,
        patience,
      ),
  };
}

function readWith(send: Sender, server: Server, patience: Patience): Reader {
  return {
    note: (message) => patience.onRetry?.(message),
    get: (path, query = {}, { stop, limitBytes = LARGEST_BODY_BYTES } = {}) =>
      getWithRetries(
        { method: "GET", ...server, path, shown: showPath(path, query), tries: 1, query, limitBytes },
        send,
        patience,
        stop,
      ),
  };
}

function serverOf({ apiUrl, proxyFrom, tokenFrom }: Connection): Server {
  return { origin: new URL(apiUrl).origin, proxyFrom, tokenFrom };
}

function showPath(path: string, query: Query): string {
  return query.page === undefined ? path : `${path} (page ${query.page})`;
}

async function getWithRetries(
  exchange: Exchange,
  send: Sender,
  patience: Patience,
  stop?: AbortSignal,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const result = await attemptGet({ ...exchange, tries: attempt + 1 }, send, patience, stop);
    if (!("failure" in result)) return result;
    const { failure, retryAfterMs: askedMs } = result;
    const waitMs = askedMs ?? backoffMs(attempt, patience.random);
    if (attempt >= patience.retries || waitMs > patience.timeLeftMs()) throw failure;
    const { politeness } = patience;
    if (politeness !== undefined && askedMs !== null) {
      if (askedMs > politeness.leftMs) throw tooPatient(failure, askedMs);
      politeness.leftMs -= askedMs;
    }
    const seconds = (waitMs / 1000).toFixed(1);
    if (askedMs === null) patience.onRetry?.(`${failure.message}; trying again in ${seconds} s`);
    else
      patience.onRetry?.(
        `${failure.message}; trying again in ${seconds} s, as it asks (Retry-After)`,
        askedMs,
      );
    await pause(waitMs, patience.signal, stop);
  }
}

/** A run waits for a server no longer than a part of its deadline, because it holds the lock meanwhile. */
function tooPatient(failure: AppError, askedMs: number): RetryLaterError {
  const message = `${failure.message}, and asks to wait ${askedMs / 1000} s (Retry-After)`;
  return new RetryLaterError(message, {
    cause: failure,
    hint: "a run waits so for a quarter of its deadline in all; the next run tries again",
  });
}

async function attemptGet(
  exchange: Exchange,
  send: Sender,
  patience: Patience,
  stop?: AbortSignal,
): Promise<Answer | Failed> {
  const signals = stop === undefined ? [patience.signal] : [patience.signal, stop];
  const received = await send(exchange, signals).catch((error: unknown) => {
    for (const signal of signals) if (signal.aborted) throw signal.reason;
    const translated = translateTransportError(error, exchange);
    if (translated instanceof RetryLaterError) return { failure: translated, retryAfterMs: null };
    throw translated;
  });
  if ("failure" in received) return received;
  patience.onAnswer?.(received.headers);
  if (received.status === 200) return parseAnswer(received, exchange);
  const error = describeStatus(received, exchange);
  if (!isTransientStatus(received.status)) throw error;
  return { failure: error, retryAfterMs: retryAfterMs(received.headers.get("retry-after"), patience.now()) };
}

async function postOnce(exchange: Exchange, send: Sender, patience: Patience): Promise<Posted> {
  if (patience.signal.aborted) throw patience.signal.reason;
  // A POST on its way is not given up when the run ends: its own time limits bound it, and its effect must be known.
  const received = await send(exchange, []).catch((error: unknown) => {
    const translated = translateTransportError(error, exchange);
    if (translated instanceof EndpointError) throw translated;
    return translated;
  });
  if (received instanceof AppError) return { outcome: "unknown", detail: received.message };
  const { status } = received;
  if (status >= 200 && status < 300) return { outcome: "accepted", detail: `${status}`, status };
  const error = describeStatus(received, exchange);
  if (status === 409) return { outcome: "conflict", detail: error.message, status };
  if (isTransientStatus(status)) return { outcome: "unknown", detail: error.message, status };
  throw error;
}

type Sender = (exchange: Exchange, signals: readonly AbortSignal[]) => Promise<Received>;

function createSender(connection: Connection, patience: Patience): Sender {
  const tls = tlsOptions(connection);
  const sendTo = async (url: string, exchange: Exchange, signals: readonly AbortSignal[]) => {
    const watch: Watch = watchProgress(patience.silenceMs, signals);
    try {
      const response = await ofetch.raw(url, {
        method: exchange.method,
        headers: {
          Authorization: `Token ${connection.token.reveal()}`,
          Accept: "application/json",
          "Accept-Encoding": "gzip",
          "User-Agent": connection.userAgent,
        },
        ...(exchange.body === undefined ? {} : { body: { ...exchange.body } }),
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
  // Outside of all translation: a path that leads out of the API is a bug of ours, not trouble on the wire.
  return (exchange, signals) => {
    const url = requestUrl(connection.apiUrl, exchange);
    return timed(exchange, () => sendTo(url, exchange, signals), patience.onRequest);
  };
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

async function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const present = signals.filter((signal) => signal !== undefined);
  for (const signal of present) if (signal.aborted) throw signal.reason;
  await new Promise<void>((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      for (const signal of present) signal.removeEventListener("abort", finish);
      const aborted = present.find((signal) => signal.aborted);
      if (aborted === undefined) resolve();
      else reject(aborted.reason);
    };
    const timer = setTimeout(finish, ms);
    for (const signal of present) signal.addEventListener("abort", finish, { once: true });
  });
}
