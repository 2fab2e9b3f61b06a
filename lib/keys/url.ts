// The one spelling of a Waldur API address. People write it with and without `/api`, and with and without a slash.
// Credentials, a query or a fragment are refused: the token has its own key, and the rest is never part of an API root.

/** What is wrong with the text as a Waldur API address, or null. Never repeats the text, which may hold a password. */
export function apiUrlProblem(text: string): string | null {
  const fault = faultOf(text);
  return fault === null ? null : `${fault}\nfor example https://waldur.example.com/api/`;
}

function faultOf(text: string): string | null {
  const url = parseHttpUrl(text);
  if (url === null) return "must be a URL that starts with http:// or https://";
  if (url.username !== "" || url.password !== "") return "must not contain a user name or password";
  if (text.includes("?")) return "must not contain a query (`?`)";
  return text.includes("#") ? "must not contain a fragment (`#`)" : null;
}

/**
 * The API root, always ending in `/api/`; only an exact last segment `api` counts as being there already, and a path
 * prefix survives. Throws a TypeError for what `apiUrlProblem` objects to.
 */
export function normaliseApiUrl(text: string): string {
  const problem = faultOf(text);
  const url = parseHttpUrl(text);
  if (problem !== null || url === null) throw new TypeError(`Waldur API address ${problem}`);
  const prefix = withoutSlashes(withoutSlashes(url.pathname).replace(/\/api$/, ""));
  return `${url.origin}${prefix}/api/`;
}

/** Plain HTTP to another machine shows the token to everybody on the way. */
export function isPlainHttpBeyondLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** The URL parser alone would take `https:host` and `https:///host`, and drop line breaks. */
export function parseHttpUrl(text: string): URL | null {
  return /^https?:\/\/[^/\\?#\s][^\s\\]*$/i.test(text) ? URL.parse(text) : null;
}

function withoutSlashes(path: string): string {
  return path.replace(/\/+$/, "");
}

/** `global_proxy`, which the site agent knows at the top level only. */
export function proxyProblem(text: string): string | null {
  if (/^socks/i.test(text)) return "a SOCKS proxy is not supported\nuse an http:// or https:// proxy";
  return parseHttpUrl(text) === null
    ? "must be a URL that starts with http:// or https://\nfor example http://proxy.example.org:3128"
    : null;
}
