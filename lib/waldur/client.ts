// The HTTP client: one request at a time goes through here, with the token, time limits, size caps and retries.
// `createReader` can only GET, so a dry run built on it cannot change anything; `createActor` adds POST, which is never
// repeated.

import { AppError, EndpointError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { LARGEST_BODY_BYTES } from "./body.ts";
import type { ExchangeName } from "./exchange-name.ts";
import { getWithRetries } from "./get.ts";
import { isTransientStatus } from "./retry.ts";
import {
  type Connection,
  createSender,
  type Exchange,
  type PostBody,
  type Query,
  type RequestLimits,
  type Sender,
} from "./send.ts";
import { describeStatus } from "./status-errors.ts";
import { translateTransportError } from "./translate.ts";

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
 * The outcome of a POST: accepted, refused in this state (409), or unknown because the answer was lost or a 5xx.
 * `status` is that of the answer, where there was one.
 */
export type Posted = { outcome: "accepted" | "conflict" | "unknown"; detail: string; status?: number };

export type Actor = Reader & {
  /** POSTs once. 401, 403 and every other 4xx but 409 throw; nothing else does, the caller reads back. */
  post(path: string, body?: PostBody): Promise<Posted>;
};

const POST_LIMIT_BYTES = 1024 * 1024;

/** For messages. */
type Server = Pick<ExchangeName, "origin" | "proxyFrom" | "tokenFrom">;

/** A client that has no way to change anything. */
export function createReader(connection: Connection, limits: RequestLimits): Reader {
  return readWith(createSender(connection, limits), serverOf(connection), limits);
}

/** A client that can also POST. */
export function createActor(connection: Connection, limits: RequestLimits): Actor {
  const send = createSender(connection, limits);
  const server = serverOf(connection);
  return {
    ...readWith(send, server, limits),
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
        limits,
      ),
  };
}

function readWith(send: Sender, server: Server, limits: RequestLimits): Reader {
  return {
    note: (message) => limits.onRetry?.(message),
    get: (path, query = {}, { stop, limitBytes = LARGEST_BODY_BYTES } = {}) =>
      getWithRetries(
        {
          method: "GET",
          ...server,
          path,
          shown: showPath(path, query),
          tries: 1,
          query,
          limitBytes,
          ...(stop && { stop }),
        },
        send,
        limits,
      ),
  };
}

function serverOf({ apiUrl, proxyFrom, tokenFrom }: Connection): Server {
  return { origin: new URL(apiUrl).origin, proxyFrom, tokenFrom };
}

function showPath(path: string, query: Query): string {
  return query.page === undefined ? path : `${path} (page ${query.page})`;
}

async function postOnce(exchange: Exchange, send: Sender, limits: RequestLimits): Promise<Posted> {
  if (limits.signal.aborted) throw limits.signal.reason;
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
