// `claims list` and `claims release`, from outside: what they show, what they refuse, and that what was released stays
// so.

import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import * as v from "valibot";
import type { ListedClaim } from "../../lib/claims/list.ts";
import { ClaimsOutput } from "../../lib/claims/list-schema.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { openStage, type Ran, type Stage, type StageOptions } from "../stage.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function open(options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage({ settings: { mount_point: "/store/{project}" }, ...options });
  stages.push(stage);
  return stage;
}

const claims = (stage: Stage, ...args: string[]): Promise<Ran> =>
  stage.run(["claims", ...args, "-c", stage.configPath]);

async function listOf(stage: Stage): Promise<ListedClaim[]> {
  const { code, stdout } = await claims(stage, "list", "--json");
  expect(code).toBe(0);
  return v.parse(ClaimsOutput, JSON.parse(stdout));
}

async function holdersOf(stage: Stage, path: string): Promise<string[]> {
  return (await listOf(stage)).filter((claim) => claim.path === path).map(({ resource }) => resource);
}

/** A Create order, and the resource that comes with it. */
function create(stage: Stage, slug: string): { uuid: string } {
  const resource = stage.world.addResource({ slug, state: "Creating" });
  stage.world.addOrder({ type: "Create", resource });
  return resource;
}

test("shows nothing of a directory without a file, asks nothing and writes nothing", async () => {
  const stage = await open();
  rmSync(stage.out, { recursive: true });
  expect(await claims(stage, "list", "--json")).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  expect((await claims(stage, "list")).stdout).toBe("PATH  RESOURCE  SINCE  STATE  BY\n");
  mkdirSync(stage.out);
  await claims(stage, "list");
  expect([stage.everything(), stage.simulator.requests]).toEqual([[], []]);
});

test("shows who holds what, since when and by which file", async () => {
  const stage = await open();
  const listed = stage.world.addResource({ slug: "bb" });
  const moved = stage.world.addResource({ slug: "cc" });
  const row = stage.world.addResource({ slug: "dd", limits: { storage: -1 } });
  const resource = create(stage, "aa");
  await stage.run(["orders"]);
  await stage.run(["sync"]);
  moved.backendId = "/store/elsewhere";
  await stage.run(["sync"]);
  const before = [stage.everything(), stage.simulator.requests.length];
  const shown = await listOf(stage);
  const file = stage.files().find((name) => name.includes("-create_"));
  expect(shown.map((one) => [one.path, one.resource, one.file, one.present, one.named])).toEqual([
    ["/store/aa", resource.uuid, file ?? "", true, true],
    ["/store/bb", listed.uuid, null, true, true],
    ["/store/cc", moved.uuid, null, false, true],
    ["/store/dd", row.uuid, null, true, false],
    ["/store/elsewhere", moved.uuid, null, true, true],
  ]);
  expect(shown.every((one) => one.offering === stage.simulator.offeringUuid)).toBe(true);
  const { stdout } = await claims(stage, "list");
  const day = new Date().toISOString().slice(0, 10);
  expect(stdout).toMatch(new RegExp(`^/store/bb +${listed.uuid}  ${day}  present +snapshot$`, "m"));
  expect(stdout).toMatch(new RegExp(`^/store/cc +${moved.uuid}  ${day}  older path  snapshot$`, "m"));
  expect(stdout).toMatch(new RegExp(`^/store/dd +${row.uuid}  ${day}  present +row$`, "m"));
  expect(stdout).toContain(`present     ${file}\n`);
  expect([stage.everything(), stage.simulator.requests.length]).toEqual(before);
});

test("a holder that is gone from Waldur is released, and its path is given to another one in the next run", async () => {
  const stage = await open();
  const gone = stage.world.addResource({ slug: "aa" });
  stage.world.addResource({ slug: "bb" });
  await stage.run(["sync"]);
  // A resource that the token cannot see is a 404, as one that was deleted.
  gone.offeringUuid = "9".repeat(32);
  const heir = stage.world.addResource({ slug: "aa" });
  expect((await stage.run(["sync"])).code).toBe(10);
  const ran = await claims(stage, "release", "/store/aa");
  expect(ran).toEqual({
    code: 0,
    stdout: "",
    stderr: `waldur-cscs-storage: released /store/aa, which was held by resource ${gone.uuid} (unknown to Waldur)\n`,
  });
  // Also where the claims are made for another snapshot, which names the path for the one that is gone.
  const old = stage.files()[0] ?? "";
  copyFileSync(join(stage.out, old), join(stage.out, "2020-01-01-00-00-all.json"));
  rmSync(join(stage.out, old));
  expect(await holdersOf(stage, "/store/aa")).not.toContain(gone.uuid);
  expect((await stage.run(["sync"])).code).toBe(0);
  expect(await holdersOf(stage, "/store/aa")).toEqual([heir.uuid]);
});

test("the last live holder is refused; with --force it asks again for its template's path", async () => {
  const stage = await open();
  const { uuid } = stage.world.addResource({ slug: "aa", backendId: "/store/aa" });
  await stage.run(["sync"]);
  const refused = await claims(stage, "release", "/store/aa");
  expect([refused.code, refused.stdout]).toEqual([10, ""]);
  expect(refused.stderr).toContain(`resource ${uuid} is live (OK) and the last holder`);
  expect(refused.stderr).toContain("--force");
  expect(refused.stderr).not.toContain(stage.simulator.providerToken);
  expect(await holdersOf(stage, "/store/aa")).toEqual([uuid]);
  expect((await claims(stage, "release", "/store/aa", "--force")).code).toBe(0);
  expect(await listOf(stage)).toEqual([]);
  await stage.run(["sync"]);
  expect(await holdersOf(stage, "/store/aa")).toEqual([uuid]);
});

test("a path whose days are not over is free once it was released", async () => {
  const stage = await open();
  const ended = stage.world.addResource({ slug: "aa" });
  await stage.run(["sync"]);
  stage.world.terminate(ended.uuid);
  stage.world.addResource({ slug: "bb" });
  await stage.run(["sync"]);
  expect((await claims(stage, "list")).stdout).toMatch(/ended, free from \d{4}-\d\d-\d\d {2}snapshot/);
  expect((await claims(stage, "release", "/store/aa")).stderr).toContain("(Terminated)");
  expect((await listOf(stage)).map(({ path }) => path)).toEqual(["/store/bb"]);
});

test("a claim that order files support stays released", async () => {
  const stage = await open();
  const resource = create(stage, "aa");
  await stage.run(["orders"]);
  expect(await holdersOf(stage, "/store/aa")).toEqual([resource.uuid]);
  expect((await claims(stage, "release", "/store/aa", "--force")).code).toBe(0);
  expect(await listOf(stage)).toEqual([]);
});

test("of several holders one must be named", async () => {
  const stage = await open();
  const [one, other] = [stage.world.addResource({ slug: "aa" }), stage.world.addResource({ slug: "bb" })];
  await stage.run(["sync"]);
  // As an older program could leave it behind.
  const [name = ""] = stage.files();
  writeFileSync(join(stage.out, name), stage.readText(name).replace("/store/bb", "/store/aa"));
  rmSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
  const several = await claims(stage, "release", "/store/aa");
  expect(several.code).toBe(64);
  for (const { uuid } of [one, other]) expect(several.stderr).toContain(uuid);
  const stranger = await claims(stage, "release", "/store/aa", "--resource", "1".repeat(32));
  expect([stranger.code, stranger.stderr.includes("does not hold")]).toEqual([64, true]);
  expect((await claims(stage, "release", "/store/aa", "--resource", other.uuid)).code).toBe(0);
  expect(await holdersOf(stage, "/store/aa")).toEqual([one.uuid]);
  const last = await claims(stage, "release", "/store/aa");
  expect(last.code).toBe(10);
});

test("a path without a holder is 10, a Waldur that does not answer 75, and nothing is released", async () => {
  const stage = await open();
  const { uuid } = stage.world.addResource({ slug: "aa" });
  await stage.run(["sync"]);
  const unknown = await claims(stage, "release", "/store/a");
  expect([unknown.code, unknown.stderr.includes("claims list")]).toEqual([10, true]);
  const before = stage.everything();
  await stage.simulator.stop();
  expect((await claims(stage, "release", "/store/aa", "--force", "--retries", "0")).code).toBe(75);
  expect([stage.everything(), await holdersOf(stage, "/store/aa")]).toEqual([before, [uuid]]);
});

test("a path that is held in two directories needs the offering", async () => {
  const stage = await open();
  stage.world.addResource({ slug: "aa" });
  await stage.run(["sync"]);
  const other = join(stage.directory, "other");
  mkdirSync(other);
  const [name = ""] = stage.files();
  copyFileSync(join(stage.out, name), join(other, name));
  const second = "2".repeat(32);
  writeFileSync(
    stage.configPath,
    `offerings:\n${[
      [stage.simulator.offeringUuid, stage.out],
      [second, other],
    ]
      .map(
        ([uuid, out]) => `  - name: "${uuid}"
    waldur_api_url: ${stage.simulator.url}
    waldur_api_token: ${stage.simulator.providerToken}
    waldur_offering_uuid: "${uuid}"
    backend_type: cscs-hpc-storage
    backend_settings: {output_directory: ${out}}
`,
      )
      .join("")}`,
  );
  const ran = await claims(stage, "release", "/store/aa", "--force");
  expect([ran.code, ran.stderr.includes("--offering-uuid")]).toEqual([64, true]);
  expect((await claims(stage, "release", "/store/aa", "--force", "--offering-uuid", second)).code).toBe(0);
  expect(await listOf(stage)).toHaveLength(1);
});

test.skipIf(process.getuid?.() !== 0)("the state of another user is left alone (needs root)", async () => {
  const stage = await open();
  stage.world.addResource({ slug: "aa" });
  await stage.run(["sync"]);
  chownSync(join(stage.out, STATE_DIRECTORY), 65534, 65534);
  const ran = await claims(stage, "release", "/store/aa", "--force");
  expect([ran.code, ran.stderr.includes("sudo -u ")]).toEqual([73, true]);
});
