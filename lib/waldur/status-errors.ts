// From an answer that is not a success to our closed set of errors, with words that an operator can act on. Never
// quotes the token, and quotes of a server's body only the short reason that Waldur puts there.

import { AnswerError, type AppError, EndpointError, RefusedError, RetryLaterError } from "../errors.ts";
import { clean } from "../unsafe-text.ts";
import { byWhom, type ExchangeName, peerOf } from "./exchange-name.ts";
import { isTransientStatus } from "./retry.ts";

type Received = { status: number; headers: Headers; text: string };

/** The error for an answer that is not a success. */
export function describeStatus(received: Received, exchange: ExchangeName): AppError {
  const { status } = received;
  const said = `${exchange.method} ${exchange.shown} was answered with ${status}${reasonOf(received)}`;
  const what = `${said}${byWhom(exchange)}`;
  if (status >= 300 && status < 400) return redirected(received, exchange);
  const { refused, urlKey } = peerOf(exchange);
  if ((status === 401 || status === 403) && refused !== null)
    return new RefusedError(what, { status, hint: refused });
  if (status === 401)
    return new RefusedError(what, {
      status,
      hint: `the token of ${exchange.tokenFrom} is wrong, expired or of a deactivated user; renew it`,
    });
  if (status === 403)
    return new RefusedError(what, {
      status,
      hint: `the user of the token (${exchange.tokenFrom}) must be an owner of the provider's organisation in Waldur`,
    });
  if (status === 407)
    return new EndpointError(what, {
      status,
      hint: "a proxy requires credentials; check global_proxy and the proxy variables",
    });
  const isEmptyRefusal = exchange.method === "POST" && received.text === "";
  if (status === 404 && !isJson(received) && !isEmptyRefusal)
    return new EndpointError(`${what}: this server has no such endpoint`, {
      status,
      hint: `check ${urlKey}, and the version of this server`,
    });
  if (status === 404)
    return new AnswerError(`${what}: it does not exist, or the token has no access to it`, {
      code: "not-found",
      status,
    });
  if (isTransientStatus(status))
    return new RetryLaterError(what, { status, hint: transientHint(status, exchange) });
  return new AnswerError(what, {
    status,
    hint: exchange.peer
      ? `is ${urlKey} right?`
      : "check that this is a supported version of Waldur; if so, report this line",
  });
}

const GATEWAY: ReadonlySet<number> = new Set([502, 503, 504]);

/** A proxy that cannot reach anything answers so itself. */
function transientHint(status: number, exchange: ExchangeName): string {
  const { proxyFrom } = exchange;
  const { name } = peerOf(exchange);
  if (status === 500)
    return `${name} has an internal error; the next run tries again; if this persists, check ${exchange.peer ? "its" : "Waldur's"} log`;
  if (status === 429 && exchange.peer === undefined)
    return "this token sends too many requests: run less often, or raise its limit in Waldur; the next run tries again";
  if (proxyFrom === null || !GATEWAY.has(status))
    return `${name} is overloaded or under maintenance; the next run tries again`;
  const exempt = proxyFrom === "global_proxy" ? "" : "; NO_PROXY does not exclude this host";
  return `${name} is overloaded, or the proxy cannot reach it: ${proxyFrom} names a proxy${exempt}; the next run tries again`;
}

function redirected(received: Received, exchange: ExchangeName): EndpointError {
  const target = redirectTarget(received.headers.get("location"));
  return new EndpointError(
    `${exchange.method} ${exchange.shown} was redirected (${received.status}) to ${target}${byWhom(exchange)}`,
    {
      status: received.status,
      hint: `redirects are not followed, so that the token stays with the configured server; fix ${peerOf(exchange).urlKey}`,
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

/**
 * At most 200 characters of what a server says, without control characters and marks that turn the writing direction.
 */
export function oneLine(text: string): string {
  return clean(text).slice(0, 200);
}
