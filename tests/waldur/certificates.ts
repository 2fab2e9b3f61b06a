// Certificates made by openssl when a test asks for them: one CA that is unknown, and what servers get wrong.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";

export type Certificate = { cert: string; key: string };

/** All are for 127.0.0.1 and good, but for what their name says. */
export type Certificates = ReturnType<typeof makeCertificates>;

const CA_CONFIG = `[ca]
default_ca = tests
[tests]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const LOOPBACK = "subjectAltName=IP:127.0.0.1";
const VALID: Period = ["20200101000000Z", "20990101000000Z"];
type Period = readonly [from: string, to: string];

/** Makes them all; a few dozen milliseconds. */
export function makeCertificates() {
  const directory = mkdtempSync(join(tmpdir(), "certificates-"));
  try {
    writeFileSync(join(directory, "ca.cnf"), CA_CONFIG);
    writeFileSync(join(directory, "index.txt"), "");
    writeFileSync(join(directory, "serial"), "01\n");
    return makeIn(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function makeIn(directory: string) {
  const make = makerIn(directory);
  const ca = make.selfSigned("ca", "basicConstraints=critical,CA:TRUE");
  const issuer = make.signed("issuer", { by: "ca", extension: "basicConstraints=critical,CA:TRUE" });
  const leaf = make.signed("leaf", { by: "issuer" });
  const constrained = make.signed("constrained", {
    by: "ca",
    extension: "basicConstraints=critical,CA:TRUE\nnameConstraints=critical,permitted;DNS:example.com",
  });
  const outside = make.signed("outside", {
    by: "constrained",
    extension: `${LOOPBACK},DNS:waldur.example.org`,
  });
  const notCa = make.signed("not-ca", { by: "ca", extension: "basicConstraints=critical,CA:FALSE" });
  const forged = make.signed("forged", { by: "not-ca" });
  return {
    ca: ca.cert,
    otherCa: make.selfSigned("other-ca", "basicConstraints=critical,CA:TRUE").cert,
    /** Another CA of the same name. */
    namesake: make.selfSigned("namesake", "basicConstraints=critical,CA:TRUE", "ca").cert,
    good: make.signed("good", { by: "ca" }),
    expired: make.signed("expired", { by: "ca", period: ["20200101000000Z", "20210101000000Z"] }),
    notYetValid: make.signed("future", { by: "ca", period: ["20980101000000Z", "20990101000000Z"] }),
    otherHost: make.signed("other-host", { by: "ca", extension: "subjectAltName=DNS:waldur.example.org" }),
    forClients: make.signed("client", { by: "ca", extension: `${LOOPBACK}\nextendedKeyUsage=clientAuth` }),
    selfSigned: make.selfSigned("self", LOOPBACK),
    /** Signed by an intermediate CA, which the server sends along. */
    chain: { cert: leaf.cert + issuer.cert, key: leaf.key },
    /** The same, sent with the root too, which is self-signed. */
    chainWithRoot: { cert: leaf.cert + issuer.cert + ca.cert, key: leaf.key },
    /** The same, and the server forgets the intermediate one. */
    brokenChain: leaf,
    /** Signed by a CA that may sign for other hosts only. */
    outOfBounds: { cert: outside.cert + constrained.cert, key: outside.key },
    /** Signed by a certificate that is not a CA's. */
    forged: { cert: forged.cert + notCa.cert, key: forged.key },
  };
}

function makerIn(directory: string) {
  const openssl = (...args: readonly string[]) => {
    const ran = spawnSync("openssl", args, { cwd: directory, encoding: "utf8" });
    if (ran.status !== 0) throw new Error(`openssl ${args.join(" ")}: ${ran.stderr}`);
  };
  const read = (name: string): Certificate => ({
    cert: readFileSync(join(directory, `${name}.pem`), "utf8"),
    key: readFileSync(join(directory, `${name}.key`), "utf8"),
  });
  return {
    selfSigned(name: string, extension: string, subject = name): Certificate {
      const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
      openssl(
        "req",
        "-x509",
        ...NEW_KEY,
        ...files,
        "-days",
        "2",
        "-subj",
        `/CN=${subject}`,
        "-addext",
        extension,
      );
      return read(name);
    },
    signed(
      name: string,
      { by, extension = LOOPBACK, period = VALID }: { by: string; extension?: string; period?: Period },
    ): Certificate {
      openssl("req", ...NEW_KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
      writeFileSync(join(directory, `${name}.ext`), `${extension}\n`);
      const [from, to] = period;
      openssl(
        ...["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", `${by}.pem`, "-keyfile", `${by}.key`],
        ...["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", `${name}.ext`],
        ...["-startdate", from, "-enddate", to],
      );
      return read(name);
    },
  };
}
