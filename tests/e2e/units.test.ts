// The units run under a systemd of their own, in namespaces and on a copy of this machine, installed by the package
// while that systemd runs: what they forbid is nothing that a run needs.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import manifest from "../../package.json" with { type: "json" };
import { builtPackages, NEEDS_TOOLS } from "../packages.ts";
import { openStage, runCommand } from "../stage.ts";
import { CAN_COPY, NEEDS_COPY } from "./machine.ts";

const SYSTEMD = "/lib/systemd/systemd";
const NAME = "waldur-cscs-storage";
const INTERVAL = `${NAME}-orders-interval.service`;

/** Makes the copy, with what the administrator has, and becomes its systemd. */
const BOOT = `set -e
home=$1 package=$2 layers=$1/layers machine=$1/layers/machine
mount --make-rprivate /
mkdir "$layers"
mount -t tmpfs tmpfs "$layers"
mkdir "$layers/upper" "$layers/work" "$machine"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$machine"
mount -t proc proc "$machine/proc"
mount -t tmpfs tmpfs "$machine/dev"
for name in null zero full random urandom tty; do touch "$machine/dev/$name"; mount --bind /dev/$name "$machine/dev/$name"; done
mkdir "$machine/dev/pts" "$machine/dev/shm" "$machine/dev/mqueue" "$machine/dev/hugepages"
ln -s pts/ptmx "$machine/dev/ptmx"
touch "$machine/dev/console"
mount --rbind /sys "$machine/sys"
mount -t tmpfs tmpfs "$machine/run"
printf '[Unit]\\nDescription=nothing more\\n' >"$machine/etc/systemd/system/bare.target"
mkdir "$machine/site"
cp "$home/config.yaml" "$home/waldur.token" "$machine/site/"
cp "$package" "$machine/site/package.deb"
cd "$machine"
exec chroot . env container=test ${SYSTEMD} --system --unit=bare.target
`;

/** As the README has it, with the output directory setgid. */
const INSTALL = `set -e
dpkg --no-triggers -i /site/package.deb
cp /site/config.yaml /site/waldur.token /etc/waldur/
chgrp waldur-storage /etc/waldur/config.yaml /etc/waldur/waldur.token
chmod 640 /etc/waldur/config.yaml /etc/waldur/waldur.token
install -d -m 2755 -o waldur-storage -g waldur-storage /srv/storage-orders
`;

const canBoot =
  CAN_COPY &&
  NEEDS_TOOLS === "" &&
  readdirSync("/lib/systemd").includes("systemd") &&
  Bun.which("nsenter") !== null;
const needs = canBoot ? "" : NEEDS_COPY || NEEDS_TOOLS || " (skipped: needs systemd and nsenter)";

describe.skipIf(!canBoot)(`the units, started by systemd${needs}`, () => {
  test("publish and report back", async () => {
    const stage = await openStage({
      resources: 20,
      orders: 3,
      config: ({ url, offering }) => `offerings:
  - name: Test
    waldur_api_url: ${url}
    waldur_api_token_file: waldur.token
    waldur_offering_uuid: ${offering}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings: { output_directory: /srv/storage-orders, latest_link: true }
`,
    });
    writeFileSync(join(stage.directory, "waldur.token"), `${stage.simulator.providerToken}\n`);
    const deb = join(await builtPackages(), `${NAME}_${manifest.version}-1_amd64.deb`);
    const namespaces = ["-m", "-p", "-u", "-i", "-C", "--fork", "--kill-child"];
    const boot = ["bash", "-c", BOOT, "boot", stage.directory, deb];
    const machine = Bun.spawn(["unshare", ...namespaces, ...boot], { stdout: "ignore", stderr: "pipe" });
    try {
      const inside = await childOf(machine.pid);
      const ask = (...command: string[]) =>
        runCommand(["nsenter", "-t", inside, "-m", "-p", "-r", ...command], {});
      while ((await ask("systemctl", "is-system-running")).stdout.trim() !== "running") await Bun.sleep(100);
      expect(await ask("bash", "-c", INSTALL)).toMatchObject({ code: 0 });
      for (const mode of ["sync", "orders", "orders"]) {
        const { code, stderr } = await ask("systemctl", "start", `${NAME}-${mode}.service`);
        expect({ mode, code, stderr }).toEqual({ mode, code: 0, stderr: "" });
      }
      const { stdout } = await ask("stat", "-c", "%U %G %a %n", "/srv/storage-orders");
      expect(stdout).toBe("waldur-storage waldur-storage 2755 /srv/storage-orders\n");
      const files = (await ask("ls", "/srv/storage-orders")).stdout.trim().split("\n");
      expect(files).toHaveLength(5);
      expect(stage.world.orders.map(({ state }) => state)).toEqual(["done", "done", "done"]);
      await outlivesUpgrade(ask);
    } finally {
      machine.kill("SIGKILL");
      await machine.exited;
      await stage.close();
    }
  }, 180_000);
});

type Ask = (...command: string[]) => ReturnType<typeof runCommand>;

/** The unit of --interval takes the place of the timer, continues with the new program, and ends with its package. */
async function outlivesUpgrade(ask: Ask): Promise<void> {
  const shown = async (property: string) =>
    (await ask("systemctl", "show", "--value", "-p", property, INTERVAL)).stdout.trim();
  const timer = `${NAME}-orders.timer`;
  expect(await ask("systemctl", "enable", "--now", timer)).toMatchObject({ code: 0 });
  expect(await ask("systemctl", "start", INTERVAL)).toMatchObject({ code: 0 });
  expect((await ask("systemctl", "is-active", timer, INTERVAL)).stdout).toBe("inactive\nactive\n");
  const before = await shown("MainPID");
  expect(await ask("dpkg", "--no-triggers", "-i", "/site/package.deb")).toMatchObject({ code: 0 });
  expect(await shown("ActiveState")).toBe("active");
  expect(await shown("MainPID")).not.toBe(before);
  expect(await ask("dpkg", "--no-triggers", "-r", NAME)).toMatchObject({ code: 0 });
  expect(await shown("ActiveState")).toBe("inactive");
  expect((await ask("systemctl", "is-enabled", timer)).stdout).not.toContain("enabled");
}

/** The first process of the new namespace, by its id out here. */
async function childOf(pid: number): Promise<string> {
  for (;;) {
    const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    if (child !== "" && readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith(SYSTEMD)) return child;
    await Bun.sleep(50);
  }
}
