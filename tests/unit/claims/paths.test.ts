import { expect, test } from "bun:test";
import fc from "fast-check";
import { createPathStore } from "../../../lib/claims/paths.ts";

const parts = fc.array(fc.constantFrom("a", "b", "ab", "é", "e\u0301", "日本"), {
  minLength: 1,
  maxLength: 4,
});
const paths = fc.array(
  parts.map((names) => `/${names.join("/")}`),
  { maxLength: 30 },
);
const same = (one: string, other: string) => one.normalize("NFC") === other.normalize("NFC");
const isBelow = (inner: string, outer: string) =>
  inner.normalize("NFC").startsWith(`${outer.normalize("NFC")}/`);

test("finds equal paths, and those above and below, as a plain list would", () => {
  fc.assert(
    fc.property(paths, paths, (stored, asked) => {
      const store = createPathStore();
      const where = (is: (path: string) => boolean) =>
        stored.flatMap((path, number) => (is(path) ? [number] : []));
      for (const path of stored.slice(0, 5)) store.add(path);
      // The table of prefixes exists before the rest is added.
      for (const path of asked.slice(0, 2)) store.below(path);
      for (const path of stored.slice(5)) store.add(path);
      for (const path of asked) {
        expect([...store.find(path)].sort()).toEqual(where((one) => same(one, path)).sort());
        expect([...store.above(path)].sort()).toEqual(where((one) => isBelow(path, one)).sort());
        expect([...store.below(path)].sort()).toEqual(where((one) => isBelow(one, path)).sort());
      }
      stored.forEach((path, number) => {
        expect(store.text(number)).toBe(path);
        for (const other of asked)
          if (store.is(number, other)) expect(other.normalize("NFC")).toBe(path.normalize("NFC"));
      });
    }),
    { numRuns: 300 },
  );
});

test("grows past what was expected", () => {
  const store = createPathStore();
  for (let n = 0; n < 5000; n++) store.add(`/${"deep/".repeat(n % 7)}p${n}`);
  for (let n = 0; n < 5000; n += 77) expect(store.find(`/${"deep/".repeat(n % 7)}p${n}`)).toEqual([n]);
  expect(store.find("/p1")).toEqual([]);
  expect(store.below("/deep/deep/deep/deep/deep").length).toBe(
    5000 - [...Array(5000).keys()].filter((n) => n % 7 < 5).length,
  );
});

test("a path is looked for before and after it is added, with others between and while the room grows", () => {
  const store = createPathStore();
  const pathOf = (n: number) => `/é/p${n % 400}/${"x".repeat(n % 50)}`;
  for (let n = 0; n < 1300; n++) {
    const before = [...Array(Math.floor(n / 400)).keys()].map((round) => round * 400 + (n % 400));
    expect(store.find(pathOf(n)).toSorted((a, b) => a - b)).toEqual(before);
    if (n % 7 === 0) expect(store.find("")).toEqual([]);
    if (n % 5 === 0) expect(store.find(`${pathOf(n)}y`)).toEqual([]);
    expect(store.add(pathOf(n))).toBe(n);
    if (n % 3 > 0) expect(store.find(pathOf(n))).toContain(n);
    if (n % 3 > 1) expect(store.above(`${pathOf(n)}/z`).toSorted((a, b) => a - b)).toEqual([...before, n]);
  }
});

test("a path of 4095 bytes fits behind any other", () => {
  const store = createPathStore();
  const long = `/${"x".repeat(4094)}`;
  for (let n = 0; n < 600; n++) store.add(`/${n}`);
  expect(store.find(long)).toEqual([]);
  expect(store.text(store.add(long))).toBe(long);
});

test("a path that is longer in its composed form is kept whole, wherever the room ends", () => {
  const pathOf = (n: number) => `/${"\uFB2C".repeat(84)}/${n}`;
  for (let ahead = 0; ahead < 512; ahead += 64) {
    const store = createPathStore();
    store.add(`/${"x".repeat(ahead)}`);
    for (let n = 0; n < 200; n++) store.add(pathOf(n));
    for (let n = 0; n < 200; n++) expect([ahead, ...store.find(pathOf(n))]).toEqual([ahead, n + 1]);
  }
});

test.each([10, 60, 4000])("room that is made between paths of %d bytes changes none of them", (length) => {
  const store = createPathStore();
  const pathOf = (n: number) => `/${n}`.padEnd(length, "x");
  const most = 2500;
  for (let n = 0; n < most; n++) {
    if ([0, 100, 511, 700, 2000].includes(n)) store.reserve(n + 600);
    store.add(pathOf(n));
  }
  store.reserve(10);
  for (let n = 0; n < most; n++) expect([store.text(n), store.find(pathOf(n))]).toEqual([pathOf(n), [n]]);
  expect(store.size).toBe(most);
});

test("paths that would fill the memory are refused", () => {
  const store = createPathStore();
  const add = () => {
    for (let n = 0; n < 30_000; n++) store.add(`/${n}${"/x".repeat(2000)}`);
  };
  expect(add).toThrow("the mount points of the list are longer than 80 MiB in all");
});
