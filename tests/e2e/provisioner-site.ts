// A site with examples/provisioner.sh: a file system of its own below one directory, a configuration whose set_quota
// writes down its calls, and what became of all of it.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "pathe";
import type { StorageDocument, StorageResource } from "../../lib/storage/document.ts";
import { ROOT } from "../pages.ts";
import { type Ran, runCommand } from "../stage.ts";

export const SCRIPT = join(ROOT, "examples", "provisioner.sh");

/** Groups of projects can be given by root alone. */
export const IS_ROOT = process.getuid?.() === 0;
export const CAN_PROVISION =
  IS_ROOT && ["jq", "flock", "runuser", "setsid"].every((name) => Bun.which(name) !== null);
/** Appended to the name of a test that is skipped. */
export const NEEDS_PROVISIONER = CAN_PROVISION ? "" : " (skipped: needs root, jq, flock, runuser and setsid)";

/** Everything of it is in one directory, so that it can be copied. */
export type Site = { directory: string; out: string; conf: string; at: (mountPoint: string) => string };

/** `out`: the output directory; one in the site's directory unless given. */
export function siteIn(directory: string, out = join(directory, "out")): Site {
  return {
    directory,
    out,
    conf: join(directory, "provisioner.conf"),
    at: (mountPoint) => join(directory, "fs", mountPoint),
  };
}

type Change = { conf?: string };

/** Makes what an administrator makes: the trash, the configuration, the record. */
export async function setUp(site: Site, change: Change = {}): Promise<void> {
  mkdirSync(site.at("/cold-store/.trash"), { recursive: true, mode: 0o755 });
  chmodSync(site.at("/cold-store/.trash"), 0o700);
  writeConf(site, change);
  const made = await provision(site, "init");
  if (made.code !== 0) throw new Error(`init failed: ${made.stderr}`);
}

export function writeConf({ directory, out, conf }: Site, { conf: more = "" }: Change = {}): void {
  writeFileSync(
    conf,
    `OUT=${out}
PUBLISHER=$(id -un)
STATE=${directory}/record
ROOTS=${directory}/fs/cold-store
PREFIX=${directory}/fs
set_quota() { printf '%s\\n' "$*" >>${directory}/quotas; }
${more}
`,
  );
}

/** One run of the script; `shell`: by another one than that of its first line. */
export function provision(site: Site, command: string, shell: readonly string[] = []): Promise<Ran> {
  return runCommand([...shell, SCRIPT, command, site.conf], { cwd: "/" });
}

/** Makes the directories of a snapshot as another provisioner would have made them, without markers. */
export function makeDirectories({ at }: Site, { result }: StorageDocument): void {
  for (const { mountPoint, permission, target } of result.storageResources) {
    const path = at(mountPoint.default);
    mkdirSync(path, { recursive: true });
    const gid = Number(Reflect.get(target.targetItem, "unixGid"));
    Bun.spawnSync(["chgrp", String(gid), path]);
    chmodSync(path, Number.parseInt(permission?.value ?? "", 8));
  }
}

export type Answer = { result: string; message?: string };

/** The answer that waits in the directory of acks; null for none. */
export function answerTo({ out }: Pick<Site, "out">, order: string): Answer | null {
  const path = join(out, "acks", `${order}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

/** Calls of set_quota, without the directory of the site. */
export function quotaCalls({ directory }: Site): string[] {
  const path = join(directory, "quotas");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").trim().replaceAll(`${directory}/fs`, "").split("\n");
}

/** The call that an entry asks for, with a TB of 10^12 bytes; null when it has no quotas. */
export function quotaCallOf({ mountPoint, quotas, target }: StorageResource): string | null {
  if (quotas === null) return null;
  const values = quotas.map(({ type, quota }) =>
    type === "space" ? Math.floor((quota * 1e12) / 1024) : quota,
  );
  return [mountPoint.default, Reflect.get(target.targetItem, "unixGid"), ...values].join(" ");
}

/** Every name below a directory with its mode and group, and what markers and answers say. */
export function treeOf(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(directory.length);
      if (entry.isSymbolicLink()) return `${name} is a link`;
      const { mode, gid } = statSync(path);
      const text = entry.isFile() ? ` ${readFileSync(path, "utf8").trim()}` : "";
      return `${name} ${(mode & 0o7777).toString(8)} ${gid}${text}`;
    })
    .sort();
}

export function markerOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.itemId`);
}
