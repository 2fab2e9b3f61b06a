import { expect, test } from "bun:test";
import { createLog, type LogOptions } from "../../../lib/report/log.ts";

function logged(options: Partial<LogOptions>, say: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  const log = createLog({
    format: "text",
    level: "normal",
    terminal: false,
    color: false,
    journald: false,
    now: () => new Date("2026-01-02T03:04:05Z"),
    write: (line) => lines.push(line),
    ...options,
  });
  say(log);
  return lines;
}

const everything = (log: ReturnType<typeof createLog>) => {
  log.error("e");
  log.warn("w");
  log.summary("s", { exit: 0 });
  log.info("i");
  log.debug("d");
};

test("off a terminal only warnings and errors are shown", () => {
  expect(logged({}, everything)).toEqual([
    "2026-01-02T03:04:05.000Z error e",
    "2026-01-02T03:04:05.000Z warn w",
  ]);
});

test("on a terminal the summary is shown too, unless quiet", () => {
  expect(logged({ terminal: true }, everything)).toEqual(["error e", "warn w", "info s exit=0", "info i"]);
  expect(logged({ terminal: true, level: "quiet" }, everything)).toEqual(["error e", "warn w"]);
});

test("verbose shows everything", () => {
  expect(logged({ level: "verbose" }, everything)).toHaveLength(5);
});

test("journald gets a priority instead of the time", () => {
  expect(logged({ journald: true }, everything)).toEqual(["<3>e", "<4>w", "<6>s exit=0", "<6>i"]);
});

test("colour is used only when asked for", () => {
  expect(logged({ terminal: true, color: true }, (log) => log.warn("w"))).toEqual(["\x1b[33mwarn\x1b[0m w"]);
});

test("fields are quoted where they need it and left out when undefined", () => {
  const lines = logged({ terminal: true }, (log) =>
    log.warn("m", { path: "/a/b", name: 'a "b"', count: 3, none: undefined, nil: null }),
  );
  expect(lines).toEqual(['warn m path=/a/b name="a \\"b\\"" count=3 nil=null']);
});

test("json lines carry time, level, message and fields", () => {
  const [line = ""] = logged({ format: "json" }, (log) => log.error("m", { code: "x" }));
  expect(JSON.parse(line)).toEqual({
    time: "2026-01-02T03:04:05.000Z",
    level: "error",
    message: "m",
    code: "x",
  });
});

test("a redacted secret shows nowhere, also inside fields and json", () => {
  for (const format of ["text", "json"] as const) {
    const text = logged({ format }, (log) => {
      log.redact("abcdef0123456789");
      log.error("token abcdef0123456789 refused", { header: "Token abcdef0123456789" });
    }).join("");
    expect(text).not.toContain("abcdef0123456789");
    expect(text).toContain("[secret]");
  }
});

test("a secret can be redacted in other text", () => {
  logged({}, (log) => {
    log.redact("abcdef0123456789");
    expect(log.hide('{"slug":"../abcdef0123456789"}')).toBe('{"slug":"../[secret]"}');
  });
});

test("control characters and bidi overrides of a server make no second line", () => {
  const [line = ""] = logged({ terminal: true }, (log) => log.warn("a\nb\x1b[2J\u202e", { name: "x\r\ny" }));
  expect(line).toBe('warn a b [2J  name="x y"');
});

test("json lines escape what JSON would leave as it is", () => {
  const said = "a\nb\x1b[2J\x7f\u009b2J\u2028\u202e";
  const [line = ""] = logged({ format: "json" }, (log) => log.warn(said, { name: said }));
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line)).toMatchObject({ message: said, name: said });
});

test("the last line has the level of the exit code, and that of a failure is as loud as its error", () => {
  const last = (exit: number) => (log: ReturnType<typeof createLog>) => log.summary("s", { exit });
  expect([0, 10, 75].map((exit) => logged({ journald: true }, last(exit))[0])).toEqual([
    "<6>s exit=0",
    "<4>s exit=10",
    "<3>s exit=75",
  ]);
  expect([0, 75].flatMap((exit) => logged({}, last(exit)))).toEqual([]);
});

test("a run that left something out says so everywhere, and below cron together with another warning", () => {
  const last = (log: ReturnType<typeof createLog>) => log.summary("s", { exit: 10 });
  const isBelowCron = () => true;
  for (const level of ["normal", "quiet"] as const) {
    expect(logged({ level }, last)).toHaveLength(1);
    expect(logged({ level, isBelowCron }, last)).toEqual([]);
    const both = logged({ level, isBelowCron }, (log) => {
      log.warn("w");
      last(log);
    });
    expect(both.map((line) => line.split(" ").slice(1).join(" "))).toEqual(["warn w", "warn s exit=10"]);
  }
});
