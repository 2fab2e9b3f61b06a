import { describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { OutputError } from "../../../lib/errors.ts";
import { createTemporary, replaceFile, writeFully } from "../../../lib/output/durable.ts";
import { syncFile } from "../../../lib/output/fsync.ts";
import { resolveDescriptors } from "../../descriptors.ts";
import {
  BUN,
  CAN_MOUNT,
  CHILDREN,
  mountScratch,
  openScratch,
  publicNames,
  STRACE,
  scratchDirectory,
  temporaryNames,
  thrownBy,
} from "./scratch.ts";

describe("a temporary file", () => {
  test("is in the state directory, closed to others, under a name with mode and host", () => {
    const output = openScratch({ mode: "sync" });
    createTemporary(output, "public").write("secret");
    const [name = ""] = temporaryNames(output.directory);
    expect(name).toMatch(/^tmp-sync-.+-[0-9a-f]{32}$/);
    expect(name).toStartWith(`tmp-sync-${hostname()}-`);
    expect(statSync(join(output.statePath, name)).mode & 0o777).toBe(0o600);
    expect(publicNames(output.directory)).toEqual([]);
  });

  test("never has the same name twice", () => {
    const output = openScratch();
    for (let i = 0; i < 5; i++) createTemporary(output, "state");
    expect(temporaryNames(output.directory)).toHaveLength(5);
  });

  test("counts bytes, not characters", () => {
    const temporary = createTemporary(openScratch(), "public");
    temporary.write("Zürich ");
    temporary.write("🗄");
    expect(temporary.seal()).toBe(12);
  });

  test("starts over after truncate, without a hole", () => {
    const output = openScratch();
    const temporary = createTemporary(output, "public");
    temporary.write("a long first try");
    temporary.truncate();
    temporary.write("short");
    expect(temporary.seal()).toBe(5);
    expect(readFileSync(temporary.publish("a.json").path, "utf8")).toBe("short");
  });

  test("is gone after discard, which never throws", () => {
    const output = openScratch();
    const temporary = createTemporary(output, "public");
    temporary.discard();
    temporary.discard();
    expect(temporaryNames(output.directory)).toEqual([]);
    expect(() => temporary.write("x")).toThrow(/no longer open/);
  });

  test("is refused when the disk has another size than was written", () => {
    const output = openScratch();
    const temporary = createTemporary(output, "public");
    temporary.write("all of it");
    writeFileSync(join(output.statePath, temporaryNames(output.directory)[0] ?? ""), "all");
    expect(() => temporary.seal()).toThrow(/3 bytes after 9 were written/);
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test("is not published unsealed", () => {
    const output = openScratch();
    const temporary = createTemporary(output, "public");
    temporary.write("a");
    temporary.seal();
    temporary.write("b");
    expect(() => temporary.publish("a.json")).toThrow(/not sealed/);
    expect(publicNames(output.directory)).toEqual([]);
  });
});

describe("publishing", () => {
  test("creates, then replaces, with the configured mode regardless of the umask", () => {
    const output = openScratch({ fileMode: 0o664 });
    const path = join(output.directory, "a.json");
    expect(replaceFile(output, { name: "a.json", place: "public" }, "one")).toEqual({
      path,
      action: "create",
    });
    expect(replaceFile(output, { name: "a.json", place: "public" }, "two")).toEqual({
      path,
      action: "replace",
    });
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o7777).toBe(0o664);
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test("keeps state for the owner only", () => {
    const output = openScratch({ fileMode: 0o644 });
    replaceFile(output, { name: "state.json", place: "state" }, "{}");
    expect(statSync(join(output.statePath, "state.json")).mode & 0o7777).toBe(0o600);
    expect(publicNames(output.directory)).toEqual([]);
  });

  test("replaces a planted symlink and leaves what it named", () => {
    const output = openScratch();
    const victim = join(scratchDirectory(), "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, join(output.directory, "a.json"));
    replaceFile(output, { name: "a.json", place: "public" }, "ours");
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(lstatSync(join(output.directory, "a.json")).isFile()).toBe(true);
  });

  test("refuses a directory in the file's place", () => {
    const output = openScratch();
    mkdirSync(join(output.directory, "a.json"));
    expect(() => replaceFile(output, { name: "a.json", place: "public" }, "x")).toThrow(OutputError);
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test("gives each version a later second than the one before", () => {
    const output = openScratch();
    const path = join(output.directory, "a.json");
    const seconds = ["one", "two", "six"].map((text) => {
      replaceFile(output, { name: "a.json", place: "public" }, text);
      return Math.floor(statSync(path).mtimeMs / 1000);
    });
    expect(seconds[1]).toBeGreaterThan(seconds[0] ?? 0);
    expect(seconds[2]).toBeGreaterThan(seconds[1] ?? 0);
  });

  test("advances a time that is in the future by one second", () => {
    const output = openScratch();
    const path = join(output.directory, "a.json");
    writeFileSync(path, "from a clock that was wrong");
    utimesSync(path, 4_000_000_000.5, 4_000_000_000.5);
    replaceFile(output, { name: "a.json", place: "public" }, "new");
    expect(statSync(path).mtimeMs).toBe(4_000_000_001_000);
  });

  test("leaves the time alone when it advanced by itself", () => {
    const output = openScratch();
    const path = join(output.directory, "a.json");
    writeFileSync(path, "old");
    utimesSync(path, 1000, 1000);
    replaceFile(output, { name: "a.json", place: "public" }, "new");
    expect(Math.abs(statSync(path).mtimeMs - Date.now())).toBeLessThan(5000);
  });
});

describe("claiming a name", () => {
  test("takes a free one and leaves a taken one", () => {
    const output = openScratch();
    const claim = (text: string) => {
      const temporary = createTemporary(output, "state");
      temporary.write(text);
      temporary.seal();
      const isTaken = temporary.claim("name");
      temporary.discard();
      return isTaken;
    };
    expect([claim("first"), claim("second")]).toEqual([true, false]);
    expect(readFileSync(join(output.statePath, "name"), "utf8")).toBe("first");
    expect(temporaryNames(output.directory)).toEqual([]);
  });
});

describe("a write", () => {
  test("continues after short ones", () => {
    const bytes = new TextEncoder().encode("a text longer than one write takes");
    const taken: number[] = [];
    writeFully(bytes, (offset, length) => {
      const count = Math.min(length, 7);
      taken.push(...bytes.subarray(offset, offset + count));
      return count;
    });
    expect(new TextDecoder().decode(new Uint8Array(taken))).toBe("a text longer than one write takes");
  });

  test("that takes nothing is an error, not an endless loop", () => {
    expect(() => writeFully(new Uint8Array(3), () => 0)).toThrow(OutputError);
  });
});

describe("a full disk", () => {
  test.skipIf(!CAN_MOUNT)("leaves the old file and no temporary one", () => {
    const output = openScratch({ directory: mountScratch("size=64k") });
    replaceFile(output, { name: "a.json", place: "public" }, "yesterday");
    const error = thrownBy(() =>
      replaceFile(output, { name: "a.json", place: "public" }, "x".repeat(200_000)),
    );
    expect(error).toMatchObject({ exitCode: 73, hint: expect.stringContaining("df -h") });
    expect(error).toHaveProperty("message", expect.stringContaining("(ENOSPC)"));
    expect(readFileSync(join(output.directory, "a.json"), "utf8")).toBe("yesterday");
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test.skipIf(!CAN_MOUNT)("of inodes is reported too", () => {
    const output = openScratch({ directory: mountScratch("nr_inodes=3") });
    const error = thrownBy(() => createTemporary(output, "public"));
    expect(error).toHaveProperty("message", expect.stringContaining("(ENOSPC)"));
  });
});

/** What a child that publishes does, as strace sees it; `inject` makes one system call fail. */
function trace(action: string, directory: string, inject: string[] = []) {
  const file = join(scratchDirectory(), "trace");
  const filter = [
    "-e",
    "trace=openat,utimensat,fsync,rename,renameat,renameat2,link,linkat,fchmod,ftruncate",
  ];
  const injections = inject.flatMap((rule) => ["-e", `inject=${rule}`]);
  const strace = ["strace", "-f", "-y", "-qq", "-s", "300", "-o", file, ...filter, ...injections];
  const child = Bun.spawnSync([...strace, BUN, join(CHILDREN, "publish.ts"), directory, action]);
  const text = readFileSync(file, "utf8");
  return { said: child.stdout.toString(), calls: callsIn(text, directory), text };
}

/** The traced calls on our directory, as short words: `fsync tmp`, `rename tmp → file.json`, `fsync .`. */
function callsIn(text: string, directory: string): string[] {
  const isClear = (line: string) => line.includes(directory) && !/ openat\(|= -1/.test(line);
  const lines = resolveDescriptors(text).split("\n").filter(isClear);
  return lines.flatMap((line) => {
    const call = /^\d+\s+(utimensat|\w+?)(?:at2?)?\(/.exec(line)?.[1] ?? "?";
    const paths = [...line.matchAll(/[<"]([^<>"]*)[>"]/g)].map(([, path = ""]) => shortName(path, directory));
    return [`${call} ${paths.filter((path) => path !== null).join(" → ")}`];
  });
}

function shortName(path: string, directory: string): string | null {
  if (!path.startsWith(directory)) return null;
  const name = path.slice(directory.length + 1).replace(/tmp-orders-.*/, "tmp");
  return name === "" ? "." : name.replace(".waldur-cscs-storage", "state");
}

describe.skipIf(STRACE === null)("the order of system calls", () => {
  test("is bytes to disk, mode, rename, then both directories", () => {
    const directory = scratchDirectory();
    const { calls } = trace("replace", directory);
    expect(calls.slice(-5)).toEqual([
      "fchmod state/tmp",
      "fsync state/tmp",
      "rename state/tmp → file.json",
      "fsync .",
      "fsync state",
    ]);
  });

  test("flushes a time that it sets", () => {
    const directory = scratchDirectory();
    writeFileSync(join(directory, "file.json"), "old");
    utimesSync(join(directory, "file.json"), 4_000_000_000, 4_000_000_000);
    const { calls } = trace("replace", directory);
    expect(calls.slice(-5, -2)).toEqual([
      "utimensat state/tmp",
      "fsync state/tmp",
      "rename state/tmp → file.json",
    ]);
  });

  test("makes new directories durable before anything is in them", () => {
    const directory = join(scratchDirectory(), "new");
    const { calls } = trace("replace", directory);
    expect(calls.indexOf("fsync .")).toBeGreaterThanOrEqual(0);
    expect(calls.indexOf("fsync .")).toBeLessThan(calls.indexOf("fsync state/tmp"));
  });

  test("makes a claim, and the directories it is in, durable before it is reported", () => {
    const directory = scratchDirectory();
    openScratch({ directory }).close();
    const { calls } = trace("claim", directory);
    expect(calls).toEqual([
      "fsync state",
      "fsync state",
      "fsync state/receipts",
      "fchmod state/tmp",
      "fsync state/tmp",
      "link state/tmp → state/receipts/0123456789abcdef0123456789abcdef.json",
      "fsync state/receipts",
      "fsync state",
    ]);
  });

  test("makes a closed receipt durable in both directories", () => {
    const directory = scratchDirectory();
    trace("claim", directory);
    const { calls } = trace("close", directory);
    const name = "0123456789abcdef0123456789abcdef.json";
    expect(calls.slice(-3)).toEqual([
      `rename state/receipts/${name} → state/receipts/closed/${name}`,
      "fsync state/receipts/closed",
      "fsync state/receipts",
    ]);
  });

  test("makes the latest link durable", () => {
    const { calls } = trace("link", scratchDirectory());
    expect(calls.slice(-2)).toEqual(["rename state/tmp → latest-all.json", "fsync ."]);
  });

  test("opens a temporary file only where nothing is", () => {
    const { text } = trace("replace", scratchDirectory());
    const opened = text.split("\n").filter((line) => /openat\(.*tmp-orders-/.test(line));
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatch(/O_CREAT\|O_EXCL\|.*O_NOFOLLOW/);
  });

  test.each([
    ["an equal order file", "text\n", "same"],
    ["one of ours that we would write otherwise today", "old\n", "differs"],
  ])("flushes %s once more", (_which, text, found) => {
    const directory = scratchDirectory();
    const name = "2026-11-25-07-49-create_0123456789abcdef0123456789abcdef.json";
    writeFileSync(join(directory, name), text);
    const { calls, said } = trace("again", directory);
    expect(said).toBe(`"${found}"\n`);
    expect(calls.slice(-2)).toEqual([`fsync ${name}`, "fsync ."]);
  });
});

describe.skipIf(STRACE === null)("a failing disk", () => {
  test.each([
    ["EIO at the first fsync of the file", "fsync:error=EIO:when=3"],
    ["ESTALE at the rename", "rename:error=ESTALE"],
    ["EPERM at the mode", "fchmod:error=EPERM"],
  ])("with %s leaves the old file and no temporary one", (_what, rule) => {
    const directory = scratchDirectory();
    writeFileSync(join(directory, "file.json"), "old");
    const { said } = trace("replace", directory, [rule]);
    expect(said).toContain("cannot");
    expect(said).toMatch(/\((EIO|ESTALE|EPERM)\)/);
    expect(readFileSync(join(directory, "file.json"), "utf8")).toBe("old");
    expect(temporaryNames(directory)).toEqual([]);
  });

  test("that cannot flush the directory does not count as published", () => {
    const directory = scratchDirectory();
    const { said } = trace("replace", directory, ["fsync:error=EIO:when=4"]);
    expect(said).toContain("cannot flush directory");
    expect(existsSync(join(directory, "file.json"))).toBe(true);
  });

  test("without a flush of directories is used, with one warning", () => {
    const directory = scratchDirectory();
    openScratch({ directory }).close();
    const { said } = trace("replace", directory, ["fsync:error=EINVAL:when=1+2"]);
    expect(said.match(/warning: /g)).toHaveLength(1);
    expect(said).toContain('"action":"create"');
  });

  test("without hard links still claims a name", () => {
    const directory = scratchDirectory();
    const { said, calls } = trace("claim", directory, ["link,linkat:error=EPERM"]);
    expect(said).toContain('"open":true');
    expect(calls.join("\n")).toContain("rename state/tmp → state/receipts/");
    expect(readdirSync(join(directory, ".waldur-cscs-storage", "receipts"))).toHaveLength(2);
    expect(temporaryNames(directory)).toEqual([]);
  });

  test("without hard links takes no name that is taken", () => {
    const directory = scratchDirectory();
    const { said } = trace("claim-taken", directory, ["link,linkat:error=EPERM"]);
    expect(said).toBe("false\n");
    expect(readFileSync(join(directory, ".waldur-cscs-storage", "name"), "utf8")).toBe("the first");
  });
});

test("flushing a file never follows a symlink", () => {
  const directory = scratchDirectory();
  writeFileSync(join(directory, "file"), "x");
  symlinkSync("file", join(directory, "link"));
  expect(() => syncFile(join(directory, "file"))).not.toThrow();
  expect(() => syncFile(join(directory, "link"))).toThrow(/ELOOP/);
});
