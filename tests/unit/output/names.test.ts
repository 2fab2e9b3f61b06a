import { describe, expect, test } from "bun:test";
import {
  dateWithOffset,
  isSnapshotName,
  minuteStamp,
  orderFileName,
  parseOrderFileName,
  snapshotName,
} from "../../../lib/output/names.ts";
import { BUN, UUID } from "./scratch.ts";

const AT = new Date("2026-11-25T07:49:05.999Z");

describe("the minute of a name", () => {
  test.each([
    ["UTC", "2026-11-25-07-49"],
    ["Europe/Zurich", "2026-11-25-08-49"],
    ["Asia/Kolkata", "2026-11-25-13-19"],
    ["Pacific/Kiritimati", "2026-11-25-21-49"],
  ])("is the one of %s", (timezone, stamp) => {
    expect(minuteStamp(AT, timezone)).toBe(stamp);
  });

  test("writes midnight as 00", () => {
    expect(minuteStamp(new Date("2026-01-02T00:03:00Z"), "UTC")).toBe("2026-01-02-00-03");
  });

  test("is the one of the process without a timezone", () => {
    const script = `import { minuteStamp, dateWithOffset } from "${import.meta.dir}/../../../lib/output/names.ts";
      const at = new Date("2026-11-25T07:49:05Z"); console.log(minuteStamp(at, null), dateWithOffset(at, null));`;
    const { stdout } = Bun.spawnSync([BUN, "-e", script], { env: { ...process.env, TZ: "America/Lima" } });
    expect(stdout.toString().trim()).toBe("2026-11-25-02-49 2026-11-25T02:49:05-05:00");
  });
});

describe("a date", () => {
  test.each([
    ["UTC", "2026-11-25T07:49:05+00:00"],
    ["Europe/London", "2026-11-25T07:49:05+00:00"],
    ["Europe/Zurich", "2026-11-25T08:49:05+01:00"],
    ["Asia/Kolkata", "2026-11-25T13:19:05+05:30"],
    ["America/Lima", "2026-11-25T02:49:05-05:00"],
  ])("carries the offset of %s", (timezone, text) => {
    expect(dateWithOffset(AT, timezone)).toBe(text);
    expect(new Date(text).getTime()).toBe(Math.floor(AT.getTime() / 1000) * 1000);
  });

  test("distinguishes the two hours of the autumn change", () => {
    const zone = "Europe/Zurich";
    expect(dateWithOffset(new Date("2026-10-25T00:30:00Z"), zone)).toBe("2026-10-25T02:30:00+02:00");
    expect(dateWithOffset(new Date("2026-10-25T01:30:00Z"), zone)).toBe("2026-10-25T02:30:00+01:00");
  });
});

describe("file names", () => {
  test("of snapshots and orders", () => {
    expect(snapshotName("2026-11-25-07-49")).toBe("2026-11-25-07-49-all.json");
    expect(orderFileName("2026-11-25-07-49", "update", UUID)).toBe(`2026-11-25-07-49-update_${UUID}.json`);
  });

  test.each([
    ["an unknown type", "2026-11-25-07-49", "restore", UUID],
    ["a type with a path", "2026-11-25-07-49", "../create", UUID],
    ["a dashed uuid", "2026-11-25-07-49", "create", "01234567-89ab-cdef-0123-456789abcdef"],
    ["upper case", "2026-11-25-07-49", "create", UUID.toUpperCase()],
    ["a uuid with a path", "2026-11-25-07-49", "create", `../${UUID.slice(3)}`],
    ["a newline at the end", "2026-11-25-07-49", "create", `${UUID}\n`],
    ["a minute with a path", "../2026-11-25-07-49", "create", UUID],
  ])("refuse %s", (_what, stamp, type, uuid) => {
    expect(() => orderFileName(stamp, type, uuid)).toThrow(/for a file name/);
  });

  test("of a snapshot refuse another minute", () => {
    expect(() => snapshotName("latest")).toThrow(/for a file name/);
  });

  test.each([
    ["2026-11-25-07-49-all.json", true],
    ["latest-all.json", false],
    ["2026-11-25-07-49-all.json.bak", false],
    ["x2026-11-25-07-49-all.json", false],
    ["2026-11-25-07-49-all.json\n", false],
  ])("know %j as a snapshot: %p", (name, expected) => {
    expect(isSnapshotName(name)).toBe(expected);
  });

  test("are read back", () => {
    const parts = { stamp: "2026-11-25-07-49", type: "terminate" as const, uuid: UUID };
    expect(parseOrderFileName(orderFileName(parts.stamp, parts.type, parts.uuid))).toEqual(parts);
    expect(parseOrderFileName(`2026-11-25-07-49-restore_${UUID}.json`)).toBeNull();
    expect(parseOrderFileName(`../2026-11-25-07-49-create_${UUID}.json`)).toBeNull();
    expect(parseOrderFileName(`2026-11-25-07-49-create_${UUID}.json\n`)).toBeNull();
    expect(parseOrderFileName("2026-11-25-07-49-all.json")).toBeNull();
  });
});
