// TLS with real servers and real certificates: what is refused, in which words, and what another CA fixes.

import { describe, expect, test } from "bun:test";
import { type Certificate, makeCertificates } from "./certificates.ts";
import { clientFor, failureOf, TOKEN, use, wordsOf } from "./connection.ts";
import { startTunnel } from "./raw-server.ts";

const certificates = makeCertificates();
const { ca, otherCa } = certificates;

/** Says `[]` to everybody, and remembers whom. */
function startTls({ cert, key }: Certificate) {
  const tokens: (string | null)[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    tls: { cert, key },
    fetch(request) {
      tokens.push(request.headers.get("authorization"));
      return Response.json([]);
    },
  });
  const origin = `https://127.0.0.1:${server.port}`;
  return { origin, url: `${origin}/api/`, tokens, stop: () => server.stop(true) };
}

const REFUSED: readonly [name: string, shown: Certificate, caPem: string | null, words: string][] = [
  ["an expired one", certificates.expired, ca, "its certificate has expired (CERT_HAS_EXPIRED)"],
  [
    "one that is not valid yet",
    certificates.notYetValid,
    ca,
    "its certificate is not valid yet; check this machine's clock (CERT_NOT_YET_VALID)",
  ],
  [
    "one for another host",
    certificates.otherHost,
    ca,
    "its certificate is for another host name (ERR_TLS_CERT_ALTNAME_INVALID)",
  ],
  [
    "a self-signed one",
    certificates.selfSigned,
    null,
    "its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)",
  ],
  [
    "a self-signed one, with a CA that has nothing to do with it",
    certificates.selfSigned,
    ca,
    "its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)",
  ],
  [
    "one of an unknown CA",
    certificates.good,
    null,
    "its certificate is signed by a CA that is not known here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
  ],
  [
    "one of another CA than ours",
    certificates.good,
    otherCa,
    "its certificate is signed by a CA that is not known here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
  ],
  [
    "a chain with an unknown root in it",
    certificates.chainWithRoot,
    null,
    "a certificate in its chain is self-signed (SELF_SIGNED_CERT_IN_CHAIN)",
  ],
  [
    "a chain to an unknown root",
    certificates.chain,
    null,
    "the CA that signed its certificate is not known here (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)",
  ],
  [
    "a chain that lacks a link",
    certificates.brokenChain,
    ca,
    "its certificate is signed by a CA that is not known here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
  ],
  [
    "one that was signed by what is no CA",
    certificates.forged,
    ca,
    "a certificate in its chain is not valid for this purpose (INVALID_PURPOSE)",
  ],
  [
    "one that is for clients only",
    certificates.forClients,
    ca,
    "a certificate in its chain is not valid for this purpose (INVALID_PURPOSE)",
  ],
  [
    "one that another CA of the same name signed",
    certificates.good,
    certificates.namesake,
    "its certificate is signed by a CA that is not known here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
  ],
  [
    "one that its CA had no right to sign",
    certificates.outOfBounds,
    ca,
    "its certificate was not accepted (PERMITTED_VIOLATION)",
  ],
];

describe("a certificate that cannot be trusted", () => {
  test.each(REFUSED)(
    "%s is refused with 69, at once and before the token is sent",
    async (_name, shown, caPem, words) => {
      const server = await use(startTls(shown));
      const client = clientFor(server.url, { connection: { caPem }, retries: 3 });
      const error = await failureOf(client.get("x/"));
      expect(error.message).toBe(`GET x/ failed: TLS verification of ${server.origin} failed: ${words}`);
      expect([error.exitCode, error.hint]).toEqual([
        69,
        shown === certificates.otherHost
          ? "give waldur_api_url the host name that the certificate has"
          : "fix the certificate, or set ca_file to the CA's PEM file",
      ]);
      expect(client.retries).toEqual([]);
      const posted = await failureOf(client.post("x/"));
      expect([posted.exitCode, posted.message]).toEqual([69, expect.stringContaining(words)]);
      expect(server.tokens).toEqual([]);
      expect(wordsOf(error)).not.toContain(TOKEN);
    },
  );

  test.each(REFUSED)("%s is taken where verification is off", async (_name, shown, caPem) => {
    const server = await use(startTls(shown));
    const client = clientFor(server.url, { connection: { caPem, verifyTls: false } });
    expect((await client.get("x/")).body).toEqual([]);
  });
});

describe("a certificate that can be trusted", () => {
  test.each([
    ["of the CA we were given", certificates.good, ca],
    ["of one of several CAs we were given", certificates.good, otherCa + ca],
    ["of an intermediate CA, which comes along", certificates.chain, ca],
    ["of an intermediate CA, with the root", certificates.chainWithRoot, ca],
    ["that is given itself", certificates.selfSigned, certificates.selfSigned.cert],
  ] as const)("is one %s", async (_name, shown, caPem) => {
    const server = await use(startTls(shown));
    const client = clientFor(server.url, { connection: { caPem } });
    expect((await client.get("x/")).body).toEqual([]);
    expect((await client.post("x/")).outcome).toBe("accepted");
    expect(server.tokens).toEqual([`Token ${TOKEN}`, `Token ${TOKEN}`]);
  });
});

test("a connection that was not verified is not reused with verification", async () => {
  const server = await use(startTls(certificates.good));
  await clientFor(server.url, { connection: { verifyTls: false } }).get("x/");
  const error = await failureOf(clientFor(server.url).get("x/"));
  expect(error.exitCode).toBe(69);
  await clientFor(server.url, { connection: { caPem: ca } }).get("x/");
  expect((await failureOf(clientFor(server.url).get("x/"))).exitCode).toBe(69);
  expect(server.tokens).toHaveLength(2);
});

describe("through a proxy", () => {
  test("the tunnel is requested by host and port, and the proxy sees nothing of what is sent through it", async () => {
    const server = await use(startTls(certificates.good));
    const tunnel = await use(startTunnel());
    const client = clientFor(server.url, { connection: { caPem: ca, proxy: tunnel.origin } });
    expect((await client.get("x/")).body).toEqual([]);
    expect(tunnel.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      `CONNECT ${new URL(server.url).host}`,
    ]);
    expect(tunnel.requests[0]?.headers.get("authorization")).toBeNull();
    expect(tunnel.heard()).not.toContain(TOKEN);
    expect(tunnel.heard().length).toBeGreaterThan(100);
    expect(server.tokens).toHaveLength(1);
  });

  test("the server's certificate is verified all the same", async () => {
    const server = await use(startTls(certificates.good));
    const tunnel = await use(startTunnel());
    const client = clientFor(server.url, { connection: { proxy: tunnel.origin } });
    expect((await failureOf(client.get("x/"))).exitCode).toBe(69);
    expect([tunnel.requests.length, server.tokens]).toEqual([1, []]);
  });
});
