// How an offering's server is reached: what the configuration says, and the proxy that the environment names.

import type { OfferingConfig } from "../config/config.ts";
import { EndpointError } from "../errors.ts";
import type { Connection } from "../waldur/send.ts";
import { isExempt } from "./no-proxy.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * @throws EndpointError for a proxy that cannot be used: going past it would show the token to anybody on the network
 * path
 */
export function connectionOf(
  offering: OfferingConfig,
  { env, userAgent }: { env: Env; userAgent: string },
): Connection {
  const { apiUrl, token, tokenSource: tokenFrom } = offering;
  return { ...wayTo(apiUrl, offering, { env, userAgent }), token, tokenFrom };
}

/** The way to any server of the offering: with its CAs, and through its proxy. Throws as `connectionOf` does. */
export function wayTo(
  apiUrl: string,
  { verifyTls, caPem, proxy }: Pick<OfferingConfig, "verifyTls" | "caPem" | "proxy">,
  { env, userAgent }: { env: Env; userAgent: string },
): Omit<Connection, "token" | "tokenFrom" | "scheme"> {
  const proxyFrom = proxy === null ? proxyVariable(apiUrl, env) : "global_proxy";
  return { apiUrl, verifyTls, caPem, proxy, proxyFrom, userAgent };
}

/** The variable that names a proxy for this address, if there is one; the runtime goes by it. */
function proxyVariable(apiUrl: string, env: Env): string | null {
  const own = apiUrl.startsWith("https:") ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  const name = [...own, "all_proxy", "ALL_PROXY"].find((one) => (env[one] ?? "") !== "");
  if (name === undefined || isExempt(new URL(apiUrl), noProxyOf(env))) return null;
  // The runtime refuses such a proxy in some of the variables, and ignores it without a message in others.
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(env[name] ?? "")?.[1]?.toLowerCase() ?? "http";
  if (scheme === "http" || scheme === "https") return name;
  throw new EndpointError(`cannot reach ${apiUrl} through the proxy of ${name}, a ${scheme}:// proxy`, {
    hint: "only proxies of http:// and https:// are supported; NO_PROXY excludes a host",
  });
}

function noProxyOf({ no_proxy: lower, NO_PROXY: upper }: Env): string {
  return [lower, upper].find((value) => (value ?? "") !== "") ?? "";
}
