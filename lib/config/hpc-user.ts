// What `unix_gid: http` needs: the service that has the GIDs, and the client secret for its tokens. The keys have the
// names of the Python plugin. Loaded only where that source is configured.

import type { OfferingContext } from "../keys/entries.ts";
import { isPlainHttpBeyondLoopback, parseHttpUrl } from "../keys/url.ts";
import { isYamlMap } from "../yaml/map.ts";
import type { GidService } from "./config.ts";
import type { LoadContext } from "./load-context.ts";
import { NO_TOKEN, readSecret, reportNoSecret, type Token } from "./token.ts";

type Key = "hpc_user_api_url" | "hpc_user_oidc_token_url" | "hpc_user_client_id" | "hpc_user_oidc_scope";

const REMEDY: Readonly<Record<Key, string>> = {
  hpc_user_api_url: "write the address of the service, for example https://api.example.org/hpc-user/",
  hpc_user_oidc_token_url: "write the address of its token endpoint",
  hpc_user_client_id: "write the client id of this program there, in quotes",
  hpc_user_oidc_scope: "leave it out for openid",
};

/** null where there is an error, which is reported. */
export async function readGidService(
  offering: OfferingContext,
  context: LoadContext,
): Promise<GidService | null> {
  refuseSocks(offering);
  const apiUrl = urlAt("hpc_user_api_url", offering);
  const tokenUrl = urlAt("hpc_user_oidc_token_url", offering);
  const clientId = wordAt("hpc_user_client_id", offering);
  const scope = wordAt("hpc_user_oidc_scope", offering, "openid");
  const found = context.needsToken ? await secretOf(offering, context) : NO_TOKEN;
  if (apiUrl === null || tokenUrl === null || clientId === null || scope === null || found === null)
    return null;
  const base = apiUrl.endsWith("/") ? apiUrl : `${apiUrl}/`;
  const { token, source } = found;
  return { kind: "http", apiUrl: base, tokenUrl, clientId, secret: token, secretFrom: source, scope };
}

function secretOf({ values, atSetting }: OfferingContext, context: LoadContext): Promise<Token | null> {
  const settings = values.backend_settings;
  const textAt = (key: "hpc_user_client_secret" | "hpc_user_client_secret_file") => {
    const value = settings?.[key] ?? null;
    if (value === null) return null;
    if (typeof value === "string") return value.trim() || null;
    atSetting(key).error("must be text", "put it in quotes");
    return undefined;
  };
  const places = {
    ...{ what: "client secret", key: "hpc_user_client_secret", variable: "HPC_USER_CLIENT_SECRET" },
    origin: "the operators of the service",
    inline: textAt("hpc_user_client_secret"),
    file: textAt("hpc_user_client_secret_file"),
    at: atSetting,
  };
  return readSecret(places, context, () => reportNoSecret(places, context));
}

function wordAt(key: Key, { values, atSetting }: OfferingContext, fallback: string | null = null) {
  const value = values.backend_settings?.[key] ?? fallback;
  if (typeof value === "string" && value.trim() !== "" && !/\p{Cc}/u.test(value)) return value.trim();
  atSetting(key).error(value === null ? "is missing" : "must be text", REMEDY[key]);
  return null;
}

function urlAt(key: Key, offering: OfferingContext): string | null {
  const text = wordAt(key, offering);
  const url = text === null ? null : parseHttpUrl(text);
  if (text === null) return null;
  const report = offering.atSetting(key);
  if (url === null || url.username !== "" || url.password !== "" || /[?#]/.test(text)) {
    report.error("must be an http:// or https:// URL without user, query and fragment", REMEDY[key]);
    return null;
  }
  if (isPlainHttpBeyondLoopback(text))
    report.warn("http:// sends secrets unencrypted over the network", "use https://");
  return url.href;
}

function refuseSocks({ given, atSetting }: OfferingContext): void {
  const settings = given.backend_settings;
  const proxy = isYamlMap(settings) ? (settings.hpc_user_socks_proxy ?? "") : "";
  if (proxy === "") return;
  const hint = "remove it, and set global_proxy to an http:// or https:// proxy";
  atSetting("hpc_user_socks_proxy").error("a SOCKS proxy is not supported", hint);
}
