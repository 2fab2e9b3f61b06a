// Keys of `backend_settings` that nobody knows: one warning for each offering, never an error, and no name that may be
// a secret.

import { expect, test } from "bun:test";
import { AGENT_KEYS } from "../../../lib/keys/levels.ts";
import { CANARY, configYaml, createSite, OTHER_UUID, offeringYaml, UUID } from "../config/site.ts";

const OUT = "output_directory: /srv/out";
const load = (settings: string[], offering: string[] = []) =>
  createSite().load(configYaml(offeringYaml({ offering, settings: [OUT, ...settings] })));

test("is a warning with its place, and names the key that was probably meant", async () => {
  const { config } = await load(["shrink_gaurd: 30"]);
  expect(config?.warnings).toMatchObject([
    {
      line: 10,
      column: 7,
      path: "offerings[0].backend_settings.shrink_gaurd",
      message: "unknown key, ignored",
      hint: "did you mean shrink_guard_percent?",
    },
  ]);
});

test("without one that was meant says what to do", async () => {
  const { config } = await load(["colour: red"]);
  expect(config?.warnings).toMatchObject([
    {
      message: "unknown key, ignored",
      hint: "correct the name, or remove the key; README.md has a table of all keys",
    },
  ]);
});

test("many of one offering are one warning at the first, which names ten others and counts the rest", async () => {
  const { config } = await load([
    "shrink_gaurd: 30",
    ...Array.from({ length: 13 }, (_, at) => `colour${at}: red`),
  ]);
  const names = Array.from({ length: 10 }, (_, at) => `colour${at}`).join(", ");
  expect(config?.warnings).toMatchObject([
    {
      path: "offerings[0].backend_settings.shrink_gaurd",
      message: `unknown key, ignored, as are ${names} and 3 more`,
      hint: "did you mean shrink_guard_percent instead of shrink_gaurd?",
    },
  ]);
});

test("each offering has its own, but for those that the command does not take", async () => {
  const other = offeringYaml({
    offering: [`waldur_offering_uuid: ${OTHER_UUID}`],
    settings: ["output_directory: /srv/other", "colour: red"],
  });
  const yaml = configYaml(offeringYaml({ settings: [OUT, "shape: round"] }), other);
  const both = await createSite().load(yaml);
  expect(both.config?.warnings).toHaveLength(2);
  const one = await createSite().load(yaml, { takes: ({ uuid }) => uuid === UUID });
  expect(one.config?.warnings.map(({ path }) => path)).toEqual(["offerings[0].backend_settings.shape"]);
});

test("every key of the site agent passes without a message", async () => {
  const { config } = await load(AGENT_KEYS.settings.map((key) => `${key}: 1`));
  expect(config?.warnings).toEqual([]);
});

test("one with an anchor passes, and so do those beside another backend, whose settings they may be", async () => {
  expect((await load(["defaults: &all red"])).config?.warnings).toEqual([]);
  const shared = await load(["qos_default: normal"], ["backend_type: slurm"]);
  expect(shared.config?.warnings).toEqual([]);
});

test("a name that may be a secret is counted, not shown", async () => {
  const alone = await load([`${CANARY}: 1`]);
  expect(alone.shown).toContain("has unknown keys, ignored: 1 whose names are not shown");
  const beside = await load(["colour: red", `${CANARY}: 1`]);
  expect(beside.shown).toContain("unknown key, ignored, as is 1 more");
  expect(alone.shown + beside.shown).not.toContain(CANARY);
});
