// What `unix_gid: http` needs, and where its secret may come from.

import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { configYaml, createSite, offeringYaml, onlyOffering } from "./site.ts";

const SECRET = "canary-0123456789abcdef";
const URLS = [
  "hpc_user_api_url: https://api.example.org/hpc",
  "hpc_user_oidc_token_url: https://id.example.org/token",
];
const ALL = ["unix_gid: http", "output_directory: /srv/out", ...URLS, "hpc_user_client_id: gateway"];
const yaml = (...settings: string[]) => configYaml(offeringYaml({ settings }));

describe("unix_gid: http", () => {
  test("takes its secret from the first of four places, and shows it nowhere", async () => {
    const site = createSite();
    const path = site.write("secret", `${SECRET}-file\n`);
    chmodSync(path, 0o600);
    const credential = site.write("hpc_user_client_secret", `${SECRET}-credential\n`);
    const CREDENTIALS_DIRECTORY = credential.replace(/\/[^/]+$/, "");
    const env = { CREDENTIALS_DIRECTORY, HPC_USER_CLIENT_SECRET: `${SECRET}-variable` };
    const { HPC_USER_CLIENT_SECRET } = env;
    const found: unknown[] = [];
    for (const [more, given] of [
      [[`hpc_user_client_secret: ${SECRET}`, "hpc_user_client_secret_file: secret"], env],
      [["hpc_user_client_secret_file: secret"], env],
      [[], env],
      [[], { HPC_USER_CLIENT_SECRET }],
    ] as const) {
      const { unixGid, ...others } = onlyOffering(
        await site.load(yaml(...ALL, ...more), { env: given }),
      ).settings;
      expect(JSON.stringify([unixGid, others])).not.toContain("canary");
      if (unixGid.kind !== "http") throw new Error("another source");
      const { apiUrl, tokenUrl, clientId, scope } = unixGid;
      expect({ apiUrl, tokenUrl, clientId, scope }).toEqual({
        apiUrl: "https://api.example.org/hpc/",
        tokenUrl: "https://id.example.org/token",
        clientId: "gateway",
        scope: "openid",
      });
      found.push(unixGid.secret.reveal());
    }
    expect(found).toEqual([SECRET, `${SECRET}-file`, `${SECRET}-credential`, `${SECRET}-variable`]);
  });

  test.each([
    [[], "hpc_user_client_secret: there is no client secret"],
    [["hpc_user_client_secret: CHANGE_ME"], "hpc_user_client_secret: is a placeholder that was not replaced"],
    [['hpc_user_client_secret: "a b"'], "contains a space, a line break"],
    [["hpc_user_client_secret_file: /nonexistent/secret"], "/nonexistent/secret does not exist"],
    [["hpc_user_client_secret: x1", "hpc_user_socks_proxy: socks5://a:1"], "a SOCKS proxy is not supported"],
    [["hpc_user_client_secret: 12"], "hpc_user_client_secret: must be text"],
  ])("is refused with %p", async (more, words) => {
    const { config, shown } = await createSite().load(yaml(...ALL, ...more));
    expect(config).toBeNull();
    expect(shown).toContain(words);
  });

  test("needs two addresses and a client id; a password in one is refused and not shown", async () => {
    const { shown } = await createSite().load(
      yaml(
        "unix_gid: http",
        "hpc_user_api_url: https://me:canary@api.example.org/",
        "hpc_user_client_secret: x1",
      ),
    );
    expect(shown).toContain("hpc_user_api_url: must be an http:// or https:// URL without user");
    expect(shown).toContain("hpc_user_oidc_token_url: is missing");
    expect(shown).toContain("hpc_user_client_id: is missing");
    expect(shown).not.toContain("canary");
  });

  test("a file with the secret that everybody can read is refused", async () => {
    const site = createSite();
    chmodSync(site.write("secret", `${SECRET}\n`), 0o644);
    const { config, shown } = await site.load(yaml(...ALL, "hpc_user_client_secret_file: secret"));
    expect(config).toBeNull();
    expect(shown).toContain("everybody on this machine can read the client secret in");
  });

  test("so is a configuration with it, where it is used", async () => {
    for (const [settings, isRefused] of [
      [ALL, true],
      [["output_directory: /srv/out"], false],
    ] as const) {
      const site = createSite();
      chmodSync(site.write("token", "0123456789abcdef\n"), 0o600);
      const text = yaml(...settings, `hpc_user_client_secret: ${SECRET}`);
      const own = text.replace(/waldur_api_token: .*/, "waldur_api_token_file: token");
      const { config, shown } = await site.load(own, { mode: 0o644 });
      expect([config === null, shown.includes("can read the client secret in")]).toEqual([
        isRefused,
        isRefused,
      ]);
      expect(shown).not.toContain("canary");
    }
  });

  test("other sources look at none of these keys", async () => {
    const { config } = await createSite().load(
      yaml("output_directory: /srv/out", "hpc_user_api_url: 5", "hpc_user_client_secret: CHANGE_ME"),
    );
    expect(config).not.toBeNull();
  });

  test("a misspelt key is an error where it is used, and nothing elsewhere", async () => {
    const site = createSite();
    for (const key of ["hpc_user_api_urls", "hpc_user_api"]) {
      const [own, other] = [
        yaml("output_directory: /srv/out", `${key}: x`),
        configYaml(offeringYaml({ offering: [`${key}: x`] })),
      ];
      for (const text of [own, other, `${key}: x\n${yaml("output_directory: /srv/out")}`])
        expect(await site.load(text)).toMatchObject({ shown: "" });
    }
    const { shown } = await site.load(yaml("unix_gid: http", "hpc_user_api_urls: https://a.example.org/"));
    expect(shown).toContain("hpc_user_api_urls: unknown key hint: did you mean hpc_user_api_url?");
  });
});
