// What `check` says of sources of GIDs that runs ask.

import { expect, test } from "bun:test";
import { checkHere, statusesOf, wordsOf } from "../check-here.ts";
import { startGidService } from "./gid-service.ts";
import { open } from "./sync-stage.ts";

const WALDUR = { unix_gid: "waldur", require_gid: true };

test("says that Waldur has the GIDs", async () => {
  const stage = await open({ settings: WALDUR, resources: 20 });
  const report = await checkHere(stage.configPath);
  expect(report.exitCode).toBe(0);
  expect(wordsOf(report, "gid-source")).toMatch(/^ok waldur answers: (\d+) of \1 projects have a GID/);
  expect(stage.everything()).toEqual([]);
});

test("names the remedy for each fault of Waldur's groups", async () => {
  const old = await open({ settings: WALDUR, resources: 20, generation: "2024" });
  const tooOld = await checkHere(old.configPath);
  expect(wordsOf(tooOld, "gid-source")).toMatch(
    /^fail .*needs Waldur 8\.1\.3.* hint: upgrade Waldur, or set unix_gid/,
  );
  expect(tooOld.exitCode).toBe(75);
  expect([...statusesOf(tooOld, "sync"), ...statusesOf(tooOld, "orders")]).toEqual(["skipped", "skipped"]);
  const off = await open({ settings: { unix_gid: "waldur" }, resources: 20, faults: ["project-groups-off"] });
  const switchedOff = await checkHere(off.configPath);
  expect(wordsOf(switchedOff, "gid-source")).toMatch(/warn .*hint: set project_groups_enabled/);
  expect(switchedOff.exitCode).toBe(10);
  off.simulator.setFaults(["gid-pool-without-range"]);
  expect(wordsOf(await checkHere(off.configPath), "gid-source")).toContain(
    "set a range for the pool of GIDs",
  );
});

test("says that groups of the system are asked for, and which are missing", async () => {
  const stage = await open({ settings: { unix_gid: "getent:no-such-{project}" }, resources: 20 });
  const report = await checkHere(stage.configPath);
  expect(report.exitCode).toBe(0);
  expect(wordsOf(report, "gid-source")).toMatch(/^warn getent answers: 0 of \d+ projects have a GID; not /);
});

test("asks the service, also where there is no resource yet, and shows no secret", async () => {
  const service = startGidService();
  try {
    const stage = await open({ settings: service.settings });
    expect(wordsOf(await checkHere(stage.configPath), "gid-source")).toContain("there is no resource yet");
    expect(service.steps()).toEqual(["token", "projects"]);
    service.behaviour.instead = () => new Response("no", { status: 401 });
    const refused = await checkHere(stage.configPath);
    expect(refused.exitCode).toBe(75);
    expect(wordsOf(refused, "gid-source")).toMatch(
      /^fail .*\/token was answered with 401.*hint: check hpc_user_client_id/,
    );
    expect(JSON.stringify(refused)).not.toContain("canary");
  } finally {
    await service.stop();
  }
});
