import { describe, expect, test } from "bun:test";
import { openStage } from "../stage.ts";

const SERVER = new Date("2026-11-27T08:00:30Z");
const serverNow = () => SERVER;

describe("a clock that is", () => {
  test.each([
    ["at 1970", "1970-01-01T00:10:00Z", "56 years behind", "1970-01-01 00:10 UTC"],
    ["a winter behind", "2026-07-01T08:00:30Z", "149 days behind", "2026-07-01 08:00 UTC"],
    ["years ahead", "2038-01-19T03:14:08Z", "11 years ahead of", "2038-01-19 03:14 UTC"],
    ["some hours ahead", "2026-11-27T10:05:00Z", "2 hours ahead of", "2026-11-27 10:05 UTC"],
  ])("%s is a notice of both modes, and stops nothing", async (_, now, off, shown) => {
    await using stage = await openCloseable();
    for (const mode of ["sync", "orders"] as const) {
      const { report, lines } = await stage.runHere(mode, { now: () => new Date(now), serverNow });
      expect(report).toMatchObject({ exitCode: 0, notices: [{ code: "clock-off" }] });
      expect(report.notices[0]?.message).toBe(
        `the clock of this machine is ${off} that of Waldur: it says ${shown}, and Waldur says 2026-11-27 08:00 UTC`,
      );
      expect(lines.filter((line) => line.includes("code=clock-off"))).toHaveLength(1);
    }
  });

  test.each(["2026-11-27T07:01:00Z", "2026-11-27T08:59:00Z"])(
    "less than an hour off is right: %s",
    async (now) => {
      await using stage = await openCloseable();
      const { report } = await stage.runHere("sync", { now: () => new Date(now), serverNow });
      expect(report.notices).toEqual([]);
    },
  );

  test("not known, because the server sends no date, is none", async () => {
    await using stage = await openCloseable();
    const notDate = () => Object.assign(new Date(), { toUTCString: () => "yesterday" });
    const { report } = await stage.runHere("sync", { serverNow: notDate });
    expect(report.notices).toEqual([]);
  });
});

async function openCloseable() {
  const stage = await openStage({ resources: 3, inMemory: true });
  return { ...stage, [Symbol.asyncDispose]: () => stage.close() };
}
