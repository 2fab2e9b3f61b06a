// Each mistake is reported with what to do about it, and once.

import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { asNobody, attempt, CANARY, configYaml, createSite, offeringYaml, UUID } from "./site.ts";

type Shown = { path?: string; message: string; hint?: string };

const OUT = "output_directory: /srv/out";
const offering = (...lines: string[]) => configYaml(offeringYaml({ offering: lines }));
const settings = (...lines: string[]) => configYaml(offeringYaml({ settings: [OUT, ...lines] }));

describe("a mistake has one message with its remedy", () => {
  test.each<[what: string, yaml: string, Shown]>([
    [
      "no uuid",
      configYaml(offeringYaml({ without: ["waldur_offering_uuid"] })),
      { message: "is missing", hint: "copy it from the offering's page in Waldur" },
    ],
    [
      "a uuid without a value",
      offering("waldur_offering_uuid:"),
      { message: "is missing", hint: "copy it from the offering's page in Waldur" },
    ],
    [
      "no address",
      configYaml(offeringYaml({ without: ["waldur_api_url"] })),
      { message: "is missing", hint: "write the address of Waldur" },
    ],
    [
      "half a uuid",
      offering(`waldur_offering_uuid: "${UUID.slice(1)}"`),
      { message: "must be a UUID of 32 hexadecimal digits", hint: "copy it from the offering's page" },
    ],
    [
      "a list of masks",
      settings('permissions_allowed: ["0077"]'),
      { message: "must be three or four octal digits", hint: 'write one value, not a list, as in "2770"' },
    ],
    [
      "an invalid permission in quotes",
      settings('default_permissions: "0778"'),
      { message: "must be three or four octal digits", hint: 'for example "2770"' },
    ],
    [
      "an invalid file mode in quotes",
      settings('file_mode: "0648"'),
      { message: "must be three octal digits", hint: 'for example "0644"' },
    ],
    ["empty text", settings('storage_system: ""'), { message: "is empty", hint: "leave the key out" }],
    [
      "a relative path",
      settings("require_mount: srv"),
      { message: "must be an absolute path", hint: "begin it with a slash" },
    ],
    [
      "a relative template",
      settings('mount_point: "store/{project}"'),
      { message: "must be an absolute path", hint: "begin it with a slash" },
    ],
    [
      "a list in the place of a map",
      configYaml(offeringYaml({ offering: ["backend_settings: [a]"], settings: [] })),
      { message: "must be a map of keys and values", hint: "indented and without dashes" },
    ],
    [
      "a key that appears twice",
      "timezone: UTC\ntimezone: UTC\n",
      { message: "the key timezone appears twice", hint: "remove one of the two" },
    ],
    [
      "a proxy without a scheme",
      `global_proxy: "proxy:3128"\n${configYaml(offeringYaml())}`,
      { message: "must be a URL", hint: "for example http://proxy" },
    ],
    [
      "coefficients the wrong way round",
      settings("inode_hard_coefficient: 1"),
      { message: "inode_hard_coefficient (1) must be greater", hint: "correct one of the two" },
    ],
    [
      "one uuid for two offerings",
      configYaml(offeringYaml(), offeringYaml({ settings: ["output_directory: /srv/other"] })),
      { message: "has the same UUID as", hint: "remove one of the two, or copy the uuid" },
    ],
    [
      "a CA that is not there",
      offering("ca_file: ca.pem"),
      { message: "/ca.pem does not exist", hint: "leave the key out to trust the system's CAs" },
    ],
    [
      "a GID map that is not there",
      settings("unix_gid: file:gids.yaml"),
      { message: "/gids.yaml, which does not exist", hint: "write the map there, or correct the path" },
    ],
    [
      "a token file that is not there",
      configYaml(offeringYaml({ offering: ["waldur_api_token_file: a.b"], without: ["waldur_api_token"] })),
      { message: "/a.b does not exist", hint: "write the token to the first line of that file" },
    ],
    [
      "a token in the place of its file",
      configYaml(
        offeringYaml({ offering: [`waldur_api_token_file: ${CANARY}`], without: ["waldur_api_token"] }),
      ),
      { message: "the file does not exist", hint: "a token itself belongs in waldur_api_token" },
    ],
    [
      "a tab in the place of spaces",
      "offerings:\n  - name: a\n\twaldur_api_url: b\n    backend_type: c\n",
      { message: "a tab is used as indentation", hint: "indent with spaces" },
    ],
    [
      "a key around an offering",
      "offerings:\n  - storage:\n      name: a\n      backend_type: cscs-hpc-storage\n",
      { message: "the keys of this offering are one level too deep", hint: "directly after the dash" },
    ],
    [
      "a dash before each key but the last",
      "offerings:\n  - name: a\n  - backend_type: cscs-hpc-storage\n    backend_settings: {}\n",
      {
        message: "each of these lines starts a new offering",
        hint: "a dash only before the first key of an offering",
      },
    ],
    [
      "a backend that is nearly ours, and no other",
      "offerings:\n  - backend_type: cscs_hpc_storage\n    waldur_api_url: a\n    waldur_offering_uuid: b\n",
      { message: "unknown backend", hint: "did you mean cscs-hpc-storage?" },
    ],
  ])("%s", async (_, yaml, { message, hint = "" }) => {
    const { issues, shown } = await createSite().load(yaml);
    expect(issues).toMatchObject([{ line: expect.any(Number) }]);
    expect(issues[0]?.message).toContain(message);
    expect(issues[0]?.hint ?? "").toContain(hint);
    expect(shown).not.toContain(CANARY);
  });

  test("a token file that cannot be read, however it is called", async () => {
    const site = createSite();
    chmodSync(site.directory, 0o755);
    const name = "waldurtokenoftheproduction";
    site.write(name, CANARY, 0o600);
    const yaml = configYaml(
      offeringYaml({ offering: [`waldur_api_token_file: ${name}`], without: ["waldur_api_token"] }),
    );
    const config = site.write("config.yaml", yaml, 0o644);
    const { issues } = await asNobody(() => attempt(config, { allowInsecure: true }));
    expect(issues).toMatchObject([
      {
        message: `${join(site.directory, name)} cannot be read: permission denied`,
        hint: "give the user that runs this the right to read it: chgrp, and chmod 640",
      },
    ]);
  });
});
