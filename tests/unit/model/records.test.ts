// The verdicts of the model on what the program says of itself can fail: a history and a state that are at fault are
// put into a site by hand.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { historyFile, historyPath } from "../../../lib/history/record.ts";
import { STATE_DIRECTORY } from "../../../lib/output/directory.ts";
import { PLAIN } from "../../model/kinds.ts";
import { complaintsOfRecords } from "../../model/records.ts";
import { complaintsOfShown } from "../../model/shown.ts";
import { openSite, type Site } from "../../model/site.ts";
import { watch } from "../../model/watch.ts";

let site: Site;

const path = () => historyPath(site.stage.out, historyFile("orders"));
const lines = () => readFileSync(path(), "utf8").trimEnd().split("\n");
const keep = (isKept: (line: string) => boolean) =>
  writeFileSync(path(), `${lines().filter(isKept).join("\n")}\n`);

beforeEach(async () => {
  site = await openSite({ generation: "current", ...PLAIN });
  const placed = site.stage.world.addOrder({ type: "Create", limits: { storage: 3 } });
  Object.assign(site.book, { placed: [placed] });
  await site.stage.runHere("orders");
  expect(watch(site)).toEqual([]);
  expect([complaintsOfRecords(site), await complaintsOfShown(site)]).toEqual([[], []]);
});

afterEach(() => site.stage.close());

test.each([
  ["a call", '"set_state_done"', "set_state_done"],
  ["a file", '"published"', "was published, and the history lacks it"],
])("a history that lacks %s is a complaint", (_, part, complaint) => {
  keep((line) => !line.includes(part));
  expect(complaintsOfRecords(site).join()).toContain(complaint);
});

test("a history that has more than there was is a complaint, and so is another answer", () => {
  const before = lines();
  writeFileSync(
    path(),
    `${[...before, ...before.map((line) => line.replace('"id":"', '"id":"x'))].join("\n")}\n`,
  );
  expect(complaintsOfRecords(site).join()).toContain("never arrived");
  writeFileSync(path(), `${before.join("\n").replaceAll('"status":200', '"status":201')}\n`);
  expect(complaintsOfRecords(site).join()).toContain("201, and Waldur did not");
  writeFileSync(path(), `${before.filter((line) => !line.includes('"status"')).join("\n")}\n`);
  expect(complaintsOfRecords(site).join()).toContain("without an end after 0 kills");
});

test("an order that is shown without its receipt is a complaint", async () => {
  rmSync(join(site.stage.out, STATE_DIRECTORY, "receipts"), { recursive: true });
  expect((await complaintsOfShown(site)).join()).toContain("has no receipt");
});
