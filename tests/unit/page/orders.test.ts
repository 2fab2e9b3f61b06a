// Orders on the page: which row is theirs, wherever it stands, and which of those that ended are shown; and entries
// that are no row.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { loadConfig } from "../../../lib/config/load.ts";
import { createValues } from "../../../lib/documents/entries.ts";
import { createNames } from "../../../lib/page/names.ts";
import { collectPage } from "../../../lib/page/page.ts";
import { recentOrders } from "../../../lib/page/recent.ts";
import { createRows } from "../../../lib/page/rows.ts";
import { writePages } from "../../../lib/page/write.ts";
import type { StorageDocument } from "../../../lib/storage/document.ts";
import { makeSite, type Site } from "../../page-site.ts";
import { entry, META } from "../documents/support.ts";

const OFFERING = META.offering.uuid;
const receipts = ({ out }: Site, folder = "") => join(out, ".waldur-cscs-storage/receipts", folder);
const change = (path: string, from: string, to: string) =>
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(from, to));

/** Of the resource with that name in a snapshot. */
function uuidOf(snapshot: string, leaf: string): string {
  const { result }: StorageDocument = JSON.parse(readFileSync(snapshot, "utf8"));
  const found = result.storageResources.find(({ mountPoint }) => mountPoint.default.endsWith(`/${leaf}`));
  return found?.itemId ?? "";
}

async function pageOf({ config, directory }: Site) {
  const { offerings } = await loadConfig(config, {
    ...{ env: {}, cwd: directory, allowInsecure: true, takes: () => true, needsToken: false },
    limits: { silenceMs: 1000, signal: new AbortController().signal },
  });
  return collectPage({ offerings, version: "9.9.9", now: new Date() });
}

test("an order of a resource that is gone has the row of what is gone", async () => {
  const site = await makeSite({ resources: 60 });
  const first = join(receipts(site), `${"0".padStart(32, "e")}.json`);
  change(first, uuidOf(site.before, "data-20"), uuidOf(site.before, "data-3"));
  const { parts, offerings } = await pageOf(site);
  const rows = offerings[0]?.orders.map(({ row }) => row);
  expect(parts[0]?.gone.length).toBe(1);
  expect(rows).toContain(parts[0]?.rows.size ?? -1);
});

test("an order of the second directory has a row behind those of the first", async () => {
  const [site, other] = [await makeSite({ resources: 60 }), await makeSite({ resources: 60 })];
  const [mine, theirs] = ["d".repeat(32), "e".repeat(32)];
  const [, more = ""] = readFileSync(other.config, "utf8").replaceAll(mine, theirs).split("offerings:\n");
  writeFileSync(site.config, readFileSync(site.config, "utf8") + more);
  const receipt = join(receipts(other), `${"0".padStart(32, "e")}.json`);
  change(receipt, mine, theirs);
  const uuid = uuidOf(other.newest, "data-20");
  for (const path of [receipt, other.before, other.newest]) change(path, uuid, `f${uuid.slice(1)}`);
  const { parts, offerings } = await pageOf(site);
  const row = offerings[1]?.orders[0]?.row ?? -1;
  const [first, second] = parts;
  expect(second?.rows.leaves.text(row - (first?.changes.length ?? 0))).toBe("data-20");
});

test("of orders that ended those of the last seven days are shown, at most 500, of this offering alone", async () => {
  const site = await makeSite({ resources: 30 });
  const closed = receipts(site, "closed");
  const [name = ""] = readdirSync(closed);
  const one = readFileSync(join(closed, name), "utf8");
  const at = (n: number) => n.toString().padStart(32, "b");
  for (let n = 0; n < 510; n++)
    writeFileSync(join(closed, `${at(n)}.json`), one.replaceAll(name.slice(0, -5), at(n)));
  const asked = { offering: OFFERING, now: new Date() };
  expect(recentOrders(site.out, asked)).toHaveLength(500);
  expect(recentOrders(site.out, { ...asked, offering: "0".repeat(32) })).toEqual([]);
  const eightDays = (Date.now() - 8 * 86_400_000) / 1000;
  for (const file of readdirSync(closed)) utimesSync(join(closed, file), eightDays, eightDays);
  expect(recentOrders(site.out, asked)).toEqual([]);
});

test("duplicate entries, and entries without a resource, are counted and are not rows", () => {
  const rows = createRows(createNames(), createValues());
  const [one, two] = [entry(1), entry(2)];
  for (const value of [one, one, { ...one, itemId: "x" }, null, two]) rows.add(value);
  expect([rows.size, rows.passedOver]).toEqual([2, 3]);
  expect(rows.leaves.text(1)).toBe("data-2");
});

test("without an offering there is no page", async () => {
  const site = await makeSite({ resources: 3 });
  const output = join(site.directory, "page.html");
  await writePages({ offerings: [], version: "9.9.9", now: () => new Date(), output });
  expect(readdirSync(site.directory)).not.toContain("page.html");
});
