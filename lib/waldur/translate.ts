// From what went wrong on the wire to our closed set of errors, with words an operator can act on.
// Never quotes the token, and quotes of a server's body only the short reason that Waldur puts there.

import { AnswerError, AppError, EndpointError, RefusedError, RetryLaterError } from "../errors.ts";

type Asked = { method: string; path: string };
type Received = { status: number; headers: Headers; text: string };

const TLS_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "a certificate in its chain is self-signed",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by a CA that is not known here",
  UNABLE_TO_GET_ISSUER_CERT: "the CA that signed its certificate is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the CA that signed its certificate is not known here",
};

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
  ZlibError: "the compressed answer was broken",
};

/** An error thrown by the transport: TLS trouble is final, everything else may pass. */
export function translateTransportError(error: unknown, asked: Asked): AppError {
  if (error instanceof AppError) return inContext(error, asked);
  const code = errorCode(error);
  const what = `${asked.method} ${asked.path} failed`;
  const tls = TLS_REASONS[code];
  if (tls !== undefined)
    return new EndpointError(`${what}: TLS verification of the Waldur server failed: ${tls} (${code})`, {
      cause: error,
      hint: "mend the certificate, or name the CA's PEM file with ca_file",
    });
  const reason =
    NETWORK_REASONS[code] ?? (error instanceof Error && error.name !== "FetchError" ? error.message : code);
  return new RetryLaterError(`${what}: Waldur is unreachable: ${reason}${code === "" ? "" : ` (${code})`}`, {
    cause: error,
    hint: "nothing was changed; the next run tries again",
  });
}

function inContext(error: AppError, asked: Asked): AppError {
  if (!(error instanceof AnswerError)) return error;
  return new AnswerError(`${asked.method} ${asked.path}: ${error.message}`, {
    cause: error,
    hint: error.hint,
  });
}

function errorCode(error: unknown): string {
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
  const what = `${asked.method} ${asked.path} was answered with ${status}${reasonOf(received)}`;
  if (status >= 300 && status < 400) return redirected(received, asked);
  if (status === 401)
    return new RefusedError(what, {
      status,
      hint: "the token is wrong, expired or of a deactivated user; renew it",
    });
  if (status === 403)
    return new RefusedError(what, {
      status,
      hint: "the token's user must be an owner of the provider's organisation in Waldur",
    });
  if (status === 404 && !isJson(received))
    return new EndpointError(`${what}: this server has no such endpoint`, {
      hint: "is waldur_api_url right, and is this server recent enough?",
    });
  if (status === 404)
    return new AnswerError(`${what}: no such thing, or the token may not see it`, { code: "not-found" });
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new RetryLaterError(what, {
      hint: "Waldur is overloaded or under maintenance; the next run tries again",
    });
  return new AnswerError(what);
}

function redirected(received: Received, asked: Asked): EndpointError {
  const target = redirectOrigin(received.headers.get("location"));
  return new EndpointError(`${asked.method} ${asked.path} was redirected (${received.status}) to ${target}`, {
    hint: "redirects are not followed, so that the token stays with the configured server; mend waldur_api_url",
  });
}

function redirectOrigin(location: string | null): string {
  if (location === null) return "nowhere";
  return URL.canParse(location) ? new URL(location).origin : "another path of the same server";
}

function isJson(received: Received): boolean {
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

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters of a server must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").slice(0, 200);
}
