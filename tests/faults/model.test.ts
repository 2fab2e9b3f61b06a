// Whole histories of a site, made up by chance and played on the compiled binary: whatever befell Waldur, the network,
// the directory and the process, the files say in the end what Waldur says (docs/contract.md, "Orders": running again
// is the whole recovery). MODEL_SEED and MODEL_HISTORIES choose others than the usual ones; `bun run model` plays more.

import { expect, test } from "bun:test";
import { describeFailure, playMany } from "../model/model.ts";
import { sceneTable } from "../model/scenes.ts";

const SEED = Number(process.env.MODEL_SEED ?? 20_260_701);
const HISTORIES = Number(process.env.MODEL_HISTORIES ?? 300);

test("whatever happens at a site, in the end its files are what Waldur says", async () => {
  const { histories, runs, failures, scenes } = await playMany({
    kind: "binary",
    seed: SEED,
    count: HISTORIES,
  });
  console.log(`${histories} histories from seed ${SEED}, ${runs} runs of the program\n${sceneTable(scenes)}`);
  expect(failures.map(describeFailure).join("\n\n")).toBe("");
  expect(histories).toBe(HISTORIES);
}, 600_000);
