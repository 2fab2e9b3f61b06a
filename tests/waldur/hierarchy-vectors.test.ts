// The vectors of the hierarchy profile: what the rows of an offering become, whatever program made the vectors did with
// them. Both generations of Waldur, dry and real.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020";
import { join } from "pathe";
import { documentJsonSchema } from "../../lib/documents/json-schema.ts";
import { validateFile } from "../../lib/documents/validate.ts";
import type { Report } from "../../lib/report/report.ts";
import { factsOf, openVector, TEMPLATE, VECTORS, type Vector } from "./hierarchy-stage.ts";
import { GENERATIONS, nameAt, syncAt } from "./sync-stage.ts";

const accepts = new Ajv({ strict: true }).compile(JSON.parse(JSON.stringify(documentJsonSchema())));

function refusalsOf(document: unknown): unknown[] {
  accepts(document);
  return accepts.errors ?? [];
}

/** Those that say what becomes of a server which does not name the provider. */
const NAMELESS = "22-no-provider";

const problemsOf = ({ problems }: Report) =>
  problems.map(({ resource = "", field = "" }) => [resource, field]);

/** The vectors name a field of the document where ours is one of Waldur. */
const FIELDS: Readonly<Record<string, string>> = {
  unixUid: "backend_metadata.user_item.unixUid",
  mountPoint: "slug",
  permissions: "attributes.permissions",
};

const wantedProblems = ({ problems }: Vector) =>
  problems.map(([resource, field]) => [resource, FIELDS[field] ?? field]);

describe.each(GENERATIONS)("on a server of generation %s", (generation) => {
  test.each(VECTORS.filter(([name]) => name !== NAMELESS))("%s", async (_, vector) => {
    const stage = await openVector(vector, generation);
    const isEmpty = vector.rows.length === 0;
    const sync = { allowShrink: isEmpty };
    const dry = await syncAt(stage, 0, { dryRun: true, sync });
    const { report } = await syncAt(stage, 0, { sync });
    expect(problemsOf(report)).toEqual(wantedProblems(vector));
    const document = stage.read(nameAt(0));
    expect(factsOf(document, stage.simulator.offeringUuid)).toEqual(vector.entries);
    expect(dry.report.files[0]?.document).toEqual(document);
    expect(refusalsOf(document)).toEqual([]);
    expect([...validateFile(join(stage.out, nameAt(0)))]).toEqual([]);
  });
});

test("the example of docs/provisioner.md is the first of them", async () => {
  const [, vector] = VECTORS[0] ?? [];
  if (vector === undefined) throw new Error("no vector");
  const stage = await openVector(vector, "current");
  await syncAt(stage, 0);
  const lines = stage
    .read(nameAt(0))
    .result.storageResources.flatMap(({ target, status, mountPoint, itemId, parentItemId }) => [
      `${target.targetType} ${status} ${mountPoint.default}`,
      `  ${itemId}`,
      `  in ${parentItemId}`,
    ]);
  const page = readFileSync(join(import.meta.dir, "../../docs/provisioner.md"), "utf8");
  expect(page).toContain(`${lines.join("\n")}\n\`\`\`\n`);
});

test("without the name of the provider no path can be made", async () => {
  const [, vector] = VECTORS.find(([name]) => name === NAMELESS) ?? [];
  if (vector === undefined) throw new Error(`no vector ${NAMELESS}`);
  for (const generation of GENERATIONS) {
    const stage = await openVector(vector, generation, TEMPLATE);
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, problemsOf(report), stage.files()]).toEqual([10, vector.problems, []]);
    expect(report.problems[0]?.hint).toContain("{provider}");
  }
});
