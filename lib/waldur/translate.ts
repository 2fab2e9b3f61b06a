// From what went wrong on the wire to our closed set of errors, with words an operator can act on.
// Never quotes the token, and quotes of a server's body only the short reason that Waldur puts there.

import { AnswerError, AppError, EndpointError, RefusedError, RetryLaterError } from "../errors.ts";
import { clean } from "../unsafe-text.ts";
import { TooLarge } from "./body.ts";
import { isTransientStatus } from "./retry.ts";
import { NAME_CODES, tlsReason } from "./tls-reasons.ts";

/** A request, as messages name it. */
export type Asked = {
  method: string;
  /** The path, with the page of a list. */
  shown: string;
  /** Scheme, host and port of the server. */
  origin: string;
  /** The setting or variable that names a proxy in use, if one does. */
  proxyFrom: string | null;
  /** Where the token comes from. */
  tokenFrom: string;
  /** How often it was asked, this time included. */
  tries: number;
  /** Where it is not Waldur. */
  peer?: Peer;
};

/** A server, as messages name it. */
export type Peer = {
  name: string;
  /** The key of the configuration that has its address. */
  urlKey: string;
  /** What to do when it answers with 401 or 403. */
  refused: string;
};

type AnyPeer = Omit<Peer, "refused"> & { refused: string | null };
const WALDUR: AnyPeer = { name: "Waldur", urlKey: "waldur_api_url", refused: null };

function peerOf({ peer }: Pick<Asked, "peer">): AnyPeer {
  return peer ?? WALDUR;
}

/** Who answered, as far as can be known, and after how many tries. */
export function byWhom({ origin, proxyFrom, tries }: Asked): string {
  return ` by ${origin}${throughProxy(proxyFrom)}${afterTries(tries)}`;
}

function throughProxy(proxyFrom: string | null): string {
  return proxyFrom === null ? "" : `, through the proxy of ${proxyFrom}`;
}

function afterTries(tries: number): string {
  return tries === 1 ? "" : ` after ${tries} tries`;
}

type Received = { status: number; headers: Headers; text: string };

const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ConnectionRefused: "the connection was refused",
  ECONNRESET: "the connection was closed before the answer was complete",
  ConnectionClosed: "the connection was closed before the answer was complete",
  ENOTFOUND: "its host name cannot be resolved",
  EAI_AGAIN: "its host name cannot be resolved at the moment",
  ENETUNREACH: "its network cannot be reached",
  EHOSTUNREACH: "its host cannot be reached",
  ETIMEDOUT: "the connection timed out",
  FailedToOpenSocket: "no connection could be opened",
  Z_DATA_ERROR: "the compressed answer was broken",
  Z_BUF_ERROR: "the compressed answer was cut short",
};

/** An error thrown by the transport: TLS trouble is final, everything else may pass. */
export function translateTransportError(error: unknown, asked: Asked): AppError {
  if (error instanceof AppError) return inContext(error, asked);
  const code = errorCode(error);
  const what = `${asked.method} ${asked.shown} failed`;
  const tls = tlsReason(code);
  if (tls !== undefined)
    return new EndpointError(`${what}: TLS verification of ${asked.origin} failed: ${tls} (${code})`, {
      cause: error,
      hint: NAME_CODES.has(code)
        ? `give ${peerOf(asked).urlKey} the host name that the certificate has`
        : "fix the certificate, or name the CA's PEM file with ca_file",
    });
  if (code === "EPROTO")
    return new EndpointError(`${what}: ${asked.origin} does not speak TLS (EPROTO)`, {
      cause: error,
      hint: `is it http://, or another port, in ${peerOf(asked).urlKey}?`,
    });
  if (code === "UnsupportedProxyProtocol")
    return new EndpointError(`${what}: there is no way through the proxy of ${asked.proxyFrom}`, {
      cause: error,
      hint: "only proxies of http:// and https:// are supported",
    });
  const reason =
    NETWORK_REASONS[code] ?? (error instanceof Error && error.name !== "FetchError" ? error.message : code);
  const shown = code === "" ? reason : `${reason} (${code})`;
  const tries = afterTries(asked.tries);
  const where = `${asked.origin}${throughProxy(asked.proxyFrom)}${tries}`;
  const words = CUT_CODES.has(code)
    ? `${where} did not answer in full`
    : `${peerOf(asked).name} is unreachable at ${where}`;
  return new RetryLaterError(`${what}: ${words}: ${shown}`, {
    cause: error,
    hint: `nothing was changed; the next run tries again; if it stays so, ${remedyFor(code, asked)}`,
  });
}

const CUT_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ConnectionClosed",
  "Z_DATA_ERROR",
  "Z_BUF_ERROR",
]);

/** The transport does not say which of the two it could not reach. */
function remedyFor(code: string, asked: Asked): string {
  const { proxyFrom } = asked;
  const { name, urlKey } = peerOf(asked);
  if (proxyFrom !== null)
    return `see whether the proxy of ${proxyFrom} runs and lets this host through, or correct it`;
  if (code === "ENOTFOUND") return `check the host name in ${urlKey}, and DNS (\`getent hosts NAME\`)`;
  if (CUT_CODES.has(code)) return `look at what stands between here and ${name}`;
  return `check that ${name} is up, the port in ${urlKey}, and firewalls`;
}

function inContext(error: AppError, asked: Asked): AppError {
  if (!(error instanceof AnswerError)) return error;
  if (error instanceof TooLarge) return new TooLarge(error.what, `${asked.method} ${asked.shown}`);
  return new AnswerError(`${asked.method} ${asked.shown}: ${error.message}`, {
    cause: error,
    hint: error.hint,
  });
}

/** The code of an error of the transport; empty where it has none. */
export function errorCode(error: unknown): string {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 4;
    current = current.cause, depth++
  ) {
    if ("code" in current && typeof current.code === "string") return current.code;
  }
  return "";
}

/** The error for an answer that is not a success. */
export function describeStatus(received: Received, asked: Asked): AppError {
  const { status } = received;
  const said = `${asked.method} ${asked.shown} was answered with ${status}${reasonOf(received)}`;
  const what = `${said}${byWhom(asked)}`;
  if (status >= 300 && status < 400) return redirected(received, asked);
  const { refused, urlKey } = peerOf(asked);
  if ((status === 401 || status === 403) && refused !== null)
    return new RefusedError(what, { status, hint: refused });
  if (status === 401)
    return new RefusedError(what, {
      status,
      hint: `the token of ${asked.tokenFrom} is wrong, expired or of a deactivated user; renew it`,
    });
  if (status === 403)
    return new RefusedError(what, {
      status,
      hint: `the user of the token (${asked.tokenFrom}) must be an owner of the provider's organisation in Waldur`,
    });
  if (status === 407)
    return new EndpointError(what, {
      status,
      hint: "a proxy on the way asks for credentials; see global_proxy and the proxy variables",
    });
  const isEmptyRefusal = asked.method === "POST" && received.text === "";
  if (status === 404 && !isJson(received) && !isEmptyRefusal)
    return new EndpointError(`${what}: this server has no such endpoint`, {
      status,
      hint: `is ${urlKey} right, and is this server recent enough?`,
    });
  if (status === 404)
    return new AnswerError(`${what}: no such thing, or the token may not see it`, {
      code: "not-found",
      status,
    });
  if (isTransientStatus(status))
    return new RetryLaterError(what, { status, hint: transientHint(status, asked) });
  return new AnswerError(what, {
    status,
    hint: asked.peer
      ? `is ${urlKey} right?`
      : "is this Waldur, and of a version that this program knows? If so, report it with this line",
  });
}

const GATEWAY: ReadonlySet<number> = new Set([502, 503, 504]);

/** A proxy that cannot reach anything answers so itself. */
function transientHint(status: number, asked: Asked): string {
  const { proxyFrom } = asked;
  const { name } = peerOf(asked);
  if (status === 500)
    return `${name} has an internal error; the next run tries again; if it stays so, look at ${asked.peer ? "its" : "Waldur's"} log`;
  if (status === 429 && asked.peer === undefined)
    return "this token sends too many requests: run less often, or raise its limit in Waldur; the next run tries again";
  if (proxyFrom === null || !GATEWAY.has(status))
    return `${name} is overloaded or under maintenance; the next run tries again`;
  const exempt = proxyFrom === "global_proxy" ? "" : "; NO_PROXY does not take this host out";
  return `${name} is overloaded, or the proxy cannot reach it: ${proxyFrom} names a proxy${exempt}; the next run tries again`;
}

function redirected(received: Received, asked: Asked): EndpointError {
  const target = redirectTarget(received.headers.get("location"));
  return new EndpointError(
    `${asked.method} ${asked.shown} was redirected (${received.status}) to ${target}${byWhom(asked)}`,
    {
      status: received.status,
      hint: `redirects are not followed, so that the token stays with the configured server; fix ${peerOf(asked).urlKey}`,
    },
  );
}

/**
 * Without user, password and query, which may hold secrets. A location may leave out the scheme, or scheme and host; a
 * stand-in for our own server shows which.
 */
function redirectTarget(location: string | null): string {
  const target = location === null ? null : URL.parse(location, "http://same.invalid/");
  if (target === null || !/^https?:$/.test(target.protocol)) return "nowhere";
  const path = oneLine(target.pathname).slice(0, MOST_OF_A_PATH);
  if (target.host === "same.invalid") return `${path} of the same server`;
  return `${location?.startsWith("//") ? target.host : target.origin}${path}`;
}

const MOST_OF_A_PATH = 100;

/** The answer says that it is JSON, of whatever kind. */
export function isJson(received: Pick<Received, "headers">): boolean {
  return /json/i.test(received.headers.get("content-type") ?? "");
}

/** Waldur's own short reason, `{"detail": "…"}` or a list of strings under a field; nothing of any other body. */
function reasonOf(received: Received): string {
  if (!isJson(received) || received.text.length > 4096) return "";
  try {
    const body: unknown = JSON.parse(received.text);
    const texts = collectTexts(body, []);
    return texts.length === 0 ? "" : ` (${oneLine(texts.join("; "))})`;
  } catch {
    return "";
  }
}

function collectTexts(value: unknown, into: string[]): string[] {
  if (typeof value === "string") into.push(value);
  else if (value !== null && typeof value === "object")
    for (const one of Object.values(value)) collectTexts(one, into);
  return into;
}

/** At most 200 characters of what a server says, without control characters and marks that turn the writing direction. */
export function oneLine(text: string): string {
  return clean(text).slice(0, 200);
}
