import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import {
  CANARY,
  configYaml,
  createSite,
  OTHER_UUID,
  type Outcome,
  offeringYaml,
  onlyOffering,
} from "./site.ts";

const withoutToken = (offering: string[] = []) => offeringYaml({ offering, without: ["waldur_api_token"] });

function tokenOf(outcome: Outcome): string {
  return onlyOffering(outcome).token.reveal();
}

describe("the token", () => {
  test("is taken from the first source that has one", async () => {
    const site = createSite();
    site.write("token", "from-file\n");
    site.write("waldur_api_token", "from-credential\n");
    const env = { CREDENTIALS_DIRECTORY: site.directory, WALDUR_API_TOKEN: "from-environment" };
    const inFile = 'waldur_api_token: "from-config"';
    const named = "waldur_api_token_file: token";
    const load = (lines: string[], environment: Record<string, string>) =>
      site.load(configYaml(withoutToken(lines)), { env: environment, cwd: "/" });

    const config = await load([inFile, named], env);
    expect(tokenOf(config)).toBe("from-config");
    expect(onlyOffering(config).tokenSource).toBe(`waldur_api_token in ${site.directory}/config.yaml`);
    const file = await load(['waldur_api_token: ""', named], env);
    expect(tokenOf(file)).toBe("from-file");
    expect(onlyOffering(file).tokenSource).toBe(`waldur_api_token_file ${site.directory}/token`);
    const credential = await load(["waldur_api_token:", 'waldur_api_token_file: ""'], env);
    expect(tokenOf(credential)).toBe("from-credential");
    expect(onlyOffering(credential).tokenSource).toBe(
      `systemd credential ${site.directory}/waldur_api_token`,
    );
    const environment = await load([], { ...env, CREDENTIALS_DIRECTORY: "/nonexistent" });
    expect(tokenOf(environment)).toBe("from-environment");
    expect(onlyOffering(environment).tokenSource).toBe("WALDUR_API_TOKEN in the environment");
  });

  test("loses the spaces and line breaks around it", async () => {
    const site = createSite();
    site.write("token", `  ${CANARY} \r\nsecond line\n`);
    expect(tokenOf(await site.load(configYaml(withoutToken(["waldur_api_token_file: token"]))))).toBe(CANARY);
    expect(tokenOf(await site.load(configYaml(withoutToken([`waldur_api_token: "${CANARY}\\n"`]))))).toBe(
      CANARY,
    );
    const env = { WALDUR_API_TOKEN: ` ${CANARY}\n` };
    expect(tokenOf(await site.load(configYaml(withoutToken()), { env }))).toBe(CANARY);
  });

  test("is hidden wherever the configuration is turned into text", async () => {
    const { config } = await createSite().load(configYaml(offeringYaml()));
    expect(config).not.toBeNull();
    for (const text of [
      JSON.stringify(config),
      inspect(config, { depth: 9 }),
      `${config?.offerings[0]?.token}`,
    ]) {
      expect(text).not.toContain(CANARY);
    }
  });

  test("that no source has is an error that lists the sources", async () => {
    const { issues } = await createSite().load(configYaml(withoutToken()), {
      env: { WALDUR_API_TOKEN: " " },
    });
    expect(issues).toMatchObject([
      { line: 2, path: "offerings[0].waldur_api_token", message: "there is no token" },
    ]);
    for (const source of ["waldur_api_token ", "waldur_api_token_file", "credential", "WALDUR_API_TOKEN"]) {
      expect(issues[0]?.hint).toContain(source);
    }
  });

  test.each([
    ["a space", `waldur_api_token: ${CANARY} ${CANARY}`],
    ["a line break", `waldur_api_token: "${CANARY}\\n${CANARY}"`],
    ["a control character", `waldur_api_token: "${CANARY}\\x07"`],
    ["a typographic quote", `waldur_api_token: "${CANARY}’"`],
    ["a number", "waldur_api_token: 1234567890"],
    ["a list", `waldur_api_token: [${CANARY}]`],
    ["a map", `waldur_api_token: {${CANARY}: ${CANARY}}`],
  ])("with %s is refused without being shown", async (_, line) => {
    const { issues, shown } = await createSite().load(configYaml(withoutToken([line])));
    expect(issues).toMatchObject([{ line: 7, path: "offerings[0].waldur_api_token" }]);
    expect(shown).not.toContain(CANARY);
    expect(shown).not.toContain("1234567890");
  });

  test("with a space from the environment or a file is refused without being shown", async () => {
    const site = createSite();
    site.write("token", `Token ${CANARY}\n`);
    const env = { WALDUR_API_TOKEN: `Token ${CANARY}` };
    const environment = await site.load(configYaml(withoutToken()), { env });
    const file = await site.load(configYaml(withoutToken(["waldur_api_token_file: token"])));
    for (const { issues, shown } of [environment, file]) {
      expect(issues.length).toBe(1);
      expect(shown).not.toContain(CANARY);
    }
    expect(environment.shown).toContain("WALDUR_API_TOKEN");
    expect(file.issues[0]?.path).toBe("offerings[0].waldur_api_token_file");
  });
});

describe("waldur_api_token_file", () => {
  const load = (content: string | Uint8Array | null, env: Record<string, string> = {}) => {
    const site = createSite();
    if (content !== null) site.write("token", content);
    return site.load(configYaml(withoutToken(["waldur_api_token_file: token"])), { env });
  };

  test.each([
    ["is missing", null, "does not exist"],
    ["is empty", "", "is empty"],
    ["has an empty first line", `\n${CANARY}\n`, "is empty"],
    ["is larger than 64 KiB", "x".repeat(65_537), "is larger than 64 KiB"],
    ["is binary", new Uint8Array([0xff, 0xfe, 0x00]), "is not UTF-8"],
  ])("that %s is an error, even when the environment has a token", async (_, content, message) => {
    const { issues, shown } = await load(content, { WALDUR_API_TOKEN: CANARY });
    expect(issues).toMatchObject([{ line: 7, path: "offerings[0].waldur_api_token_file" }]);
    expect(issues[0]?.message).toContain(message);
    expect(shown).not.toContain(CANARY);
  });

  test("that everybody can read is an error, or a warning where that is accepted", async () => {
    const site = createSite();
    const path = site.write("token", CANARY, 0o644);
    const text = configYaml(withoutToken(["waldur_api_token_file: token"]));
    const refused = await site.load(text);
    expect(refused.issues).toMatchObject([
      { line: 7, path: "offerings[0].waldur_api_token_file", hint: `chmod 640 ${path}` },
    ]);
    const accepted = await site.load(text, { allowInsecure: true });
    expect(tokenOf(accepted)).toBe(CANARY);
    for (const { shown } of [refused, accepted]) {
      expect(shown).toContain(`everybody on this machine can read the token in ${path}`);
      expect(shown).not.toContain(CANARY);
    }
  });

  test("may be 64 KiB", async () => {
    expect(tokenOf(await load(`${CANARY}\n`.padEnd(65_536)))).toBe(CANARY);
  });

  test("that holds the token instead of a path does not show it", async () => {
    const line = `waldur_api_token_file: ${CANARY}`;
    const { issues, shown } = await createSite().load(configYaml(withoutToken([line])));
    expect(issues.length).toBe(1);
    expect(shown).not.toContain(CANARY);
  });

  test("must be a path", async () => {
    const { issues } = await createSite().load(configYaml(withoutToken(["waldur_api_token_file: [a]"])));
    expect(issues).toMatchObject([{ message: "must be the path of a file" }]);
  });
});

describe("a systemd credential", () => {
  test("that is empty is an error", async () => {
    const site = createSite();
    site.write("waldur_api_token", "\n");
    const env = { CREDENTIALS_DIRECTORY: site.directory, WALDUR_API_TOKEN: CANARY };
    const { issues } = await site.load(configYaml(withoutToken()), { env });
    expect(issues[0]?.message).toBe(`the systemd credential ${site.directory}/waldur_api_token is empty`);
  });
});

describe("OIDC", () => {
  const oidc = ["oidc_token_url: https://idp.example/", "oidc_client_id: a", `oidc_client_secret: ${CANARY}`];

  test("without a token is an error that says it is not supported", async () => {
    const { issues, shown } = await createSite().load(configYaml(withoutToken(oidc)));
    expect(issues).toMatchObject([
      { path: "offerings[0].oidc_token_url", message: "OIDC is not supported, and there is no token" },
    ]);
    expect(shown).not.toContain(CANARY);
  });

  test("beside a token is accepted, and so are empty keys without one", async () => {
    expect(tokenOf(await createSite().load(configYaml(offeringYaml({ offering: oidc }))))).toBe(CANARY);
    const { issues } = await createSite().load(configYaml(withoutToken(['oidc_client_id: ""'])));
    expect(issues[0]?.message).toBe("there is no token");
  });
});

describe("one token for all", () => {
  const second = (lines: string[], without: string[] = ["waldur_api_token"]) =>
    offeringYaml({
      offering: [`waldur_offering_uuid: ${OTHER_UUID}`, ...lines],
      settings: ["output_directory: /srv/other"],
      without,
    });
  const elsewhere = "waldur_api_url: https://other.example.com/";
  const env = { WALDUR_API_TOKEN: CANARY };

  test("is not sent to servers of different origins", async () => {
    const { issues, shown } = await createSite().load(configYaml(withoutToken(), second([elsewhere])), {
      env,
    });
    expect(issues).toMatchObject([{ path: "offerings[1].waldur_api_url" }]);
    expect(issues[0]?.message).toContain("WALDUR_API_TOKEN");
    expect(shown).not.toContain(CANARY);
  });

  test("serves one origin, whatever the path", async () => {
    const same = second(["waldur_api_url: https://waldur.example.com:443/prefix"]);
    const { config } = await createSite().load(configYaml(withoutToken(), same), { env });
    expect(config?.offerings.length).toBe(2);
  });

  test("does not disturb offerings with a token of their own", async () => {
    const own = second([elsewhere], []);
    const { config } = await createSite().load(configYaml(withoutToken(), own), { env });
    expect(config?.offerings.length).toBe(2);
  });

  test("from a systemd credential is treated alike", async () => {
    const site = createSite();
    site.write("waldur_api_token", CANARY);
    const { issues } = await site.load(configYaml(withoutToken(), second([elsewhere])), {
      env: { CREDENTIALS_DIRECTORY: site.directory },
    });
    expect(issues.length).toBe(1);
  });

  test.each(["no url at all", "ftp://waldur.example.com", '""'])(
    "does not hide that the address of one of them is %s",
    async (address) => {
      const bad = second([`waldur_api_url: ${address}`]);
      const { issues, shown } = await createSite().load(configYaml(withoutToken(), bad), { env });
      expect(issues.map(({ path }) => path)).toEqual(["offerings[1].waldur_api_url"]);
      expect(shown).not.toContain(CANARY);
    },
  );
});
