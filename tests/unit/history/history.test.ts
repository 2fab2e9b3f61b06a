// The history of a directory: what was recorded reads back, also after a kill between two lines, and nothing that is
// wrong with its file fails the caller.

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AnswerError, InterruptedError, RetryLaterError } from "../../../lib/errors.ts";
import { listHistory } from "../../../lib/history/reader.ts";
import { type Deed, historyFile, historyPath, MOST_BYTES } from "../../../lib/history/record.ts";
import { type History, openHistory } from "../../../lib/history/writer.ts";
import { type Opened, OTHER_UUID, openScratch, thrownBy, UUID } from "../output/scratch.ts";

const SNAPSHOT = "2026-11-27-08-00-all.json";
const SENT: Deed = {
  event: "sent",
  offering: UUID,
  order: OTHER_UUID,
  resource: UUID,
  call: "set_state_done",
};
const PUBLISHED: Deed = {
  ...({ event: "published", offering: UUID, order: null, resource: null, file: SNAPSHOT } as const),
  ...{ path: null, entries: 3, inode: null },
};
const REMOVED: Deed = { event: "removed", offering: UUID, file: SNAPSHOT };
const RELEASED: Deed = { event: "released", offering: UUID, resource: OTHER_UUID, path: "/a/b" };

type Recording = Opened & { history: History; failures: string[]; path: string };

function record(output: Opened = openScratch(), now = () => new Date()): Recording {
  const failures: string[] = [];
  const history = openHistory({
    directory: output.directory,
    writer: "orders",
    now,
    onFailure: ({ message, hint }) => failures.push(`${message}: ${hint}`),
  });
  return { ...output, history, failures, path: historyPath(output.directory, historyFile("orders")) };
}

const list = ({ directory }: { directory: string }) => listHistory([directory]);
const eventsOf = (place: { directory: string }): string[] => list(place).map(({ event }) => event);
const accepted = async () => ({ outcome: "accepted", detail: "200", status: 200 }) as const;

/** What a run leaves that dies before the line after the deed. */
function dieAfterBegin(path: string): void {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n`);
}

test("touches nothing before the first deed", () => {
  const place = record();
  place.history.close();
  expect([existsSync(place.path), list(place), place.failures]).toEqual([false, [], []]);
});

test("says of every deed what, when, with which answer and how long", async () => {
  const place = record(openScratch(), () => new Date("2026-11-27T08:00:00Z"));
  await place.history.post(SENT, accepted);
  writeFileSync(join(place.directory, SNAPSHOT), "");
  place.history.around(PUBLISHED, () => undefined);
  place.history.around(RELEASED, () => undefined);
  place.history.close();
  const nothing = {
    ...{ order: null, resource: null, component: null, call: null, status: null, error: null },
    ...{ file: null, path: null, entries: null, answer: null },
  };
  const each = {
    ...({ at: "2026-11-27T08:00:00.000Z", mode: "orders", offering: UUID } as const),
    ms: expect.any(Number),
  };
  expect(list(place)).toEqual([
    {
      ...nothing,
      ...each,
      event: "sent",
      order: OTHER_UUID,
      resource: UUID,
      call: "set_state_done",
      status: 200,
    },
    { ...nothing, ...each, event: "published", file: SNAPSHOT, entries: 3 },
    { ...nothing, ...each, event: "released", resource: OTHER_UUID, path: "/a/b" },
  ]);
  expect(statSync(place.path).mode & 0o777).toBe(0o600);
});

test("an action that throws or does nothing is not recorded, and its result is unchanged", () => {
  const place = record();
  const error = new Error("disk");
  expect(
    thrownBy(() =>
      place.history.around(PUBLISHED, () => {
        throw error;
      }),
    ),
  ).toBe(error);
  expect(
    place.history.around(
      PUBLISHED,
      () => "same",
      () => false,
    ),
  ).toBe("same");
  expect(list(place)).toEqual([]);
});

describe("a POST", () => {
  const reject = (error: Error) => () => Promise.reject(error);
  test.each([
    ["lost", async () => ({ outcome: "unknown", detail: "gone" }) as const, null, "no-answer"],
    [
      "answered with 409",
      async () => ({ outcome: "conflict", detail: "no", status: 409 }) as const,
      409,
      null,
    ],
    ["refused with 404", reject(new AnswerError("no", { status: 404 })), 404, null],
    ["that ends in a bug", reject(new Error("bug")), null, "bug"],
  ])("%s", async (_, send, status, error) => {
    const place = record();
    await place.history.post(SENT, send).catch(() => undefined);
    expect(list(place)).toMatchObject([{ event: "sent", status, error }]);
  });

  test.each([new InterruptedError("SIGTERM"), new RetryLaterError("over", { code: "deadline" })])(
    "of a run that is over was not sent: %p",
    async (over) => {
      const place = record();
      expect(await place.history.post(SENT, reject(over)).catch((error) => error)).toBe(over);
      expect(list(place)).toEqual([]);
    },
  );

  test("that was under way at a kill is there, without an answer", async () => {
    const place = record();
    await place.history.post(SENT, accepted);
    dieAfterBegin(place.path);
    expect(list(place)).toMatchObject([{ event: "sent", status: null, error: "unknown", ms: null }]);
  });
});

describe("after a kill between the lines of a file", () => {
  test.each([
    [PUBLISHED, true, ["published"]],
    [PUBLISHED, false, []],
    [REMOVED, true, []],
    [REMOVED, false, ["removed"]],
  ])("%o with the file there: %p is %p", (deed, isThere, expected) => {
    const place = record();
    place.history.around(deed, () => undefined);
    dieAfterBegin(place.path);
    if (isThere) writeFileSync(join(place.directory, SNAPSHOT), "");
    expect(eventsOf(place)).toEqual(expected);
    // The next run notes it before it changes anything, so that it stays so whatever that run does.
    const next = record(place);
    next.history.around(RELEASED, () => {
      if (isThere) rmSync(join(place.directory, SNAPSHOT));
      else writeFileSync(join(place.directory, SNAPSHOT), "");
    });
    expect(eventsOf(place)).toEqual([...expected, "released"]);
  });

  test("another file of the same name is not the one that was about to be published", () => {
    const place = record();
    const path = join(place.directory, SNAPSHOT);
    writeFileSync(path, "");
    const inode = String(statSync(path, { bigint: true }).ino);
    for (const one of [inode, `${inode}0`]) {
      place.history.around({ ...PUBLISHED, inode: one } as Deed, () => undefined);
      dieAfterBegin(place.path);
      expect(eventsOf(place)).toEqual(one === inode ? ["published"] : []);
      rmSync(place.path);
      place.history.close();
      Object.assign(place, record(place));
    }
  });
});

test("a line that was cut spoils no other", () => {
  const place = record();
  place.history.around(RELEASED, () => undefined);
  truncateSync(place.path, statSync(place.path).size - 10);
  const next = record(place);
  next.history.around(RELEASED, () => undefined);
  appendFileSync(
    place.path,
    '[1]\n{"id":1}\n{"id":"x","at":"2026","offering":"no"}\n\n{"id":"y","end":"no"}\n',
  );
  expect(list(place)).toMatchObject([{ error: "unknown" }, { error: null }]);
});

test("a name that is a link does not count as ours", () => {
  const place = record();
  place.history.around({ ...REMOVED, file: "../elsewhere" }, () => undefined);
  expect(list(place)).toEqual([]);
});

test("a full file becomes the older one, and what was older goes", () => {
  const place = record();
  const older = historyPath(place.directory, historyFile("orders", "older"));
  const path = `/${"x".repeat(3000)}`;
  const count = Math.ceil((MOST_BYTES * 2.5) / 3100);
  for (let n = 0; n < count; n++) place.history.around({ ...RELEASED, path: `${path}${n}` }, () => undefined);
  const sizes = [place.path, older].map((one) => statSync(one).size);
  for (const size of sizes) expect(size).toBeLessThan(MOST_BYTES + 32_768);
  const paths = list(place).map((entry) => entry.path);
  expect(paths.length).toBeGreaterThan(MOST_BYTES / 3100);
  // Not one is missing between the oldest and the newest.
  expect(paths).toEqual(Array.from(paths, (_, at) => `${path}${count - paths.length + at}`));
  expect(place.failures).toEqual([]);
});

test("a full file of an earlier run, too", () => {
  const place = record();
  mkdirSync(join(place.directory, ".waldur-cscs-storage"), { recursive: true });
  writeFileSync(place.path, `${"x".repeat(MOST_BYTES)}\n`);
  place.history.around(RELEASED, () => undefined);
  expect([eventsOf(place), statSync(place.path).size < 1000]).toEqual([["released"], true]);
});

describe("what cannot be written is reported once, and fails nothing:", () => {
  const kinds: readonly (readonly [string, (path: string) => void, string])[] = [
    ["a pipe", (path) => void Bun.spawnSync(["mkfifo", path]), "it is not a regular file"],
    ["a symlink", (path) => symlinkSync("/etc/hostname", path), "is a symbolic link"],
    ["a directory", (path) => mkdirSync(path), "is a directory"],
    ["a device", (path) => void Bun.spawnSync(["mknod", path, "c", "1", "7"]), "it is not a regular file"],
  ];
  test.each(kinds)("%s in its place", async (kind, plant, reason) => {
    if (kind === "a device" && process.getuid?.() !== 0) return;
    const place = record();
    plant(place.path);
    expect(place.history.around(PUBLISHED, () => "published")).toBe("published");
    expect((await place.history.post(SENT, accepted)).outcome).toBe("accepted");
    place.history.close();
    expect(place.failures).toEqual([expect.stringContaining(reason)]);
    expect(place.failures[0]).toContain(`move ${place.path} away`);
    expect(list(place)).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)("a file of another user (needs root)", () => {
    const place = record();
    writeFileSync(place.path, "theirs\n");
    chownSync(place.path, 65534, 65534);
    place.history.around(RELEASED, () => undefined);
    expect(place.failures).toEqual([expect.stringContaining("belongs to")]);
    expect(readFileSync(place.path, "utf8")).toBe("theirs\n");
  });

  test("an older file that cannot be replaced", () => {
    const place = record();
    mkdirSync(historyPath(place.directory, historyFile("orders", "older")));
    writeFileSync(place.path, `${"x".repeat(MOST_BYTES)}\n`);
    for (let n = 0; n < 3; n++) place.history.around(RELEASED, () => undefined);
    expect(place.failures).toHaveLength(1);
    expect(statSync(place.path).size).toBe(MOST_BYTES + 1);
  });
});

test("filters by time, order and offering, and merges the files of all modes in order of time", () => {
  const output = openScratch();
  const at = (minute: number) => () => new Date(`2026-11-27T08:0${minute}:00Z`);
  const { directory } = output;
  const onFailure = () => undefined;
  openHistory({ directory, writer: "sync", now: at(2), onFailure }).around(REMOVED, () => undefined);
  openHistory({ directory, writer: "orders", now: at(1), onFailure }).around(
    { ...PUBLISHED, order: OTHER_UUID } as Deed,
    () => undefined,
  );
  openHistory({ directory, writer: "claims", now: at(3), onFailure }).around(
    { ...RELEASED, offering: OTHER_UUID },
    () => undefined,
  );
  const modes = (filter: Parameters<typeof listHistory>[1]) =>
    listHistory([directory, directory], filter).map(({ mode }) => mode);
  expect(modes({})).toEqual(["orders", "sync", "claims"]);
  expect(modes({ since: at(2)().getTime() })).toEqual(["sync", "claims"]);
  expect(modes({ order: OTHER_UUID })).toEqual(["orders"]);
  expect(modes({ offerings: [OTHER_UUID] })).toEqual(["claims"]);
});
