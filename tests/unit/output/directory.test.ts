import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { OutputError } from "../../../lib/errors.ts";
import { STATE_DIRECTORY } from "../../../lib/output/directory.ts";
import { replaceFile } from "../../../lib/output/durable.ts";
import {
  AS_NOBODY,
  BUN,
  CAN_MOUNT,
  CHILDREN,
  mountScratch,
  openScratch,
  publicNames,
  run,
  scratchDirectory,
  thrownBy,
} from "./scratch.ts";

function modeOf(path: string): number {
  return statSync(path).mode & 0o7777;
}

describe("opening an output", () => {
  test("creates the directory and the closed state directory, regardless of the umask", () => {
    const directory = join(scratchDirectory(), "new");
    const before = process.umask(0o077);
    try {
      openScratch({ directory });
    } finally {
      process.umask(before);
    }
    expect(modeOf(directory)).toBe(0o755);
    expect(modeOf(join(directory, STATE_DIRECTORY))).toBe(0o700);
  });

  test("creates no parent", () => {
    const parent = join(scratchDirectory(), "missing");
    const error = thrownBy(() => openScratch({ directory: join(parent, "new") }));
    expect(error).toBeInstanceOf(OutputError);
    expect(error).toMatchObject({
      exitCode: 73,
      message: expect.stringContaining(`does not exist, and neither does ${parent} above it`),
      hint: expect.stringContaining("correct `output_directory`"),
    });
    expect(existsSync(parent)).toBe(false);
  });

  test("leaves an existing directory's mode alone, but closes an open state directory", () => {
    const directory = scratchDirectory();
    chmodSync(directory, 0o2775);
    mkdirSync(join(directory, STATE_DIRECTORY));
    chmodSync(join(directory, STATE_DIRECTORY), 0o2755);
    openScratch({ directory });
    expect(modeOf(directory)).toBe(0o2775);
    expect(modeOf(join(directory, STATE_DIRECTORY))).toBe(0o2700);
  });

  test("follows a directory that is a symlink", () => {
    const parent = scratchDirectory();
    mkdirSync(join(parent, "real"));
    symlinkSync("real", join(parent, "link"));
    const output = openScratch({ directory: join(parent, "link") });
    replaceFile(output, { name: "a.json", place: "public" }, "a");
    expect(publicNames(join(parent, "real"))).toEqual(["a.json"]);
  });

  test("refuses a file in place of the directory", () => {
    const path = join(scratchDirectory(), "file");
    writeFileSync(path, "mine");
    expect(() => openScratch({ directory: path })).toThrow(`${path} is not a directory`);
  });

  test.each(["symlink", "dangling symlink", "file"])(
    "refuses a %s in place of the state directory",
    (kind) => {
      const directory = scratchDirectory();
      const elsewhere = scratchDirectory();
      const state = join(directory, STATE_DIRECTORY);
      if (kind === "file") writeFileSync(state, "");
      else symlinkSync(kind === "symlink" ? elsewhere : join(elsewhere, "missing"), state);
      expect(() => openScratch({ directory })).toThrow(OutputError);
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  test.skipIf(!CAN_MOUNT)("reports a read-only file system before anything is fetched", () => {
    const directory = mountScratch("size=1m");
    run(["mount", "-o", "remount,ro", directory]);
    const error = thrownBy(() => openScratch({ directory }));
    expect(error).toMatchObject({ exitCode: 73, message: expect.stringContaining("(EROFS)") });
    expect(error).toHaveProperty("hint", expect.stringContaining("ReadWritePaths"));
  });
});

test.skipIf(AS_NOBODY === null)("a directory of another user is refused with what to check", () => {
  const directory = scratchDirectory();
  mkdirSync(join(directory, STATE_DIRECTORY));
  run(["chmod", "755", directory]);
  run(["chown", "65534", join(directory, STATE_DIRECTORY)]);
  const said = run([...(AS_NOBODY ?? []), BUN, join(CHILDREN, "publish.ts"), directory, "replace"]);
  expect(said).toContain(`cannot use output directory ${directory}: permission denied (EACCES)`);
});

test("a failure while opening frees the lock", () => {
  const directory = scratchDirectory();
  const now = () => {
    throw new Error("no clock");
  };
  expect(() => openScratch({ directory, now })).toThrow("no clock");
  expect(() => openScratch({ directory })).not.toThrow();
});

describe("leftovers", () => {
  const random = "0".repeat(32);

  function leave(directory: string, name: string, ageHours: number): void {
    const path = join(directory, STATE_DIRECTORY, name);
    mkdirSync(join(directory, STATE_DIRECTORY), { recursive: true });
    writeFileSync(path, "half");
    const at = Date.now() / 1000 - ageHours * 3600;
    utimesSync(path, at, at);
  }

  test("of the own mode and host go at once, others after a day, everything else stays", () => {
    const directory = scratchDirectory();
    leave(directory, `tmp-orders-${hostname()}-${random}`, 0);
    leave(directory, `tmp-sync-${hostname()}-${random}`, 23);
    leave(directory, `tmp-orders-other-host-${random}`, 23);
    leave(directory, `tmp-orders-${hostname()}-b-${random}`, 23);
    leave(directory, `tmp-orders-old-host-${random}`, 25);
    leave(directory, "tmp-mine", 1000);
    leave(directory, "notes", 1000);
    const { statePath } = openScratch({ directory, mode: "orders" });
    expect(readdirSync(statePath).sort()).toEqual(
      [
        "lock-orders",
        "notes",
        "tmp-mine",
        `tmp-orders-${hostname()}-b-${random}`,
        `tmp-orders-other-host-${random}`,
        `tmp-sync-${hostname()}-${random}`,
      ].sort(),
    );
  });
});

describe("a directory that changes during the run", () => {
  test("is not published to when another one replaced it", () => {
    const directory = scratchDirectory();
    const output = openScratch({ directory });
    renameSync(directory, `${directory}-old`);
    mkdirSync(join(directory, STATE_DIRECTORY), { recursive: true });
    try {
      expect(() => output.recheck()).toThrow(/moved or replaced/);
      expect(() => replaceFile(output, { name: "a.json", place: "public" }, "a")).toThrow(OutputError);
      expect(publicNames(directory)).toEqual([]);
      expect(readdirSync(join(directory, STATE_DIRECTORY))).toEqual([]);
    } finally {
      run(["rm", "-r", `${directory}-old`]);
    }
  });

  test("is missed when it is gone", () => {
    const directory = scratchDirectory();
    const output = openScratch({ directory });
    run(["rm", "-r", directory]);
    expect(() => output.recheck()).toThrow(OutputError);
  });

  // The roots of two such file systems have the same inode number.
  test.skipIf(!CAN_MOUNT)("is not published to when something was mounted over it", () => {
    const directory = mountScratch("size=1m");
    const output = openScratch({ directory });
    run(["mount", "-t", "tmpfs", "tmpfs", directory]);
    try {
      expect(() => output.recheck()).toThrow(OutputError);
    } finally {
      run(["umount", directory]);
    }
    expect(() => output.recheck()).not.toThrow();
  });
});

describe("a required mount", () => {
  test("that is not mounted is refused before anything is created", () => {
    const parent = scratchDirectory();
    const directory = join(parent, "out");
    const error = thrownBy(() => openScratch({ directory, requireMount: parent }));
    expect(error).toMatchObject({ exitCode: 73, message: `nothing is mounted at ${parent} (require_mount)` });
    expect(error).toHaveProperty("hint", expect.stringContaining("findmnt"));
    expect(existsSync(directory)).toBe(false);
  });

  test("that does not exist is refused", () => {
    const directory = scratchDirectory();
    const requireMount = join(directory, "missing");
    expect(() => openScratch({ directory, requireMount })).toThrow(
      `nothing is mounted at ${requireMount} (require_mount)`,
    );
  });

  test("must hold the directory", () => {
    const directory = scratchDirectory();
    expect(() => openScratch({ directory, requireMount: "/proc" })).toThrow(/not on the file system/);
    expect(() => openScratch({ directory, requireMount: "/" })).not.toThrow();
  });

  test.skipIf(!CAN_MOUNT)("is accepted, for itself and for a directory below it", () => {
    const mount = mountScratch("size=1m");
    openScratch({ directory: mount, requireMount: mount, mode: "sync" });
    openScratch({ directory: join(mount, "new"), requireMount: `${mount}/` });
  });

  test.skipIf(!CAN_MOUNT)("does not hold a neighbour with the same beginning", () => {
    const mount = mountScratch("size=1m");
    const directory = `${mount}-b`;
    expect(() => openScratch({ directory, requireMount: mount })).toThrow(/not on the file system/);
    expect(existsSync(directory)).toBe(false);
  });

  test.skipIf(!CAN_MOUNT)("may be a bind mount with a space in its name", () => {
    const directory = join(scratchDirectory(), "a b");
    mkdirSync(directory);
    run(["mount", "--bind", directory, directory]);
    try {
      openScratch({ directory, requireMount: directory }).close();
    } finally {
      run(["umount", directory]);
    }
  });

  test.skipIf(!CAN_MOUNT)("that goes away during the run stops publishing", () => {
    const mount = scratchDirectory();
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", mount]);
    const output = openScratch({ directory: mount, requireMount: mount });
    output.close();
    run(["umount", "-l", mount]);
    expect(() => output.recheck()).toThrow(OutputError);
    expect(readdirSync(mount)).toEqual([]);
  });

  test.skipIf(!CAN_MOUNT)(
    "that goes away stops publishing even where the directory looks the same without it",
    () => {
      const directory = scratchDirectory();
      run(["mount", "--bind", directory, directory]);
      const output = openScratch({ directory, requireMount: directory });
      output.close();
      run(["umount", "-l", directory]);
      expect(() => output.recheck()).toThrow(/nothing is mounted/);
    },
  );
});
