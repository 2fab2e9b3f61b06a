import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OutputError } from "../../../lib/errors.ts";
import { STATE_DIRECTORY } from "../../../lib/output/directory.ts";
import { lookAtOutput } from "../../../lib/output/look.ts";
import { describeOrderFile } from "../../../lib/output/order-file.ts";
import { listOpenReceipts, peekReceipt } from "../../../lib/output/receipts.ts";
import { readSnapshotState } from "../../../lib/output/state.ts";
import { judgeOutput } from "../../../lib/output/trust.ts";
import { openDirectory } from "../../../lib/places/open.ts";
import { BUN, CAN_MOUNT, openScratch, run, scratchDirectory, thrownBy, UUID } from "./scratch.ts";

const IS_ROOT = process.getuid?.() === 0;
const OTHER = 4242;

function refusal(directory: string): string {
  const error = thrownBy(() => openScratch({ directory }));
  expect(error).toBeInstanceOf(OutputError);
  const { message, hint } = error as OutputError;
  return `${message}; ${hint}`;
}

describe("an output directory", () => {
  test("that everybody can write is refused, and nothing is made in it", () => {
    const directory = scratchDirectory();
    chmodSync(directory, 0o1777);
    expect(refusal(directory)).toContain(
      `everybody on this machine can write to the output directory ${directory}`,
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  test("that everybody can write is used where the operator opted out, and every run says so", () => {
    const directory = scratchDirectory();
    chmodSync(directory, 0o777);
    for (let n = 0; n < 2; n++) {
      const output = openScratch({ directory, allowShared: true });
      output.close();
      expect(output.warnings.join()).toContain("allow_shared_directory is on");
    }
  });

  test("that a group can write is used with a notice, except for root's group", () => {
    const directory = scratchDirectory();
    chmodSync(directory, 0o2775);
    if (IS_ROOT) {
      expect(openScratch({ directory, mode: "sync" }).notices).toEqual([]);
      chownSync(directory, 0, OTHER);
    }
    const { notices, warnings } = openScratch({ directory });
    expect(notices).toEqual([
      expect.stringContaining(`can write to the output directory ${directory} (mode 2775)`),
    ]);
    expect(warnings).toEqual([]);
  });

  test.skipIf(!IS_ROOT)("of another user is refused, and nothing stays in it", () => {
    const directory = scratchDirectory();
    chownSync(directory, OTHER, OTHER);
    expect(refusal(directory)).toContain(`belongs to uid ${OTHER}`);
    expect(readdirSync(directory)).toEqual([]);
    expect(() => openScratch({ directory, allowShared: true })).not.toThrow();
  });

  test.skipIf(!IS_ROOT)("whose files all get its own owner counts as ours", () => {
    const directory = scratchDirectory();
    chownSync(directory, OTHER, OTHER);
    const fd = openDirectory(directory);
    expect(judgeOutput(directory, fd, () => OTHER).faults).toEqual([]);
    expect(judgeOutput(directory, fd, () => 0).faults).toHaveLength(1);
    closeSync(fd);
  });

  test.skipIf(!IS_ROOT).each([
    ["belongs to another user", (parent: string) => chownSync(parent, OTHER, OTHER)],
    ["can be written by everybody", (parent: string) => chmodSync(parent, 0o777)],
  ])("below one that %s is refused when root runs, whether it is there or not", (_, spoil) => {
    const parent = scratchDirectory();
    mkdirSync(join(parent, "out"));
    spoil(parent);
    for (const name of ["out", "new"])
      expect(refusal(join(parent, name))).toContain("on the way to the output directory");
    expect(existsSync(join(parent, "new"))).toBe(false);
  });

  test.skipIf(!IS_ROOT)(
    "behind a symlink that another user can turn elsewhere is refused when root runs",
    () => {
      const [parent, target] = [scratchDirectory(), scratchDirectory()];
      const link = join(parent, "out");
      symlinkSync(target, link);
      expect(() => openScratch({ directory: link, mode: "sync" })).not.toThrow();
      lchownSync(link, OTHER, OTHER);
      expect(refusal(link)).toContain(`${link}, on the way to the output directory, belongs to uid ${OTHER}`);
    },
  );

  test("in a sticky directory of root's is fine", () => {
    const directory = scratchDirectory();
    const { warnings, notices } = openScratch({ directory: join(directory, "out") });
    expect([warnings, notices]).toEqual([[], []]);
  });
});

describe("the state directory", () => {
  test.skipIf(!IS_ROOT)("of another user is refused and left alone, regardless of who is trusted", () => {
    const directory = scratchDirectory();
    const state = join(directory, STATE_DIRECTORY);
    mkdirSync(state);
    chmodSync(state, 0o777);
    chownSync(state, OTHER, OTHER);
    expect(refusal(directory)).toContain(
      `${state} belongs to uid ${OTHER}, and this program runs as root (uid 0)`,
    );
    expect(refusal(directory)).toContain(`sudo -u '#${OTHER}' waldur-cscs-storage`);
    expect(thrownBy(() => openScratch({ directory, allowShared: true }))).toBeInstanceOf(OutputError);
    expect([readdirSync(state), statSync(state).mode & 0o7777]).toEqual([[], 0o777]);
  });

  test.skipIf(!IS_ROOT)("holds nothing that another user wrote", () => {
    const directory = scratchDirectory();
    openScratch({ directory }).close();
    const path = join(directory, STATE_DIRECTORY, "snapshot.json");
    writeFileSync(path, "{}");
    chownSync(path, OTHER, OTHER);
    openScratch({ directory });
    const error = thrownBy(() => readSnapshotState(directory));
    expect(error).toMatchObject({
      exitCode: 73,
      message: `${path} belongs to uid ${OTHER}, the state directory to root (uid 0), and this program runs as root (uid 0)`,
      hint: expect.stringContaining(`chown -R root ${join(directory, STATE_DIRECTORY)}`),
    });
  });

  test("holds no pipe that a run would wait for: it counts as missing", () => {
    const directory = scratchDirectory();
    openScratch({ directory }).close();
    const state = join(directory, STATE_DIRECTORY);
    mkdirSync(join(state, "receipts"), { recursive: true });
    run(["mkfifo", join(state, "snapshot.json"), join(state, "receipts", `${UUID}.json`)]);
    const damaged: string[] = [];
    expect([readSnapshotState(directory, damaged), peekReceipt(directory, UUID)]).toEqual([null, null]);
    expect(damaged).toEqual([join(state, "snapshot.json")]);
    expect(listOpenReceipts(directory)).toEqual([]);
  });

  test("with a pipe as its lock is refused: it would look like a file system without locks", () => {
    const directory = scratchDirectory();
    mkdirSync(join(directory, STATE_DIRECTORY));
    run(["mkfifo", join(directory, STATE_DIRECTORY, "lock-orders")]);
    expect(refusal(directory)).toContain("not a regular file");
  });

  test("holds no file of any size", () => {
    const directory = scratchDirectory();
    mkdirSync(join(directory, STATE_DIRECTORY));
    const path = join(directory, STATE_DIRECTORY, "snapshot.json");
    run(["truncate", "-s", "3G", path]);
    const damaged: string[] = [];
    expect([readSnapshotState(directory, damaged), damaged]).toEqual([null, [path]]);
  });
});

describe("a published file", () => {
  const name = `2026-01-01-00-00-create_${UUID}.json`;

  test("of three gigabytes under an order's name is another program's, and is not read", () => {
    const directory = scratchDirectory();
    run(["truncate", "-s", "3G", join(directory, name)]);
    expect(describeOrderFile(directory, name, () => "same")).toBe("foreign");
  });

  test.skipIf(!IS_ROOT)("of another user is ours only when it says what we say", () => {
    const directory = scratchDirectory();
    writeFileSync(join(directory, name), "x");
    chownSync(join(directory, name), OTHER, OTHER);
    for (const word of ["same", "foreign"] as const)
      expect(describeOrderFile(directory, name, () => word)).toBe(word);
    expect(describeOrderFile(directory, name, () => "differs")).toBe("foreign");
  });
});

describe("a dry run", () => {
  const DRY = { mode: "sync", requireMount: null, allowShared: false, latestLink: false } as const;

  test.skipIf(!IS_ROOT)("reports what would stop a real one, and reads all the same", () => {
    const directory = scratchDirectory();
    const state = join(directory, STATE_DIRECTORY);
    mkdirSync(state);
    writeFileSync(join(state, "snapshot.json"), "{}");
    for (const path of [directory, state, join(state, "snapshot.json")]) chownSync(path, OTHER, OTHER);
    const said: string[] = [];
    const say = ({ message }: { message: string }) => void said.push(message);
    const held = lookAtOutput({ ...DRY, directory, notice: say, wouldStop: say });
    try {
      expect(said).toEqual([
        expect.stringContaining(`may end with 73: the output directory ${directory} belongs to`),
        expect.stringContaining(`may end with 73: ${state} belongs to`),
      ]);
      expect(readSnapshotState(directory)).toBeNull();
      expect(readdirSync(directory)).toEqual([STATE_DIRECTORY]);
    } finally {
      held.close();
    }
  });

  test("of what a real run makes says nothing", () => {
    const said: unknown[] = [];
    const say = (one: unknown) => void said.push(one);
    lookAtOutput({
      ...DRY,
      directory: join(scratchDirectory(), "x"),
      notice: say,
      wouldStop: say,
    }).close();
    expect(said).toEqual([]);
  });
});

test.skipIf(!CAN_MOUNT)("where descriptors cannot be named the run ends with what to do", () => {
  const script = `
    import { openOutput } from "${join(import.meta.dir, "../../../lib/output/directory.ts")}";
    const options = { mode: "sync", requireMount: null, allowShared: false, fileMode: 0o644, now: () => new Date() };
    const directory = "${scratchDirectory()}";
    Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", "/proc/" + process.pid + "/fd"]);
    try {
      openOutput({ ...options, directory, warn: console.log, notice: console.log });
    } catch (error) {
      console.log(error.exitCode, error.message, error.hint);
    }`;
  const ran = Bun.spawnSync(["unshare", "-m", BUN, "-e", script]);
  expect(ran.stdout.toString()).toMatch(
    /^73 cannot use output directory .*: \/proc\/self\/fd is missing mount \/proc/,
  );
});
