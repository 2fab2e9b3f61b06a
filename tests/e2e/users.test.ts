// One directory, several users: a run in a directory of another user is refused before anything is left there,
// and the message names the owner, the user and the line that runs it rightly (docs/contract.md, "Publishing").

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import type { Ran, Stage } from "../stage.ts";
import { listingOf, scriptOn, withStage } from "./program.ts";

setDefaultTimeout(30_000);

const CAN = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
const USER = 4242;
const OTHER = 4343;
const STATE = ".waldur-cscs-storage";

let stage: Stage;

/** A stage whose directory is one user's, and a configuration that everybody may use. */
function withSite(use: () => Promise<void>): Promise<void> {
  return withStage({ orders: 1 }, async (made) => {
    stage = made;
    chmodSync(stage.directory, 0o755);
    chownSync(stage.out, USER, USER);
    for (const uid of [0, USER, OTHER]) {
      writeFileSync(join(stage.directory, `${uid}.yaml`), readFileSync(stage.configPath));
      chmodSync(join(stage.directory, `${uid}.yaml`), 0o600);
      chownSync(join(stage.directory, `${uid}.yaml`), uid, uid);
    }
    await use();
  });
}

function runAs(uid: number, words: string): Promise<Ran> {
  const step = `setpriv --reuid=${uid} --regid=${uid} --clear-groups`;
  return scriptOn(stage, `${step} "$@" ${words} -c ${uid}.yaml`);
}

const GOOD = { code: 0, stdout: "", stderr: "" };

describe.skipIf(!CAN)("a directory of one user", () => {
  test.each(["sync", "orders"])("refuses one run of root in %s, and cron continues", (mode) =>
    withSite(async () => {
      expect(await runAs(USER, "sync")).toEqual(GOOD);
      const before = listingOf(stage.out);
      const asked = stage.simulator.requests.length;
      const root = await runAs(0, mode);
      expect([root.code, stage.simulator.requests.length]).toEqual([73, asked]);
      expect(root.stderr).toContain(`belongs to uid ${USER}`);
      expect(root.stderr).toContain("this program runs as root (uid 0)");
      expect(root.stderr).toContain(`sudo -u '#${USER}' waldur-cscs-storage`);
      expect(listingOf(stage.out)).toEqual(before);
      expect(await runAs(USER, "sync")).toEqual(GOOD);
    }),
  );

  test("refuses root also as the first run, and where the directory may be shared", () =>
    withSite(async () => {
      expect((await runAs(0, "sync")).code).toBe(73);
      expect(await runAs(USER, "sync")).toEqual(GOOD);
      const config = join(stage.directory, "0.yaml");
      const text = readFileSync(config, "utf8");
      writeFileSync(
        config,
        text.replace(/( +)output_directory/, "$1allow_shared_directory: true\n$1output_directory"),
      );
      const root = await runAs(0, "sync");
      expect(root.code).toBe(73);
      expect(root.stderr).toContain(`${STATE} belongs to uid ${USER}, and this program runs as root (uid 0)`);
    }));

  test("names the owner of what a run of root left before it was refused", () =>
    withSite(async () => {
      expect(await runAs(USER, "sync")).toEqual(GOOD);
      const state = join(stage.out, STATE);
      chownSync(join(state, "snapshot.json"), 0, 0);
      const ran = await runAs(USER, "sync");
      expect(ran.code).toBe(73);
      expect(ran.stderr).toContain(
        `snapshot.json belongs to root (uid 0), the state directory to uid ${USER}, and this program runs as uid ${USER}`,
      );
      expect(ran.stderr).toContain(`chown -R ${USER} ${state}`);
      chownSync(state, 0, 0);
      const closed = await runAs(USER, "sync");
      expect(closed.code).toBe(73);
      expect(closed.stderr).toContain(
        `${state} belongs to root (uid 0), and this program runs as uid ${USER}`,
      );
      expect(closed.stderr).toContain("sudo -u root waldur-cscs-storage");
    }));

  test.each(["sync", "orders"])("does not stop a dry run of another user: %s", (mode) =>
    withSite(async () => {
      expect(await runAs(USER, "sync")).toEqual(GOOD);
      expect(await runAs(USER, "orders")).toEqual(GOOD);
      stage.world.addOrder({ type: "Create", name: "next", limits: { storage: 4 } });
      const before = listingOf(stage.out);
      const ran = await runAs(OTHER, `${mode} --dry-run`);
      expect([ran.code, JSON.parse(ran.stdout).files.length]).toEqual([0, 1]);
      expect(ran.stderr).toContain(`${join(stage.out, STATE)} cannot be read`);
      expect(ran.stderr).toContain(`sudo -u '#${USER}' waldur-cscs-storage`);
      expect(listingOf(stage.out)).toEqual(before);
    }),
  );

  test.each(["sync", "orders"])("announces in a dry run of another user what stops a real one: %s", (mode) =>
    withSite(async () => {
      const before = listingOf(stage.out);
      const dry = await runAs(OTHER, `${mode} --dry-run`);
      const [real, checked] = [await runAs(OTHER, mode), await runAs(OTHER, "check --json")];
      const said = /cannot use output directory .*: permission denied \(EACCES\)/;
      const [notice] = JSON.parse(dry.stdout).notices;
      expect([dry.code, real.code, checked.code]).toEqual([0, 73, 73]);
      expect(notice.message).toMatch(
        new RegExp(`^a real run of this user would end with 73: ${said.source}`),
      );
      expect(notice.message).toContain(said.exec(real.stderr)?.[0] ?? "nothing");
      expect(checked.stdout).toMatch(said);
      expect(listingOf(stage.out)).toEqual(before);
    }),
  );

  test("lets root set up the components, and keeps no record of it", () =>
    withSite(async () => {
      expect(await runAs(USER, "sync")).toEqual(GOOD);
      for (const uid of [0, USER])
        appendFileSync(
          join(stage.directory, `${uid}.yaml`),
          `    backend_components: {storage: {label: By ${uid}}}\n`,
        );
      const before = listingOf(stage.out);
      const root = await runAs(0, "components");
      expect([root.code, stage.world.offering.components[0]?.name, root.stderr.match(/\n/g)?.length]).toEqual(
        [0, "By 0", 1],
      );
      expect(root.stderr).toContain(
        `warn requests are not recorded: the output directory ${stage.out} belongs`,
      );
      expect(root.stderr).toContain(`sudo -u '#${USER}' waldur-cscs-storage`);
      expect(listingOf(stage.out)).toEqual(before);
      expect(await runAs(USER, "components")).toMatchObject({ code: 0, stderr: "" });
      expect(await runAs(USER, "sync")).toEqual(GOOD);
      const history = await runAs(USER, "history --json");
      expect(JSON.parse(history.stdout).map(({ component }: { component: string }) => component)).toContain(
        "storage",
      );
    }));

  test("is root's own where root runs alone", () =>
    withSite(async () => {
      chownSync(stage.out, 0, 0);
      for (const mode of ["sync", "orders"]) expect(await runAs(0, mode)).toEqual(GOOD);
      expect(lstatSync(join(stage.out, STATE)).uid).toBe(0);
    }));
});

describe.skipIf(!CAN)("a setgid directory gives its group to what is published", () => {
  const GROUP = 33;

  /** Groups of the published files, and whether a member of the group reads them. */
  const groupsOf = () => stage.files().map((name) => lstatSync(join(stage.out, name)).gid);

  test.each([
    ["whose state directory lost the bit", "", true],
    ["in the first run, with umask 077", "umask 077; ", false],
  ])("%s", (_, before, hasState) =>
    withSite(async () => {
      chownSync(stage.out, USER, GROUP);
      chmodSync(stage.out, 0o2775);
      if (hasState) {
        mkdirSync(join(stage.out, STATE), { mode: 0o700 });
        chownSync(join(stage.out, STATE), USER, GROUP);
        chmodSync(join(stage.out, STATE), 0o700);
      }
      const step = `setpriv --reuid=${USER} --regid=${USER} --clear-groups`;
      for (const mode of ["sync", "orders"]) {
        const ran = await scriptOn(stage, `${before}${step} "$@" ${mode} -c ${USER}.yaml`);
        expect([ran.code, ran.stderr.replace(/.*group 33 can write.*\n/g, "")]).toEqual([0, ""]);
      }
      expect(groupsOf()).toEqual([GROUP, GROUP]);
      expect(listingOf(stage.out).filter((name) => /tmp|owner/.test(name))).toEqual([]);
    }),
  );

  test("and where root runs; a directory without the bit gives none", () =>
    withSite(async () => {
      chownSync(stage.out, 0, GROUP);
      expect((await runAs(0, "sync")).code).toBe(0);
      expect(groupsOf()).toEqual([0]);
      chmodSync(stage.out, 0o2755);
      expect((await runAs(0, "orders")).code).toBe(0);
      expect(groupsOf().sort()).toEqual([0, GROUP]);
    }));
});
