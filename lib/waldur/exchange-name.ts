// A request as messages name it: method, path, server, proxy, and number of tries.

/** A request, as messages name it. */
export type ExchangeName = {
  method: string;
  /** The path, with the page of a list. */
  shown: string;
  /** Scheme, host and port of the server. */
  origin: string;
  /** The setting or variable that names a proxy in use, if one does. */
  proxyFrom: string | null;
  /** Where the token comes from. */
  tokenFrom: string;
  /** How often it was sent, this time included. */
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

export function peerOf({ peer }: Pick<ExchangeName, "peer">): AnyPeer {
  return peer ?? WALDUR;
}

/** Which server answered, as far as is known, and after how many tries. */
export function byWhom({ origin, proxyFrom, tries }: ExchangeName): string {
  return ` by ${origin}${throughProxy(proxyFrom)}${afterTries(tries)}`;
}

export function throughProxy(proxyFrom: string | null): string {
  return proxyFrom === null ? "" : `, through the proxy of ${proxyFrom}`;
}

export function afterTries(tries: number): string {
  return tries === 1 ? "" : ` after ${tries} tries`;
}
