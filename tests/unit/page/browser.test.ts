// What the browser computes, without a browser: the picture's boxes, amounts as people read them, sums, search and
// order.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createFinder } from "../../../lib/page/browser/find.ts";
import { squarify } from "../../../lib/page/browser/layout.ts";
import { createModel, EVERYTHING, levelBelow } from "../../../lib/page/browser/model.ts";
import { amount, difference, percent, plain, short } from "../../../lib/page/browser/numbers.ts";
import { CHANGE, type PageData } from "../../../lib/page/data.ts";

describe("boxes", () => {
  const amounts = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 80 });

  test("have areas in proportion, and are inside", () => {
    fc.assert(
      fc.property(amounts, (unsorted) => {
        const sorted = unsorted.toSorted((one, other) => other - one);
        const total = sorted.reduce((sum, one) => sum + one, 0);
        const boxes = squarify(sorted, { x: 10, y: 20, width: 300, height: 200 });
        expect(boxes).toHaveLength(sorted.length);
        for (const [at, { x, y, width, height }] of boxes.entries()) {
          expect(width * height).toBeCloseTo((60_000 * (sorted[at] ?? 0)) / total, 3);
          expect(Math.min(x - 10, y - 20, 310 - x - width, 220 - y - height)).toBeGreaterThan(-1e-6);
        }
      }),
    );
  });

  test("are nearly squares where they can be", () => {
    const boxes = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 600, height: 400 });
    const worst = Math.max(...boxes.map(({ width, height }) => Math.max(width / height, height / width)));
    expect(worst).toBeLessThan(3);
  });
});

test("amounts have the units of quotas, three decimals, and groups of digits", () => {
  expect(amount(1234567.5, "space")).toBe("1\u202f234\u202f567.5\u00a0TB");
  expect(plain(0.1 + 0.2)).toBe("0.3");
  expect(plain(1e-9)).toBe("0.000000001");
  expect(amount(Number.NaN, "space")).toBe("–");
  expect([short(15_960_000, "inodes"), short(999, "inodes")]).toEqual(["16\u00a0M", "999"]);
  expect([short(1234.56, "space"), short(12.34, "space")]).toEqual(["1\u202f235\u00a0TB", "12.3\u00a0TB"]);
  expect([difference(-2, "space"), difference(3, "space"), difference(1e-12, "space")]).toEqual([
    "−2\u00a0TB",
    "+3\u00a0TB",
    "",
  ]);
  expect([percent(0.5), percent(0.0123), percent(1e-6)]).toEqual([
    "50\u00a0%",
    "1.2\u00a0%",
    "<\u00a00.1\u00a0%",
  ]);
});

const uuid = (n: number) => n.toString(16).padStart(32, "0");
const DATA: PageData = {
  ...{ version: 1, program: "1", at: "2026-11-27T10:00:00Z", offerings: [], snapshots: [] },
  tenants: [
    { name: "Alpha", key: "a" },
    { name: "Beta", key: "b" },
  ],
  projects: [
    { name: "Ice", key: "ice", tenant: 0 },
    { name: "Sea", key: "sea", tenant: 1 },
  ],
  systems: [
    { name: "CAPSTOR", key: "capstor" },
    { name: "VAST", key: "vast" },
  ],
  folders: ["/a/", "/b/"],
  values: ["active", null],
  // The second grew from 1, the third came from the other project.
  before: [
    [1, 0, 0, 1, 1, 10, 10],
    [2, 0, 1, 5, 5, 50, 50],
  ],
  rows: {
    uuid: [1, 2, 0xabcdef, 4, 5].map(uuid).join(""),
    folder: [0, 0, 1, 1, 1],
    leaf: ["x10", "x9", "Y", "new", "gone"],
    project: [0, 0, 1, 1, 1],
    system: [0, 0, 1, 1, 0],
    status: [0, 0, 0, 0, 0],
    type: [1, 1, 1, 1, 1],
    permission: [1, 1, 1, 1, 1],
    gid: [1, 1, 1, 1, 1],
    change: [0, CHANGE.quotas, 0, CHANGE.new, CHANGE.gone],
    softSpace: [2, 3, 5, null, 7],
    hardSpace: [2, 3, 5, null, 7],
    softInodes: [20, 30, 50, null, 70],
    hardInodes: [20, 30, 50, null, 70],
  },
};

describe("sums", () => {
  const model = createModel(DATA);
  const view = { measure: "space", limit: "hard" } as const;

  test("who is gone is in no sum but that of before, and who moved is where it was before", () => {
    expect(model.groups("tenant", EVERYTHING, view)).toEqual([
      { id: 0, amount: 5, before: 8, resources: 2 },
      { id: 1, amount: 5, before: 7, resources: 2 },
    ]);
    expect(model.groups("resource", { tenant: 1, project: 1, system: 1 }, view)).toEqual([
      { id: 2, amount: 5, before: 0, resources: 1 },
      { id: 3, amount: 0, before: 0, resources: 1 },
    ]);
    expect(model.groups("project", EVERYTHING, { measure: "inodes", limit: "soft" })[1]).toMatchObject({
      amount: 50,
      before: 70,
    });
  });

  test("parts are those of what is there", () => {
    expect(model.parts({ of: "tenant", below: "system" }, EVERYTHING, view)).toEqual(
      new Map([
        [0, [5]],
        [1, [5]],
      ]),
    );
  });

  test("a project is divided by system only where there are several", () => {
    const project = { tenant: 0, project: 0, system: -1 };
    expect([levelBelow(EVERYTHING, 2), levelBelow(project, 2), levelBelow(project, 1)]).toEqual([
      "tenant",
      "system",
      "resource",
    ]);
  });
});

describe("search", () => {
  const finder = createFinder(createModel(DATA));
  const find = (text: string, which: "all" | "changed" | "new" | "gone" = "all", scope = EVERYTHING) => [
    ...finder.find({ text, which, scope }),
  ];

  test("finds each word in path, names or uuid, in any case", () => {
    expect(find("")).toEqual([0, 1, 2, 3]);
    expect(find("BETA y")).toEqual([2]);
    expect(find("/b/y")).toEqual([2]);
    expect(find("capstor x9")).toEqual([1]);
    expect(find("abcdef")).toEqual([2]);
    expect(find("00000002")).toEqual([1]);
    expect(find("nothing")).toEqual([]);
  });

  test("knows who is new, gone or changed, and stays in its part", () => {
    expect([find("", "new"), find("", "gone"), find("", "changed")]).toEqual([[3], [4], [1, 3, 4]]);
    expect(find("", "all", { tenant: 1, project: -1, system: -1 })).toEqual([2, 3]);
  });

  test("sorts either way, those without an amount last", () => {
    const sorted = (by: "space" | "path" | "tenant" | "change", isDown: boolean) => {
      const rows = finder.find({ text: "", which: "all", scope: EVERYTHING });
      finder.sort(rows, { by, isDown });
      return [...rows];
    };
    expect([sorted("space", true), sorted("space", false)]).toEqual([
      [2, 1, 0, 3],
      [0, 1, 2, 3],
    ]);
    expect([sorted("path", false), sorted("path", true)]).toEqual([
      [0, 1, 2, 3],
      [3, 2, 1, 0],
    ]);
    expect([sorted("tenant", true), sorted("change", true)]).toEqual([
      [2, 3, 0, 1],
      [1, 3, 0, 2],
    ]);
  });
});
