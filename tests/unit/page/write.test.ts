// The page as it is gathered and written, inside this process: rows, what changed of them, orders, and its text.

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { loadConfig } from "../../../lib/config/load.ts";
import { pageScript, pageStyle } from "../../../lib/page/bundle.ts";
import { CHANGE, type PageData } from "../../../lib/page/data.ts";
import { createNames, shorten } from "../../../lib/page/names.ts";
import { safeJson } from "../../../lib/page/render.ts";
import { createTexts } from "../../../lib/page/texts.ts";
import { writePages } from "../../../lib/page/write.ts";
import { HOSTILE, makeSite, type Site } from "../../page-site.ts";
import { entry, textOf } from "../documents/support.ts";

async function write(site: Site, output: string | null = null): Promise<PageData> {
  const { offerings } = await loadConfig(site.config, {
    env: {},
    cwd: site.directory,
    allowInsecure: true,
    limits: { silenceMs: 1000, signal: new AbortController().signal },
    takes: () => true,
    needsToken: false,
  });
  await writePages({ offerings, version: "9.9.9", now: () => new Date(), output });
  const html = readFileSync(output ?? join(site.out, "index.html"), "utf8");
  const [, text = ""] = /id="data">([^<]*)</.exec(html) ?? [];
  return JSON.parse(text);
}

test("every row has its names, amounts and what changed, also those that are gone", async () => {
  const site = await makeSite({ resources: 60 });
  const { rows, before, snapshots, program } = await write(site);
  expect([program, snapshots.length, rows.leaf.length]).toEqual(["9.9.9", 1, 60]);
  const count = (bit: number) => rows.change.filter((bits) => (bits & bit) !== 0).length;
  expect([count(CHANGE.new), count(CHANGE.gone), count(CHANGE.quotas)]).toEqual([2, 1, 2]);
  expect(rows.leaf[rows.change.indexOf(CHANGE.gone)]).toBe("data-3");
  expect(before.map(([row]) => rows.leaf[row])).toEqual(["data-7", "data-57"]);
  expect(rows.uuid).toHaveLength(60 * 32);
});

test("a change of path, status, permission or GID is one, each by its name", async () => {
  const site = await makeSite({ resources: 1 });
  const next = [1, 2, 3, 4, 5].map((n) => entry(n));
  const [one, two, three, four, five] = next.map((resource) => structuredClone(resource));
  if (one === undefined || two === undefined || three === undefined) throw new Error("no entries");
  if (four === undefined || five === undefined) throw new Error("no entries");
  one.mountPoint.default = "/capstor/store/elsewhere/data-1";
  two.status = "updating";
  three.permission = { permissionType: "octal", value: "770" };
  four.target.targetItem = { ...four.target.targetItem, unixGid: 30_001 };
  five.customer = { itemId: "other", key: "other", name: "Other" };
  writeFileSync(site.before, textOf([one, two, three, four, five]));
  await Bun.sleep(10);
  writeFileSync(site.newest, textOf(next));
  const { rows, before, projects } = await write(site);
  expect(rows.change).toEqual([CHANGE.path, CHANGE.status, CHANGE.permission, CHANGE.gid, 0]);
  expect(before.map(([row, project]) => [row, projects[project]?.name])).toEqual([[4, "Other"]]);
});

test("orders that are open and that ended lately know their row", async () => {
  const site = await makeSite({ resources: 60 });
  const { offerings, rows } = await write(site, join(site.directory, "page.html"));
  const orders = offerings[0]?.orders.map(({ type, ended, row }) => [type, ended, rows.leaf[row ?? -1]]);
  expect(orders).toEqual([
    ["Create", null, "data-22"],
    ["Update", null, "data-21"],
    ["Create", null, "data-20"],
    ["Create", "erred", "data-24"],
    ["Create", "done", "data-23"],
  ]);
});

test("one page for two offerings has the rows of both, and orders know theirs", async () => {
  const [site, other] = [await makeSite({ resources: 60 }), await makeSite({ resources: 60 })];
  const [, more = ""] = readFileSync(other.config, "utf8")
    .replaceAll("d".repeat(32), "e".repeat(32))
    .split("offerings:\n");
  writeFileSync(site.config, readFileSync(site.config, "utf8") + more);
  const receipt = join(other.out, ".waldur-cscs-storage/receipts", `${"0".padStart(32, "e")}.json`);
  writeFileSync(receipt, readFileSync(receipt, "utf8").replace("d".repeat(32), "e".repeat(32)));
  const { rows, offerings, snapshots, before } = await write(site, join(site.directory, "page.html"));
  expect([snapshots.length, rows.leaf.length, before.length]).toEqual([2, 120, 4]);
  expect(before.map(([row]) => rows.leaf[row])).toEqual(["data-7", "data-57", "data-7", "data-57"]);
  expect(before.map(([row]) => row >= 60)).toEqual([false, false, true, true]);
  // Where both have the resource, the first one counts.
  expect(offerings.map(({ orders }) => orders.length)).toEqual([5, 1]);
  expect(rows.leaf[offerings[1]?.orders[0]?.row ?? -1]).toBe("data-20");
  expect(rows.uuid).toHaveLength(120 * 32);
});

test("nothing in the data can end the element that it is in, or mislead anybody who reads the file", () => {
  const text = safeJson(HOSTILE);
  expect([text.includes("<"), /[\u202a-\u202e]/.test(text)]).toEqual([false, false]);
  expect(JSON.parse(text)).toEqual([...HOSTILE]);
});

test("the browser's side is one script and one style, which end nothing and load nothing", () => {
  for (const text of [pageScript(), pageStyle()]) {
    expect(text.length).toBeGreaterThan(5000);
    expect(text).not.toMatch(/<\/script|<\/style|@import|url\(|innerHTML|https?:\/\/(?!www\.w3\.org)/);
  }
});

test("two tenants of one name are two, and a name is cut between characters", () => {
  const names = createNames();
  const named = (itemId: string) => ({
    tenant: { itemId, name: "One" },
    customer: { itemId: "p", name: "P" },
  });
  expect([names.project(named("a")), names.project(named("b")), names.project(named("a"))]).toEqual([
    0, 1, 0,
  ]);
  expect(names.tenants).toHaveLength(2);
  expect(shorten("ab😀", 3)).toBe("ab…");
  expect(names.project({}) === names.project({ tenant: 7 })).toBe(true);
});

test("texts are compared and given back as they are", () => {
  const [one, other] = [createTexts(), createTexts()];
  for (const text of ["a", "", "é😀", "x".repeat(200_000)]) one.add(text);
  for (const text of ["b", "", "é😀"]) other.add(text);
  expect([0, 1, 2].map((at) => one.isEqual(at, other, at))).toEqual([false, true, true]);
  expect([one.text(0), one.text(2), one.text(3).length]).toEqual(["a", "é😀", 200_000]);
});
