// How an offering's server is reached: what the configuration says, and the proxy that the environment names.

import type { OfferingConfig } from "../config/config.ts";
import type { Connection } from "../waldur/client.ts";

export function connectionOf(
  offering: OfferingConfig,
  { env, userAgent }: { env: Readonly<Record<string, string | undefined>>; userAgent: string },
): Connection {
  const { apiUrl, token, verifyTls, caPem, proxy } = offering;
  const proxyFrom = proxy === null ? proxyVariable(apiUrl, env) : "global_proxy";
  return { apiUrl, token, verifyTls, caPem, proxy, proxyFrom, userAgent };
}

/** The variable that names a proxy for this address, if there is one; the runtime goes by it. */
function proxyVariable(apiUrl: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const own = apiUrl.startsWith("https:") ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  return [...own, "all_proxy", "ALL_PROXY"].find((name) => (env[name] ?? "") !== "") ?? null;
}
