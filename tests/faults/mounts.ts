// File systems of our own below a test's directory: a small tmpfs that fills up, and ext4 or xfs in a file, which can
// lose its power.

import { dlopen, FFIType } from "bun:ffi";
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";

/** Whether this machine lets us mount. */
export const CAN_MOUNT = process.getuid?.() === 0 && tries(() => mountTmpfs(scratch(), "size=64k"));

/** Appended to the name of a test that is skipped. */
export const NEEDS_MOUNT = CAN_MOUNT ? "" : " (skipped: needs root and the right to mount)";

export type Mounted = { path: string; unmount(): void };
export type DiskKind = "ext4" | "xfs";

export function mountTmpfs(path: string, options: string): Mounted {
  sh("mount", "-t", "tmpfs", "-o", `mode=755,${options}`, "tmpfs", path);
  return { path, unmount: () => unmount(path) };
}

/** Changes the options of what is mounted, such as `ro` or `size=1m`. */
export function remount(path: string, options: string): void {
  sh("mount", "-o", `remount,${options}`, path);
}

export type Disk = Mounted & {
  /** Mounts the file system again, as a machine does that comes up. */
  mountAgain(): void;
  /** Takes the power away: what was not flushed, the journal included, is lost. */
  cutPower(): void;
};

/** xfs refuses to be smaller than 300 MB; the file is sparse. */
const SIZES = { ext4: 32, xfs: 320 } as const satisfies Record<DiskKind, number>;

/** Whether this machine makes, mounts and cuts off disks of that kind. */
export function canCutPower(kind: DiskKind): boolean {
  if (!CAN_MOUNT || Bun.which(`mkfs.${kind}`) === null) return false;
  return tries(() => {
    const disk = mountDisk(kind, scratch());
    disk.cutPower();
    return disk;
  });
}

export function mountDisk(kind: DiskKind, path: string): Disk {
  const directory = scratch();
  const image = join(directory, "image");
  writeFileSync(image, "");
  truncateSync(image, SIZES[kind] * 1024 * 1024);
  sh(`mkfs.${kind}`, "-q", image);
  const mount = () => sh("mount", "-o", "loop", image, path);
  mount();
  rmSync(join(path, "lost+found"), { recursive: true, force: true });
  sh("sync", "-f", path);
  return {
    path,
    mountAgain() {
      unmount(path);
      mount();
    },
    cutPower: () => shutDown(path),
    unmount() {
      unmount(path);
      rmSync(directory, { recursive: true });
    },
  };
}

const FS_IOC_SHUTDOWN = 0x8004587d;
const NO_LOG_FLUSH = 2;

function shutDown(path: string): void {
  const libc = dlopen("libc.so.6", {
    ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
  });
  const fd = openSync(path, "r");
  const answer = libc.symbols.ioctl(fd, FS_IOC_SHUTDOWN, new Uint32Array([NO_LOG_FLUSH]));
  closeSync(fd);
  libc.close();
  if (answer !== 0) throw new Error(`${path} cannot be shut down`);
}

function scratch(): string {
  return mkdtempSync(join(tmpdir(), "disk-"));
}

/** A process that has just been killed may hold the mount for a moment. */
function unmount(path: string): void {
  for (let tries = 0; tries < 50; tries++) {
    if (Bun.spawnSync(["umount", path], { stderr: "ignore" }).exitCode === 0) return;
    Bun.sleepSync(20);
  }
  sh("umount", path);
}

function tries(mount: () => Mounted): boolean {
  try {
    const { path, unmount } = mount();
    unmount();
    rmSync(path, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

function sh(...command: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([...command], { stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}
