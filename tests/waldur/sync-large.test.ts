// Sizes that a stranger may choose: a resource that is too large is a problem of its own (docs/contract.md, "Sync").

import { describe, expect, test } from "bun:test";
import { addResources, entryText, GENERATIONS, idsIn, nameAt, open, syncAt } from "./sync-stage.ts";

const MIB = 1024 * 1024;

for (const generation of GENERATIONS) {
  describe(`on a ${generation} server`, () => {
    test("a row that is too large alone is carried over, and all others are published", async () => {
      const stage = await open({ generation });
      const resources = addResources(stage, 320);
      await syncAt(stage, 0);
      const large = resources[170];
      if (large === undefined) throw new Error("no resource");
      const text = entryText(stage, nameAt(0), large.uuid);
      large.attributes = { note: "x".repeat(5 * MIB) };
      const { report } = await syncAt(stage, 1);
      expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 320, carriedOver: 1 }] });
      expect(report.problems).toMatchObject([
        {
          code: "bad-answer",
          resource: large.uuid,
          field: "(row)",
          message: "Waldur's answer is unusable: (row) is larger than 4 MiB",
        },
      ]);
      expect([text.length > 0, entryText(stage, nameAt(1), large.uuid)]).toEqual([true, text]);
    }, 20_000);

    test("it keeps its path", async () => {
      const stage = await open({ generation });
      const [large] = addResources(stage, 3);
      if (large === undefined) throw new Error("no resource");
      await syncAt(stage, 0);
      large.attributes = { note: "x".repeat(5 * MIB) };
      const rival = stage.world.addResource({ slug: large.slug ?? "", project: large.project });
      const { report } = await syncAt(stage, 1);
      expect(report.problems.map(({ code, resource }) => [code, resource])).toEqual([
        ["bad-answer", large.uuid],
        ["mount-clash", rival.uuid],
      ]);
      expect(idsIn(stage, nameAt(1))).toContain(large.uuid);
    }, 20_000);
  });
}

test("of many problems of one kind 100 get a line, all are in the report, and the next run is quiet", async () => {
  const stage = await open();
  addResources(stage, 10);
  for (let n = 0; n < 350; n++) stage.world.addResource({ slug: `.${n}`, limits: { storage: -1 - n } });
  const { report, lines } = await syncAt(stage, 0, { sync: { allowShrink: true } });
  expect(report.problems).toHaveLength(700);
  for (const code of ["bad-slug", "bad-limit"]) {
    const ours = lines.filter((line) => line.includes(` code=${code} `));
    expect(ours.map((line) => line.split(" ")[1])).toEqual(Array(101).fill("warn"));
    expect(ours.at(-1)).toContain("and 250 more; `--json` lists all");
  }
  const again = await syncAt(stage, 1, { sync: { allowShrink: true } });
  expect(again.lines.filter((line) => / warn .* code=bad-/.test(line))).toEqual([]);
});
