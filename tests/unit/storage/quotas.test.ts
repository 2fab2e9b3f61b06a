import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Quota } from "../../../lib/storage/document.ts";
import type { Problems } from "../../../lib/storage/problems.ts";
import { quotaRule, readQuotas } from "../../../lib/storage/quotas.ts";
import { numbersOf, settings } from "./support.ts";

describe("the formula", () => {
  test.each([
    [1, [1, 1, 1_330_000, 2_000_000]],
    [150, [150, 150, 199_500_000, 300_000_000]],
    [0.5, [0.5, 0.5, 665_000, 1_000_000]],
    [1.9, [1.9, 1.9, 2_527_000, 3_800_000]],
    ["12", [12, 12, 15_960_000, 24_000_000]],
    [" 12.5 ", [12.5, 12.5, 16_625_000, 25_000_000]],
    ["1e1", [10, 10, 13_300_000, 20_000_000]],
    [1e-6, [1e-6, 1e-6, 1, 2]],
  ])("a limit of %p gives %p", (limit, numbers) => {
    expect(quotasFor(limit)).toEqual(numbers);
  });

  test.each([
    [4.1, 8_200_000],
    [33.3, 66_600_000],
  ])("rounds the inodes of %p TB, where cutting would lose one", (limit, hardInodes) => {
    expect(quotasFor(limit)?.[3]).toBe(hardInodes);
  });

  test.each([0, -0, null, undefined, "0", "0.0"])("a limit of %p means no limit", (limit) => {
    expect(quotasFor(limit)).toBeNull();
  });

  test("a component named like a method of objects has no limit unless one is set", () => {
    expect(read({ limits: {}, component: { name: "constructor", unitFactor: 1 } }).quotas).toBeNull();
  });

  test("orders them space before inodes, soft before hard", () => {
    const { quotas } = read({ limits: { storage: 1 } });
    expect(quotas).toEqual([
      { type: "space", quota: 1, unit: "tera", enforcementType: "soft" },
      { type: "space", quota: 1, unit: "tera", enforcementType: "hard" },
      { type: "inodes", quota: 1_330_000, unit: "none", enforcementType: "soft" },
      { type: "inodes", quota: 2_000_000, unit: "none", enforcementType: "hard" },
    ]);
  });

  test.each([
    [512, 1 / 1024, 0.5],
    [3, 0.1, 0.3],
    [1100, 0.001, 1.1],
    [2, 1024, 2048],
  ])("%p in units of %p TB is %p TB, without noise in the last digits", (limit, unitFactor, spaceTb) => {
    const { quotas } = read({ limits: { storage: limit }, component: { name: "storage", unitFactor } });
    expect(numbersOf(quotas)?.slice(0, 2)).toEqual([spaceTb, spaceTb]);
  });

  test("keeps every digit of a limit that is in TB already", () => {
    expect(quotasFor(1 / 3)?.[0]).toBe(1 / 3);
  });
});

describe("limits that lack the configured component", () => {
  test.each([
    [{ Storage: 10 }, "Storage"],
    [{ storage_tb: 10 }, "storage_tb"],
    [{ cpu: 0 }, "cpu"],
    [{ storage_tb: null }, "storage_tb"],
  ])("%p are a problem that names the keys that are there", (limits, key) => {
    const { quotas, problems } = read({ limits });
    expect(quotas).toBeUndefined();
    expect(problems).toEqual([
      expect.objectContaining({
        code: "no-component",
        field: "limits",
        message: `limits has no component "storage", only "${key}"`,
        hint: expect.stringContaining("backend_components"),
      }),
    ]);
  });

  test("are one also where the options correct both space quotas", () => {
    const options = { soft_quota_space: 1, hard_quota_space: 2 };
    expect(read({ limits: { Storage: 10 }, options }).quotas).toBeUndefined();
  });

  test("name at most ten keys, cleaned", () => {
    const limits = Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`k${n}\u001b`, n]));
    const [problem] = read({ limits }).problems;
    expect(problem?.message).toEndWith('"k8?", "k9?" and 3 more');
  });

  test.each([{}, { storage: null }, { storage: 0 }, { storage: 0, cpu: 5 }])("%p mean no quota", (limits) => {
    expect(read({ limits })).toEqual({ quotas: null, problems: [] });
  });
});

describe("a limit that is not a quantity is a problem", () => {
  test.each([
    [-5, "limits.storage is negative: -5"],
    ["-1", 'limits.storage is negative: "-1"'],
    [true, "limits.storage must be a number, not true"],
    ["abc", 'limits.storage must be a number, not "abc"'],
    ["", 'limits.storage must be a number, not ""'],
    ["1_000", 'limits.storage must be a number, not "1_000"'],
    ["0x10", 'limits.storage must be a number, not "0x10"'],
    ["nan", 'limits.storage must be a number, not "nan"'],
    ["Infinity", 'limits.storage must be a number, not "Infinity"'],
    [Number.NaN, "limits.storage must be a number, not NaN"],
    [Number.POSITIVE_INFINITY, "limits.storage is too large: Infinity"],
    [{ tb: 1 }, "limits.storage must be a number, not an object"],
    [[1], "limits.storage must be a number, not a list"],
    [2 ** 53, "limits.storage is too large: 9007199254740992"],
    ["9007199254740993", 'limits.storage is too large: "9007199254740993"'],
    [1e12, "limits.storage is too large: its quotas cannot be written as exact numbers"],
  ])("%p", (limit, message) => {
    const { quotas, problems } = read({ limits: { storage: limit } });
    expect(quotas).toBeUndefined();
    expect(problems).toEqual([
      expect.objectContaining({ code: "bad-limit", field: "limits.storage", message }),
    ]);
  });
});

describe("an operator's corrections", () => {
  test("win over the formula, quota by quota", () => {
    expect(corrected({ hard_quota_space: 12, soft_quota_inodes: "5000000" })).toEqual([
      10, 12, 5_000_000, 20_000_000,
    ]);
    expect(
      corrected({
        soft_quota_space: 1,
        hard_quota_space: "2.5",
        soft_quota_inodes: 3,
        hard_quota_inodes: 4,
      }),
    ).toEqual([1, 2.5, 3, 4]);
  });

  test("null means no correction", () => {
    expect(corrected({ soft_quota_space: null })?.[0]).toBe(10);
  });

  test("both space quotas replace a limit that is missing", () => {
    expect(corrected({ soft_quota_space: 2, hard_quota_space: 3 }, {})).toEqual([2, 3, 2_660_000, 4_000_000]);
    expect(corrected({ soft_quota_space: 2, hard_quota_space: 3, hard_quota_inodes: 9e6 }, {})?.[3]).toBe(
      9e6,
    );
  });

  test.each([
    [{ soft_quota_space: 2 }],
    [{ hard_quota_space: 2 }],
    [{ soft_quota_inodes: 2, hard_quota_inodes: 3 }],
    [{ soft_quota_space: 0, hard_quota_space: 0 }],
  ])("%p without a limit gives no quotas", (options) => {
    expect(corrected(options, {})).toBeNull();
  });

  test.each([
    [{ hard_quota_space: 9 }, "options.hard_quota_space"],
    [{ soft_quota_space: 11 }, "options.hard_quota_space"],
    [{ hard_quota_inodes: 1 }, "options.hard_quota_inodes"],
    [{ soft_quota_inodes: 1e9 }, "options.hard_quota_inodes"],
  ])("%p puts hard below soft: a problem", (options, field) => {
    expect(problemsFor(options)).toEqual([`bad-options ${field}`]);
  });

  test.each(["", " ", "\t"])("%p says nothing", (blank) => {
    expect(corrected({ soft_quota_space: blank, hard_quota_space: 12 })).toEqual([
      10, 12, 13_300_000, 20_000_000,
    ]);
  });

  test.each([-1, "abc", true, [[]], {}, 1e300, Number.NaN])(
    "%p is not a correction but a problem",
    (value) => {
      expect(problemsFor({ soft_quota_space: value })).toEqual(["bad-options options.soft_quota_space"]);
    },
  );

  test("inodes are whole", () => {
    expect(problemsFor({ soft_quota_inodes: 1.5 })).toEqual(["bad-options options.soft_quota_inodes"]);
    expect(corrected({ soft_quota_inodes: "7.0" })?.[2]).toBe(7);
  });

  test("every bad number is reported, also together with a bad limit", () => {
    const options = { soft_quota_space: "x", hard_quota_inodes: -1 };
    const { problems } = read({ limits: { storage: "y" }, options });
    expect(problems.map(({ field }) => field)).toEqual([
      "limits.storage",
      "options.soft_quota_space",
      "options.hard_quota_inodes",
    ]);
  });
});

test("whatever a server holds gives null, four sound quotas, or a problem", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.double(),
    fc.double({ min: 0, max: 1e4 }),
    fc.nat().map(String),
  );
  const options = fc.record(
    { soft_quota_space: value, hard_quota_space: value, soft_quota_inodes: value, hard_quota_inodes: value },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.record({ storage: value }),
      options,
      fc.constantFrom(1, 0.001, 1024),
      (limits, given, unitFactor) => {
        const component = { name: "storage", unitFactor };
        const { quotas, problems } = read({ limits, options: given, component });
        expect(problems.length > 0).toBe(quotas === undefined);
        if (quotas !== undefined && quotas !== null) expectSound(quotas);
      },
    ),
    { numRuns: 1000 },
  );
});

test("a finer unit of the limit gives the same quotas", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (gigabytes) => {
      const inGb = read({
        limits: { storage: gigabytes },
        component: { name: "storage", unitFactor: 0.001 },
      });
      expect(inGb.quotas).toEqual(read({ limits: { storage: gigabytes / 1000 } }).quotas);
    }),
  );
});

function expectSound(quotas: Quota[]): void {
  const [softSpace = -1, hardSpace = -1, softInodes = -1, hardInodes = -1] = quotas.map(({ quota }) => quota);
  expect(quotas).toHaveLength(4);
  expect(softSpace).toBeGreaterThanOrEqual(0);
  expect(hardSpace).toBeGreaterThanOrEqual(softSpace);
  expect(hardInodes).toBeGreaterThanOrEqual(softInodes);
  expect([softInodes, hardInodes].every(Number.isSafeInteger)).toBe(true);
}

type Asked = {
  limits: Record<string, unknown>;
  options?: Record<string, unknown>;
  component?: { name: string; unitFactor: number };
};

function read({ limits, options = {}, component = { name: "storage", unitFactor: 1 } }: Asked) {
  const problems: Problems = [];
  const quotas = readQuotas(quotaRule(settings(), component), { limits, options }, { problems });
  return { quotas, problems };
}

function quotasFor(limit: unknown) {
  return numbersOf(read({ limits: { storage: limit } }).quotas);
}

function corrected(options: Record<string, unknown>, limits: Record<string, unknown> = { storage: 10 }) {
  return numbersOf(read({ limits, options }).quotas);
}

function problemsFor(options: Record<string, unknown>) {
  return read({ limits: { storage: 10 }, options }).problems.map(({ code, field }) => `${code} ${field}`);
}
