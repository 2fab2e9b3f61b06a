// A package's life on a copy of this machine, with its real scripts and no systemd running: installed, upgraded from an
// older version, removed and purged. What is the administrator's outlives all of it.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import manifest from "../../package.json" with { type: "json" };
import { archiveName } from "../../scripts/package/archives.ts";
import { packageAll } from "../../scripts/package.ts";
import { builtPackages, NEEDS_TOOLS } from "../packages.ts";
import { scratchDirectory } from "../scratch.ts";
import { NEEDS_COPY, runOnCopy } from "./machine.ts";

/** The first test of a run builds the packages. */
setDefaultTimeout(180_000);

const NAME = "waldur-cscs-storage";
const OLDER = "0.0.9";
const needs = NEEDS_COPY || NEEDS_TOOLS;

/** What an administrator and the runs put there. */
const SETTLE = [
  `cp /usr/share/doc/${NAME}/examples/config.yaml /etc/waldur/config.yaml`,
  "echo '# edited' >>/etc/waldur/config.yaml",
  "echo 0123456789abcdef >/etc/waldur/waldur.token",
  "chgrp waldur-storage /etc/waldur/config.yaml /etc/waldur/waldur.token",
  "chmod 640 /etc/waldur/config.yaml /etc/waldur/waldur.token",
  "install -d -o waldur-storage /srv/storage-orders /srv/storage-orders/.waldur-cscs-storage",
  "echo {} >/srv/storage-orders/2026-11-27-08-00-all.json",
  "echo {} >/srv/storage-orders/.waldur-cscs-storage/snapshot.json",
  "touch /var/lib/waldur-cscs-storage/orders",
  `install -d /etc/systemd/system/${NAME}-sync.service.d`,
  `printf '[Service]\\nReadWritePaths=/srv/metrics\\n' >/etc/systemd/system/${NAME}-sync.service.d/override.conf`,
];
const OWN = `find /etc/waldur /srv/storage-orders /etc/systemd/system/${NAME}-sync.service.d -printf '%p %U %G %m\\n' -type f -exec sha256sum {} + | sort`;
const ENABLED = "cd /etc/systemd/system && ls -d *.wants/*waldur* 2>/dev/null || true";
const DIRECTORIES = "stat -c '%U %G %a %n' /etc/waldur /var/lib/waldur-cscs-storage";
const PROGRAM = `${NAME} --version`;
/** What this machine does not have anyway. */
const FIND = `find /etc /usr /var /srv /opt -iname '*${NAME}*' -not -path '/var/cache/*' | sort`;
const BEFORE = `${FIND} >/root/before.txt`;
const LEFT = `${FIND} | comm -13 /root/before.txt -`;

type Manager = { install: string; upgrade: string; remove: string; purge: string };
/** Without the triggers of other packages: the index of manual pages takes longer than all of this. */
const DPKG: Manager = {
  install: "dpkg --no-triggers -i",
  upgrade: "dpkg --no-triggers -i",
  remove: `dpkg --no-triggers -r ${NAME}`,
  purge: `dpkg --no-triggers -P ${NAME}`,
};
/** Of Debian, where it wants to be asked twice; scripts run as they do elsewhere. */
const RPM: Manager = {
  install: "rpm --force-debian --nodeps -i",
  upgrade: "rpm --force-debian --nodeps -U",
  remove: `rpm --force-debian --nodeps -e ${NAME}`,
  purge: "true",
};

describe.skipIf(needs !== "").each([
  ["deb", DPKG],
  ["rpm", RPM],
] as const)(`a %s${needs}`, (kind, manager) => {
  test("is installed, upgraded, removed and purged, and leaves the files of the administrator", async () => {
    const shared = scratchDirectory("installed-");
    const older = await packagesOf(OLDER, join(shared, "older"));
    const newer = await builtPackages();
    const ran = await play(shared, [
      ["install", `${manager.install} ${older}/${archiveName(kind, OLDER, "x64")}`],
      ["older", PROGRAM],
      ["directories", DIRECTORIES],
      ["user", "getent passwd waldur-storage"],
      ["enabled by the package", ENABLED],
      ...SETTLE.map((line) => [line, line] as const),
      ["enable", `systemctl enable ${NAME}-orders.timer ${NAME}-sync.timer`],
      ["own", OWN],
      ["upgrade", `${manager.upgrade} ${newer}/${archiveName(kind, manifest.version, "x64")}`],
      ["newer", PROGRAM],
      ["own after the upgrade", OWN],
      ["enabled after the upgrade", ENABLED],
      ["remove", manager.remove],
      ["enabled after the removal", ENABLED],
      ["lock files after the removal", "ls /var/lib/waldur-cscs-storage"],
      ["own after the removal", OWN],
      ["purge", manager.purge],
      ["own after the purge", OWN],
      ["left", LEFT],
      ["lock files after the purge", "ls /var/lib/waldur-cscs-storage 2>&1 || true"],
      ["user after the purge", "getent passwd waldur-storage"],
    ]);
    expect(ran.older).toBe(`${NAME} ${OLDER}\n`);
    expect(ran.directories).toBe(
      "root waldur-storage 750 /etc/waldur\nwaldur-storage waldur-storage 755 /var/lib/waldur-cscs-storage\n",
    );
    expect(ran.user).toMatch(/:\/var\/lib\/waldur-cscs-storage:\/usr\/sbin\/nologin\n$/);
    expect(ran["enabled by the package"]).toBe("");
    expect(ran.newer).toBe(`${NAME} ${manifest.version}\n`);
    const timers = `timers.target.wants/${NAME}-orders.timer\ntimers.target.wants/${NAME}-sync.timer\n`;
    expect(ran["enabled after the upgrade"]).toBe(timers);
    expect(ran["enabled after the removal"]).toBe("");
    expect(ran["lock files after the removal"]).toBe("orders\n");
    expect(ran.own).toContain("/srv/storage-orders/.waldur-cscs-storage/snapshot.json");
    expect(ran.own).toContain("/etc/waldur/waldur.token");
    for (const when of ["upgrade", "removal", "purge"])
      expect(ran[`own after the ${when}`]).toBe(ran.own ?? "");
    const state = "/srv/storage-orders/.waldur-cscs-storage";
    const lockFiles = kind === "deb" ? [] : ["/var/lib/waldur-cscs-storage"];
    expect((ran.left ?? "").trim().split("\n")).toEqual(
      [`/etc/systemd/system/${NAME}-sync.service.d`, state, ...lockFiles].sort(),
    );
    if (kind === "deb") expect(ran["lock files after the purge"]).toContain("No such file");
    expect(ran["user after the purge"]).toBe(ran.user ?? "");
  });

  test("that was never configured leaves nothing but its user", async () => {
    const shared = scratchDirectory("installed-");
    const older = await packagesOf(OLDER, join(shared, "older"));
    const ran = await play(shared, [
      ["install", `${manager.install} ${older}/${archiveName(kind, OLDER, "x64")}`],
      ["remove", manager.remove],
      ["purge", manager.purge],
      ["left", LEFT],
      ["configuration", "ls -d /etc/waldur 2>&1 || true"],
    ]);
    expect(ran).toMatchObject({ left: "", configuration: expect.stringContaining("No such file") });
  });
});

/** Packages of another version, with something small in the place of the program. */
async function packagesOf(version: string, out: string): Promise<string> {
  const program = join(scratchDirectory("program-"), NAME);
  writeFileSync(program, `#!/bin/sh\necho ${NAME} ${version}\n`);
  chmodSync(program, 0o755);
  await packageAll({ version, releasedAt: new Date(1_794_000_000_000) }, { programs: { x64: program }, out });
  return out;
}

/** What each step printed, by its name. A step that fails ends the test. */
async function play(
  shared: string,
  steps: readonly (readonly [name: string, line: string])[],
): Promise<Record<string, string>> {
  const lines = [BEFORE, ...steps.map(([, line]) => line)];
  const commands = lines.map((line) => ({ line, asRoot: true, code: 0 }));
  const [, ...ran] = await runOnCopy(commands, { shared, files: {} });
  const failed = ran.filter(({ code }) => code !== 0).map(({ line, stderr }) => `${line}: ${stderr}`);
  expect(failed).toEqual([]);
  return Object.fromEntries(steps.map(([name], at) => [name, ran[at]?.stdout ?? ""]));
}
