import { expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { heldDescriptor, holdDirectory, ownerBelow, reach } from "../../../lib/places/held.ts";
import { openDirectory, openNew, openToRead, readUpTo } from "../../../lib/places/open.ts";
import { isTrustedUser, ownUser, showUser, userArgument, writersOf } from "../../../lib/places/owners.ts";
import { BUN, run, scratchDirectory, thrownBy } from "../output/scratch.ts";

test("what is below a held directory stays there when another one takes its name", () => {
  const directory = join(scratchDirectory(), "a");
  mkdirSync(directory);
  const held = holdDirectory({ path: directory, fd: openDirectory(directory), owner: 7 });
  try {
    renameSync(directory, `${directory}-old`);
    symlinkSync("/etc", directory);
    closeSync(openNew(join(directory, "file")));
    expect(readdirSync(`${directory}-old`)).toEqual(["file"]);
    expect([ownerBelow(join(directory, "file")), heldDescriptor(directory)]).toEqual([7, held.fd]);
    expect([reach(`${directory}b`), reach("/etc")]).toEqual([`${directory}b`, "/etc"]);
  } finally {
    held.release();
    held.release();
  }
  expect([reach(directory), ownerBelow(directory)]).toEqual([directory, null]);
});

test("the innermost held directory counts, and the one that was held last", () => {
  const outer = scratchDirectory();
  const inner = join(outer, "in");
  mkdirSync(inner);
  const held = [outer, inner, outer].map((path) =>
    holdDirectory({ path, fd: openDirectory(path), owner: 0 }),
  );
  const [, second, third] = held.map(({ fd }) => `/proc/self/fd/${fd}`);
  try {
    expect([reach(join(inner, "x")), reach(join(outer, "x"))]).toEqual([`${second}/x`, `${third}/x`]);
  } finally {
    for (const one of held) one.release();
  }
});

test("opening never waits for a pipe, and follows a symlink only where it is asked to", () => {
  const directory = scratchDirectory();
  run(["mkfifo", join(directory, "pipe")]);
  symlinkSync("file", join(directory, "link"));
  writeFileSync(join(directory, "file"), "12345");
  closeSync(openToRead(join(directory, "pipe"), "refuse"));
  expect(thrownBy(() => openToRead(join(directory, "link"), "refuse"))).toMatchObject({ code: "ELOOP" });
  const fd = openToRead(join(directory, "link"), "follow");
  expect(readUpTo(fd, 3).toString()).toBe("123");
  closeSync(fd);
  for (const taken of ["link", "file", "pipe"])
    expect(thrownBy(() => openNew(join(directory, taken)))).toMatchObject({ code: "EEXIST" });
});

test("a pipe whose writer is slow is waited for", async () => {
  const directory = scratchDirectory();
  const pipe = join(directory, "pipe");
  run(["mkfifo", pipe]);
  const writer = Bun.spawn(["sh", "-c", `{ printf a; sleep 0.2; printf b; } > ${pipe}`]);
  const first = openSync(pipe, "r");
  closeSync(openToRead(pipe, "follow"));
  const fd = openToRead(pipe, "follow");
  closeSync(first);
  expect(readUpTo(fd, 10).toString()).toBe("ab");
  closeSync(fd);
  await writer.exited;
  rmSync(pipe);
});

test("root and this user are trusted; nobody only where a namespace shows the host's users as nobody", () => {
  expect([0, ownUser(), 4242, 65_534].map(isTrustedUser)).toEqual([true, true, false, false]);
  const script = `import { isTrustedUser } from "${join(import.meta.dir, "../../../lib/places/owners.ts")}";
    console.log(isTrustedUser(65534), isTrustedUser(4242))`;
  const ran = Bun.spawnSync(["unshare", "-Ur", BUN, "-e", script]);
  if (ran.exitCode === 0) expect(ran.stdout.toString()).toBe("true false\n");
  else console.warn("no user namespaces: their part of this test is skipped");
});

test("users are shown by name where the machine knows it", () => {
  expect([showUser(0), showUser(987_654)]).toEqual(["root (uid 0)", "uid 987654"]);
  expect([userArgument(987_654, "sudo"), userArgument(987_654, "chown")]).toEqual(["'#987654'", "987654"]);
});

test("writers are everybody, or a group that is not root's", () => {
  const of = (mode: number, gid: number) => writersOf({ mode, gid });
  expect([of(0o646, 0), of(0o664, 5), of(0o664, 0), of(0o755, 5)]).toEqual([
    "everybody",
    "group",
    null,
    null,
  ]);
});
