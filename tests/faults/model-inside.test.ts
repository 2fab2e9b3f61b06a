// Whole histories, made up by chance and played inside this process: lives of orders in which every other step is a
// pass with a fault, the histories of sites that tests/faults/model.test.ts plays on the binary, and lives of lists of
// several pages that change silently. Whatever happened, once it is quiet the files are what Waldur says
// (docs/contract.md, "Orders": running again is the whole recovery). SEED and HISTORIES choose others than the usual
// ones.

import { expect, test } from "bun:test";
import type { Kind } from "../model/kinds.ts";
import { describeFailure, playMany } from "../model/model.ts";

const SEED = Number(process.env.SEED ?? 20_260_301);

async function play(kind: Exclude<Kind, "binary">, usual: number): Promise<ReadonlyMap<string, number>> {
  const count = Number(process.env.HISTORIES ?? usual);
  const { histories, failures, scenes } = await playMany({ kind, seed: SEED, count });
  expect(failures.map(describeFailure).join("\n\n")).toBe("");
  expect(histories).toBe(count);
  return scenes;
}

test("despite any fault of either server, the files are what the orders say in the end", async () => {
  const scenes = await play("orders", 60);
  for (const server of ["a current server", "a 2024 server"]) expect(scenes.get(server)).toBeGreaterThan(20);
}, 240_000);

test("whatever happens at a site, in the end its files are what Waldur says", async () => {
  await play("inside", 30);
}, 240_000);

test("whatever changes silently in a list of several pages, no snapshot is wrong for longer than a day", async () => {
  await play("pages", 5);
}, 240_000);
