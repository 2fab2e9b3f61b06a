// Translates network failures to our closed set of errors, with messages that an operator can act on.

import { AnswerError, AppError, EndpointError, RetryLaterError } from "../errors.ts";
import { TooLarge } from "./body.ts";
import { afterTries, type ExchangeName, peerOf, throughProxy } from "./exchange-name.ts";
import { NAME_CODES, tlsReason } from "./tls-reasons.ts";

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
export function translateTransportError(error: unknown, exchange: ExchangeName): AppError {
  if (error instanceof AppError) return inContext(error, exchange);
  const code = errorCode(error);
  const what = `${exchange.method} ${exchange.shown} failed`;
  const tls = tlsReason(code);
  if (tls !== undefined)
    return new EndpointError(`${what}: TLS verification of ${exchange.origin} failed: ${tls} (${code})`, {
      cause: error,
      hint: NAME_CODES.has(code)
        ? `give ${peerOf(exchange).urlKey} the host name that the certificate has`
        : "fix the certificate, or set ca_file to the CA's PEM file",
    });
  if (code === "EPROTO")
    return new EndpointError(`${what}: ${exchange.origin} does not speak TLS (EPROTO)`, {
      cause: error,
      hint: `check scheme and port of ${peerOf(exchange).urlKey}`,
    });
  if (code === "UnsupportedProxyProtocol")
    return new EndpointError(`${what}: cannot use the proxy of ${exchange.proxyFrom}`, {
      cause: error,
      hint: "only proxies of http:// and https:// are supported",
    });
  const reason =
    NETWORK_REASONS[code] ?? (error instanceof Error && error.name !== "FetchError" ? error.message : code);
  const shown = code === "" ? reason : `${reason} (${code})`;
  const tries = afterTries(exchange.tries);
  const where = `${exchange.origin}${throughProxy(exchange.proxyFrom)}${tries}`;
  const words = CUT_CODES.has(code)
    ? `${where} did not answer in full`
    : `${peerOf(exchange).name} is unreachable at ${where}`;
  return new RetryLaterError(`${what}: ${words}: ${shown}`, {
    cause: error,
    hint: `nothing was changed; the next run tries again; if this persists, ${remedyFor(code, exchange)}`,
  });
}

const CUT_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ConnectionClosed",
  "Z_DATA_ERROR",
  "Z_BUF_ERROR",
]);

/** The transport does not say which of the two it could not reach. */
function remedyFor(code: string, exchange: ExchangeName): string {
  const { proxyFrom } = exchange;
  const { name, urlKey } = peerOf(exchange);
  if (proxyFrom !== null)
    return `check that the proxy of ${proxyFrom} is running and allows this host, or correct the setting`;
  if (code === "ENOTFOUND") return `check the host name in ${urlKey}, and DNS (\`getent hosts NAME\`)`;
  if (CUT_CODES.has(code)) return `check proxies and firewalls between this machine and ${name}`;
  return `check that ${name} is up, the port in ${urlKey}, and firewalls`;
}

function inContext(error: AppError, exchange: ExchangeName): AppError {
  if (!(error instanceof AnswerError)) return error;
  if (error instanceof TooLarge) return new TooLarge(error.what, `${exchange.method} ${exchange.shown}`);
  return new AnswerError(`${exchange.method} ${exchange.shown}: ${error.message}`, {
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
