// What is read from the kernel's tables: which mount holds a path, whether locks hold, who has one.

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { lockHolder, mountOf, parseMountTable, roomIn } from "../../../lib/output/file-system.ts";
import { scratchDirectory } from "../../scratch.ts";

const line = (at: string, after: string, options = "rw,relatime") =>
  `36 35 98:0 / ${at} ${options} shared:1 - ${after}`;

describe("the mount of a path", () => {
  const table = parseMountTable(
    [
      line("/", "ext4 /dev/sda1 rw"),
      line("/srv", "xfs /dev/sdb1 rw"),
      line("/srv/a\\040b", "tmpfs tmpfs rw"),
      "",
    ].join("\n"),
  );

  test.each([
    ["/", "/"],
    ["/etc", "/"],
    ["/srv", "/srv"],
    ["/srv/x", "/srv"],
    ["/srv2", "/"],
    ["/srv/a b/c", "/srv/a b"],
  ])("of %s is %s", (path, at) => {
    expect(mountOf(path, table)?.at).toBe(at);
  });

  test("is the one on top of several at one place", () => {
    const twice = parseMountTable(
      [line("/srv", "ext4 /dev/a rw"), line("/srv", "nfs4 host:/x rw")].join("\n"),
    );
    expect(mountOf("/srv/x", twice)?.kind).toBe("nfs4");
  });

  test("is not known without a table", () => {
    expect(mountOf("/srv", [])).toBeNull();
  });
});

test.each([
  ["ext4 /dev/sda1 rw", "everywhere"],
  ["nfs4 host:/x rw,vers=4.2,local_lock=none", "everywhere"],
  ["nfs host:/x rw,vers=3,nolock,local_lock=all", "here"],
  ["nfs host:/x rw,vers=3,local_lock=posix", "here"],
  ["lustre 10.0.0.1@tcp:/fs rw,flock,lazystatfs", "everywhere"],
  ["lustre 10.0.0.1@tcp:/fs rw,localflock", "here"],
  ["lustre 10.0.0.1@tcp:/fs rw,lazystatfs", "none"],
] as const)("locks on %s hold %s", (after, locks) => {
  expect(parseMountTable(line("/srv", after))[0]?.locks).toBe(locks);
});

describe("a lock of SQLite", () => {
  test("is found with its process, and is gone when it is released", () => {
    const path = join(scratchDirectory("lock-"), "lock");
    writeFileSync(path, "");
    const inode = String(statSync(path).ino);
    expect(lockHolder(inode)).toBeNull();
    const database = new Database(path, { readwrite: true });
    for (const sql of ["PRAGMA journal_mode=MEMORY", "BEGIN EXCLUSIVE"]) database.run(sql);
    expect(lockHolder(inode)).toBe(process.pid);
    database.close();
    expect(lockHolder(inode)).toBeNull();
  });

  test.each([
    ["1: POSIX  ADVISORY  WRITE 77 08:01:5 1073741824 1073742335", 77],
    ["1: POSIX  ADVISORY  READ  77 08:01:5 1073741826 1073742335", null],
    ["1: POSIX  ADVISORY  WRITE 77 08:01:6 1073741824 1073742335", null],
    ["1: POSIX  ADVISORY  WRITE 77 08:01:5 0 EOF", null],
    ["1: FLOCK  ADVISORY  WRITE 77 08:01:5 0 EOF", null],
  ])("in the line %s is that of %p", (text, pid) => {
    expect(lockHolder("5", `${text}\n`)).toBe(pid);
  });
});

test("the room of a directory is what df says", () => {
  const { bytes, inodes } = roomIn("/tmp");
  expect(bytes).toBeGreaterThan(0);
  expect(inodes === null || inodes > 0).toBe(true);
});
