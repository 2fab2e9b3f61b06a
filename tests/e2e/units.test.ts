// The units of packaging/systemd run under a systemd of their own, in namespaces and on a copy of this machine: what they
// forbid is nothing that a run needs.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { ROOT } from "../pages.ts";
import { BINARY, openStage, runCommand } from "../stage.ts";
import { CAN_COPY, NEEDS_COPY } from "./machine.ts";

const SYSTEMD = "/lib/systemd/systemd";
const UNITS = join(ROOT, "packaging", "systemd");

/** Makes the copy, with the output directory setgid, and becomes its systemd. */
const BOOT = `set -e
home=$1 binary=$2 units=$3 layers=$1/layers machine=$1/layers/machine
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
cp "$units"/* "$machine/etc/systemd/system/"
printf '[Unit]\\nDescription=nothing more\\n' >"$machine/etc/systemd/system/bare.target"
install -m 755 "$binary" "$machine/usr/bin/waldur-cscs-storage"
chroot "$machine" useradd --system --shell /usr/sbin/nologin waldur-storage
chroot "$machine" install -d -m 750 -g waldur-storage /etc/waldur
chroot "$machine" install -d -m 2755 -o waldur-storage -g waldur-storage /srv/storage-orders
cp "$home/config.yaml" "$home/waldur.token" "$machine/etc/waldur/"
chroot "$machine" chgrp waldur-storage /etc/waldur/config.yaml /etc/waldur/waldur.token
chroot "$machine" chmod 640 /etc/waldur/config.yaml /etc/waldur/waldur.token
cd "$machine"
exec chroot . env container=test ${SYSTEMD} --system --unit=bare.target
`;

const canBoot = CAN_COPY && readdirSync("/lib/systemd").includes("systemd") && Bun.which("nsenter") !== null;
const needs = canBoot ? "" : NEEDS_COPY || " (skipped: needs systemd and nsenter)";

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
    const namespaces = ["-m", "-p", "-u", "-i", "-C", "--fork", "--kill-child"];
    const boot = ["bash", "-c", BOOT, "boot", stage.directory, BINARY, UNITS];
    const machine = Bun.spawn(["unshare", ...namespaces, ...boot], { stdout: "ignore", stderr: "pipe" });
    try {
      const inside = await childOf(machine.pid);
      const ask = (...command: string[]) =>
        runCommand(["nsenter", "-t", inside, "-m", "-p", "-r", ...command], {});
      while ((await ask("systemctl", "is-system-running")).stdout.trim() !== "running") await Bun.sleep(100);
      for (const mode of ["sync", "orders", "orders"]) {
        const { code, stderr } = await ask("systemctl", "start", `waldur-cscs-storage-${mode}.service`);
        expect({ mode, code, stderr }).toEqual({ mode, code: 0, stderr: "" });
      }
      const { stdout } = await ask("stat", "-c", "%U %G %a %n", "/srv/storage-orders");
      expect(stdout).toBe("waldur-storage waldur-storage 2755 /srv/storage-orders\n");
      const files = (await ask("ls", "/srv/storage-orders")).stdout.trim().split("\n");
      expect(files).toHaveLength(5);
      expect(stage.world.orders.map(({ state }) => state)).toEqual(["done", "done", "done"]);
    } finally {
      machine.kill("SIGKILL");
      await machine.exited;
      await stage.close();
    }
  }, 60_000);
});

/** The first process of the new namespace, by its id out here. */
async function childOf(pid: number): Promise<string> {
  for (;;) {
    const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    if (child !== "" && readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith(SYSTEMD)) return child;
    await Bun.sleep(50);
  }
}
