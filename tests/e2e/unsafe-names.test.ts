// Names with characters that no terminal should get: what the program prints, logs, publishes and measures has none of
// them, and the names in the documents are what Waldur has.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "pathe";
import { openStage } from "../stage.ts";

const NASTY = "a\u0007\u009b2J\u2028b\u202ec\u200bd\ufeff\u{e0001}\u007f";
const SAFE = /^(?:\n|[^\p{Cc}\p{Cf}\u2028\u2029])*$/u;

async function nastySite() {
  const stage = await openStage();
  const attributes = { name: "new", permissions: "775" };
  const resource = stage.world.addResource({
    name: NASTY,
    slug: "data",
    attributes,
    wire: { project_name: NASTY },
  });
  resource.backendMetadata = { project_item: { name: NASTY, [NASTY]: [NASTY] } };
  resource.state = "Creating";
  if (resource.project) resource.project.name = NASTY;
  stage.world.addOrder({ type: "Create", resource, limits: { storage: 10 }, attributes });
  const bad = stage.world.addResource({ name: NASTY, slug: NASTY, backendId: `/a/${NASTY}` });
  bad.attributes = { permissions: NASTY, storage_data_type: NASTY, [NASTY]: { permissions: NASTY } };
  bad.limits = { [NASTY]: 1 };
  stage.world.addResource({ name: NASTY, slug: "one", backendId: "/store/same" });
  stage.world.addResource({ name: NASTY, slug: "two", backendId: "/store/same" });
  return stage;
}

test("neither a terminal nor a file gets a control or format character of a name", async () => {
  const stage = await nastySite();
  const metrics = join(stage.directory, "m.prom");
  for (const args of [
    ["sync", "--dry-run"],
    ["orders", "--dry-run"],
    ["sync", "--json", "-v", "--metrics-file", metrics],
    ["orders", "--json", "-v", "--log-format", "json"],
    ["claims", "list", "-c", stage.configPath],
    ["claims", "list", "-c", stage.configPath, "--json"],
  ]) {
    const { code, stdout, stderr } = await stage.run(args);
    expect([args, code]).toEqual([args, args[0] === "sync" ? 10 : 0]);
    expect(stdout).toMatch(SAFE);
    expect(stderr).toMatch(SAFE);
  }
  expect(readFileSync(metrics, "utf8")).toMatch(SAFE);
  const names = stage.files();
  expect(names).toHaveLength(2);
  for (const name of names) {
    expect(stage.readText(name)).toMatch(SAFE);
    const [entry] = stage.read(name).result.storageResources;
    expect(entry?.target.targetItem).toEqual({ name: NASTY, [NASTY]: [NASTY] });
    expect(entry?.customer.name).toBe(NASTY);
  }
  await stage.close();
});
