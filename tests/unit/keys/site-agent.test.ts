// Keys that the site agent knows are nobody's mistake. SITE_AGENT_PACKAGE names a directory with the unpacked packages
// (`pip download waldur-site-agent`, `unzip`), whose models are then compared with our list.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AGENT_KEYS, type Level, OWN_KEYS } from "../../../lib/keys/levels.ts";

const unpacked = process.env.SITE_AGENT_PACKAGE;
const MODELS: readonly [string, Level][] = [
  ["RootConfiguration", "top"],
  ["Offering", "offering"],
  ["BackendComponent", "component"],
];

if (unpacked !== undefined) {
  test.each(MODELS)("%s of the published package has no key that we do not know", (model, level) => {
    const source = readFileSync(join(unpacked, "waldur_site_agent/common/structures.py"), "utf8");
    const [, body = ""] = source.split(`class ${model}(BaseModel):`);
    const [fields = ""] = body.split(/^\S/m);
    const keys = [...fields.matchAll(/^ {4}([a-z_]+): /gm)].map(([, key = ""]) => key);
    expect(keys.length).toBeGreaterThan(5);
    const known = new Set([...OWN_KEYS[level], ...AGENT_KEYS[level]]);
    expect(keys.filter((key) => key !== "model_config" && !known.has(key))).toEqual([]);
  });
}

test("no key is both ours and the agent's alone", () => {
  for (const [level, own] of Object.entries(OWN_KEYS)) {
    const agents = Object.entries(AGENT_KEYS).find(([name]) => name === level)?.[1] ?? [];
    expect(own.filter((key) => agents.includes(key))).toEqual([]);
  }
});
