// What administrators wrote, and what they were shown for it.

import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { asNobody, attempt, CANARY, configYaml, createSite, offeringYaml } from "../config/site.ts";

const withoutToken = (offering: string[]) => offeringYaml({ offering, without: ["waldur_api_token"] });

describe("a token that is a placeholder", () => {
  test.each([
    `"$\{WALDUR_API_TOKEN}"`,
    "$WALDUR_API_TOKEN",
    "CHANGE_ME",
    "changeme",
    '"{{ token }}"',
    "<token>",
    '"<waldur api token>"',
    "your-token-here",
    "YOUR_API_TOKEN",
  ])("is refused as that: %s", async (token) => {
    const { issues } = await createSite().load(configYaml(withoutToken([`waldur_api_token: ${token}`])));
    expect(issues).toMatchObject([{ line: 7, column: 23, path: "offerings[0].waldur_api_token" }]);
    expect(issues[0]?.message).toBe("is a placeholder that was not replaced");
    expect(issues[0]?.hint).toStartWith(
      "nothing replaces placeholders: write the token in its place, or remove the key and use waldur_api_token_file",
    );
  });

  test("is refused from a file and from the environment, too", async () => {
    const site = createSite();
    const path = site.write("token", "CHANGE_ME\n");
    const file = await site.load(configYaml(withoutToken(["waldur_api_token_file: token"])));
    expect(file.issues[0]?.message).toBe(
      `the token of waldur_api_token_file ${path} is a placeholder that was not replaced`,
    );
    const env = { WALDUR_API_TOKEN: "$TOKEN" };
    const environment = await site.load(configYaml(withoutToken([])), { env });
    expect(environment.issues[0]?.message).toBe(
      "the token of WALDUR_API_TOKEN in the environment is a placeholder that was not replaced",
    );
  });

  test("written as a tag is refused with what to do", async () => {
    const line = "waldur_api_token: !ENV $WALDUR_API_TOKEN";
    const { issues } = await createSite().load(configYaml(withoutToken([line])));
    expect(issues).toMatchObject([{ line: 7, message: "this YAML tag (`!…`) is not supported" }]);
    expect(issues[0]?.hint).toContain("placeholders are not replaced");
  });

  test.each([CANARY, "0123456789abcdef0123456789abcdef01234567", "secret", "dollar$sign"])(
    "is not a token such as %s",
    async (token) => {
      const { config } = await createSite().load(configYaml(withoutToken([`waldur_api_token: ${token}`])));
      expect(config?.offerings[0]?.token.reveal()).toBe(token);
    },
  );
});

describe("a token that is not there", () => {
  test("in a file: the path is named, and why", async () => {
    const site = createSite();
    const load = (path: string) => site.load(configYaml(withoutToken([`waldur_api_token_file: ${path}`])));
    const missing = await load("secrets/waldur.token");
    expect(missing.issues[0]?.message).toBe(`${site.directory}/secrets/waldur.token does not exist`);
    const directory = await load("/etc");
    expect(directory.issues[0]?.message).toBe("/etc is a directory, not a file");
  });

  test("in a directory that is closed, or not there: which of the two", async () => {
    const site = createSite();
    chmodSync(site.directory, 0o755);
    mkdirSync(join(site.directory, "closed"), { mode: 0o700 });
    site.write("closed/token", CANARY);
    chmodSync(join(site.directory, "closed"), 0o000);
    const load = (path: string) => {
      const yaml = configYaml(withoutToken([`waldur_api_token_file: ${path}`]));
      const config = site.write("config.yaml", yaml, 0o644);
      return asNobody(() => attempt(config, { allowInsecure: true }));
    };
    expect((await load("closed/token")).issues[0]?.message).toBe(
      `${site.directory}/closed/token cannot be read: permission denied`,
    );
    expect((await load("nowhere/token")).issues[0]?.message).toBe(
      `${site.directory}/nowhere/token does not exist`,
    );
  });

  test("in the credentials: what was looked for, and what is there, but no value", async () => {
    const site = createSite();
    const credentials = join(site.directory, "credentials");
    mkdirSync(credentials);
    const load = (directory: string) =>
      site.load(configYaml(withoutToken([])), { env: { CREDENTIALS_DIRECTORY: directory } });
    const empty = await load(credentials);
    expect(empty.issues[0]?.message).toBe(
      `there is no token (looked for waldur_api_token in ${credentials}, which is empty)`,
    );
    site.write("credentials/waldur.token", CANARY);
    site.write("credentials/db\u001bpass", "x");
    const other = await load(credentials);
    expect(other.issues[0]?.message).toEndWith(`${credentials}, which has db pass, waldur.token)`);
    expect(other.shown).not.toContain(CANARY);
    const missing = await load("/nonexistent");
    expect(missing.issues[0]?.message).toEndWith("in /nonexistent, which does not exist)");
  });
});

describe("an offering with the wrong indentation", () => {
  const keys = [
    "waldur_api_url: https://waldur.example.com/",
    `waldur_api_token: ${CANARY}`,
    "waldur_offering_uuid: 0123456789abcdef0123456789abcdef",
    "backend_type: cscs-hpc-storage",
    "order_processing_backend: cscs-hpc-storage",
    "backend_settings:\n      output_directory: /srv/out",
    "backend_components:\n      storage: {}",
  ];
  const load = (before: string) =>
    createSite().load(`offerings:\n  - name: Storage\n${keys.map((key) => `${before}${key}\n`).join("")}`);

  test("has one line with a hint where its keys are below the dash", async () => {
    const { issues } = await load("  ");
    expect(issues).toMatchObject([{ line: 3, message: "not valid YAML: wrong indentation" }]);
    expect(issues[0]?.hint).toContain("indent it like the other keys");
  });

  test("has one line with a hint where each key has a dash", async () => {
    const { issues } = await load("  - ");
    expect(issues).toMatchObject([{ line: 3, message: "each of these lines starts a new offering" }]);
    expect(issues[0]?.hint).toContain("dash");
  });

  test("has one line with a hint where its keys are at the top level", async () => {
    const { issues } = await load("");
    expect(issues).toMatchObject([{ line: 2, message: "no offering is for this program" }]);
    expect(issues[0]?.hint).toContain("are at the top level: indent them");
  });
});
