// The program and TLS: what it refuses ends with 69 and leaves nothing behind, and the environment cannot soften it.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";
import { openStage, type Stage, type StageOptions } from "../stage.ts";
import { type Certificate, makeCertificates } from "../waldur/certificates.ts";
import { startTunnel } from "../waldur/raw-server.ts";

const certificates = makeCertificates();
const directory = mkdtempSync(join(tmpdir(), "tls-"));
const caFile = join(directory, "ca.pem");
const otherCaFile = join(directory, "other-ca.pem");
writeFileSync(caFile, certificates.ca);
writeFileSync(otherCaFile, certificates.otherCa);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the test on a Waldur with this certificate, and more lines for the offering and the top level. */
async function on(
  {
    tls,
    offering = "",
    top = "",
    ...more
  }: StageOptions & { tls: Certificate; offering?: string; top?: string },
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await openStage({
    tls,
    resources: 3,
    orders: 1,
    ...more,
    config: ({ url, token, offering: uuid, out }) => `${top}
offerings:
  - name: Test
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${uuid}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    ${offering}
    backend_settings:
      output_directory: ${out}
`,
  });
  try {
    await play(stage);
  } finally {
    await stage.close();
  }
}

const CA = `ca_file: ${caFile}`;

const REFUSED: readonly [name: string, tls: Certificate, offering: string, words: string][] = [
  ["an expired certificate", certificates.expired, CA, "its certificate has expired"],
  ["one that is not valid yet", certificates.notYetValid, CA, "not valid yet; check this machine's clock"],
  ["one for another host", certificates.otherHost, CA, "its certificate is for another host name"],
  ["a self-signed one", certificates.selfSigned, "", "its certificate is self-signed"],
  ["one of an unknown CA", certificates.good, "", "signed by a CA that is not known here"],
  ["one of another CA than that of ca_file", certificates.good, `ca_file: ${otherCaFile}`, "not known here"],
  ["a chain that lacks a link", certificates.brokenChain, CA, "signed by a CA that is not known here"],
  ["one that was signed by what is no CA", certificates.forged, CA, "is not valid for this purpose"],
];

/** What a run may leave where it published nothing. */
function expectNothing(stage: Stage): void {
  expect(stage.files()).toEqual([]);
  expect(
    stage
      .everything()
      .filter((name) => !/^\.waldur-cscs-storage\/(?:lock|failed)-[\w-]+(?:\.json)?$/.test(name)),
  ).toEqual([]);
  expect(stage.simulator.requests).toEqual([]);
}

describe("a certificate that cannot be trusted ends every run with 69", () => {
  test.each(REFUSED)(
    "%s",
    async (_name, tls, offering, words) => {
      await on({ tls, offering }, async (stage) => {
        for (const args of [["sync"], ["orders"], ["sync", "--dry-run"]]) {
          const ran = await stage.run(args);
          expect([args, ran.code, ran.stderr]).toEqual([args, 69, expect.stringContaining(words)]);
          expect(ran.stderr).toContain(`TLS verification of ${stage.simulator.origin} failed`);
          expect(ran.stderr).toContain(tls === certificates.otherHost ? "waldur_api_url" : "ca_file");
          expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
          expect(ran.stdout + ran.stderr).not.toContain(stage.simulator.providerToken);
          expectNothing(stage);
        }
      });
    },
    15_000,
  );
});

describe("a certificate that can be trusted", () => {
  test.each([
    ["of the CA in ca_file", certificates.good, CA],
    ["of an intermediate CA, with the root in ca_file", certificates.chain, CA],
  ] as const)("%s lets both modes do their work, without a message", async (_name, tls, offering) => {
    await on({ tls, offering }, async (stage) => {
      for (const mode of ["orders", "sync"]) {
        expect(await stage.run([mode])).toEqual({ code: 0, stdout: "", stderr: "" });
      }
      expect(stage.files()).toHaveLength(2);
    });
  });

  test("needs no ca_file where the machine knows the CA, and ca_file takes none of those away", async () => {
    for (const offering of ["", `ca_file: ${otherCaFile}`]) {
      await on({ tls: certificates.good, offering }, async (stage) => {
        const ran = await stage.run(["sync"], { SSL_CERT_FILE: caFile });
        expect([offering, ran.code, ran.stderr]).toEqual([offering, 0, ""]);
      });
    }
  });
});

describe("verification", () => {
  test.each([
    { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    { NODE_OPTIONS: "--tls-min-v1.0 --use-openssl-ca" },
    { NODE_TLS_REJECT_UNAUTHORIZED: "0", BUN_CONFIG_VERBOSE_FETCH: "curl", PYTHONHTTPSVERIFY: "0" },
  ])("is not switched off by %j", async (env) => {
    for (const [tls, offering, words] of [
      [certificates.selfSigned, "", "self-signed"],
      [certificates.expired, CA, "has expired"],
    ] as const) {
      await on({ tls, offering }, async (stage) => {
        writeFileSync(join(stage.directory, ".env"), "NODE_TLS_REJECT_UNAUTHORIZED=0\n");
        const ran = await stage.run(["sync"], env);
        expect([ran.code, ran.stderr]).toEqual([69, expect.stringContaining(words)]);
        expect(ran.stdout + ran.stderr).not.toContain(stage.simulator.providerToken);
        expectNothing(stage);
      });
    }
  });

  test("is switched off by verify_ssl: false, with a warning on every run", async () => {
    await on({ tls: certificates.expired, offering: "verify_ssl: false" }, async (stage) => {
      for (const mode of ["sync", "orders", "sync"]) {
        const ran = await stage.run([mode, "--quiet"]);
        expect([ran.code, ran.stderr]).toEqual([
          0,
          expect.stringMatching(/ warn .*certificate is not verified/),
        ]);
      }
      expect(stage.files()).toHaveLength(2);
    });
  });

  test("of one offering is not switched off by another one's verify_ssl: false", async () => {
    await on({ tls: certificates.selfSigned, offering: "verify_ssl: false" }, async (stage) => {
      const second = `
  - name: Strict
    waldur_api_url: ${stage.simulator.url}
    waldur_api_token: ${stage.simulator.providerToken}
    waldur_offering_uuid: ${stage.world.otherOffering.uuid}
    backend_type: cscs-hpc-storage
    backend_settings:
      output_directory: ${join(stage.directory, "strict")}
`;
      writeFileSync(stage.configPath, (await Bun.file(stage.configPath).text()) + second);
      const ran = await stage.run(["sync", "--json"]);
      expect(ran.code).toBe(69);
      expect(JSON.parse(ran.stdout).offerings.map((one: { outcome: string }) => one.outcome)).toEqual([
        "published",
        "failed",
      ]);
      expect(
        stage.simulator.requests.some(({ path }) => path.includes(stage.world.otherOffering.uuid)),
      ).toBeFalse();
    });
  });
});

test("shows no token where Bun is asked to print requests, though the request succeeds", async () => {
  for (const BUN_CONFIG_VERBOSE_FETCH of ["1", "true", "curl"]) {
    await on({ tls: certificates.good, offering: CA }, async (stage) => {
      const ran = await stage.run(["sync"], { BUN_CONFIG_VERBOSE_FETCH });
      expect(ran).toEqual({ code: 0, stdout: "", stderr: "" });
    });
  }
});

describe("through a proxy", () => {
  test("of the environment or of global_proxy is used as a tunnel, which cannot read the token", async () => {
    for (const way of ["environment", "global_proxy"]) {
      const tunnel = await startTunnel();
      const isEnvironment = way === "environment";
      const top = isEnvironment ? "" : `global_proxy: ${tunnel.origin}`;
      await on({ tls: certificates.good, offering: CA, top }, async (stage) => {
        const ran = await stage.run(["sync"], isEnvironment ? { HTTPS_PROXY: tunnel.origin } : {});
        expect([way, ran]).toEqual([way, { code: 0, stdout: "", stderr: "" }]);
        expect(tunnel.requests.length).toBeGreaterThan(0);
        for (const { method, target, headers } of tunnel.requests) {
          expect(`${method} ${target}`).toBe(`CONNECT 127.0.0.1:${stage.simulator.port}`);
          expect(headers.get("authorization")).toBeNull();
        }
        expect(tunnel.heard()).not.toContain(stage.simulator.providerToken);
      });
      await tunnel.stop();
    }
  });

  test("an untrusted certificate is refused all the same", async () => {
    const tunnel = await startTunnel();
    await on({ tls: certificates.good }, async (stage) => {
      const ran = await stage.run(["sync"], { HTTPS_PROXY: tunnel.origin });
      expect([ran.code, tunnel.requests.length]).toEqual([69, 1]);
      expectNothing(stage);
    });
    await tunnel.stop();
  });
});
