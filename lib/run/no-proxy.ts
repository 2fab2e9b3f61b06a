// Which hosts `NO_PROXY` excludes, as the runtime interprets it (tested): names with all below them, addresses,
// ranges of addresses, each with or without a port, or `*`. Only messages and the refusal of a proxy use this.

/** @param list the value of the variable, separated by commas */
export function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.toLowerCase();
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry === "*" || matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === host) return true;
  const [, name = "", ownPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === "" || (ownPort !== undefined && ownPort !== port)) return false;
  if (addressOf(host) !== null) return name === host || isInRange(host, name);
  const domain = name.replace(/^\*?\./, "");
  return host === domain || host.endsWith(`.${domain}`);
}

function isInRange(host: string, range: string): boolean {
  const [network = "", bits = ""] = range.split("/");
  const [address, base] = [addressOf(host), addressOf(network)];
  if (address === null || base === null || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(base / size);
}

/** An IPv4 address as a number. */
function addressOf(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
