// The reports of both modes, dry and real, of runs that succeeded and of runs that did not, have the structure that
// `schema report` prints, and nothing besides; and what those runs published passes `validate`.

import { expect, test } from "bun:test";
import Ajv from "ajv/dist/2020";
import { join } from "pathe";
import type * as v from "valibot";
import { documentJsonSchema, reportJsonSchema } from "../../lib/documents/json-schema.ts";
import { validateFile } from "../../lib/documents/validate.ts";
import type { ExitCode } from "../../lib/errors.ts";
import type { Report } from "../../lib/report/report.ts";
import type { reportSchema } from "../../lib/report/schema.ts";
import { reportText } from "../../lib/report/text.ts";
import type { Stage } from "../stage.ts";
import { GENERATIONS, open } from "./sync-stage.ts";

const ajv = () => new Ajv({ strict: true, allErrors: true, formats: { "date-time": true } });
const schema: unknown = JSON.parse(JSON.stringify(reportJsonSchema()));
const accepts = ajv().compile(Object(schema));
/** The same schema, in which a field that it does not name is an error. Documents have a test of their own. */
const acceptsNoMore = ajv().compile(Object(closed(schema)));

function closed(value: unknown, key = ""): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (key === "document" || key === "$defs") return value;
  if (Array.isArray(value)) return value.map((one) => closed(one));
  const fields = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, closed(one, name)]));
  return "properties" in value && "required" in value ? { ...fields, additionalProperties: false } : fields;
}

function check(report: Report, exitCode: ExitCode): void {
  const printed: unknown = JSON.parse([...reportText(report)].join(""));
  for (const validate of [accepts, acceptsNoMore]) {
    validate(printed);
    expect(validate.errors ?? []).toEqual([]);
  }
  expect(report.exitCode).toBe(exitCode);
}

function checkPublished(stage: Stage): void {
  for (const name of stage.files()) {
    const findings = [...validateFile(join(stage.out, name))].filter(({ level }) => level === "error");
    expect([name, findings]).toEqual([name, []]);
  }
}

test("the type of reports fits the schema", () => {
  type Described = v.InferInput<ReturnType<typeof reportSchema<v.GenericSchema>>>;
  const fits: (report: Omit<Report, "omitted">) => Omit<Described, "problems" | "notices"> = (report) =>
    report;
  expect(fits).toBeFunction();
});

test.each([
  ["another mode", { mode: "check" }],
  ["no exit code of this program", { exitCode: 3 }],
  ["a file without its digest", { files: [{ offering: "1", path: "/a", action: "create", bytes: 1 }] }],
])("%s is refused", (_, changes) => {
  const report = { mode: "sync", dryRun: false, version: "1", startedAt: "2026-01-01T00:00:00Z" };
  const lists = { offerings: [], files: [], orders: [], problems: [], notices: [] };
  const whole = { ...report, finishedAt: "2026-01-01T00:00:00Z", ...lists, exitCode: 0 };
  expect([accepts(whole), accepts({ ...whole, ...changes })]).toEqual([true, false]);
});

for (const generation of GENERATIONS) {
  for (const completion of ["on-publish", "external"]) {
    test(`runs on a server of ${generation}, ${completion}`, async () => {
      const stage = await open({ generation, resources: 30, orders: 6, settings: { completion } });
      stage.world.addResource({ slug: ".bad" });
      for (const mode of ["sync", "orders"] as const) {
        const dry = await stage.runHere(mode, { dryRun: true, wantsReport: true });
        check(dry.report, mode === "sync" ? 10 : 0);
        const documents = ajv().compile(Object(JSON.parse(JSON.stringify(documentJsonSchema()))));
        for (const { document } of dry.report.files)
          expect([documents(document), documents.errors]).toEqual([true, null]);
        expect(dry.report.files.length).toBeGreaterThan(0);
        check((await stage.runHere(mode, { wantsReport: true })).report, mode === "sync" ? 10 : 0);
      }
      check((await stage.runHere("sync", { wantsReport: true, sync: { ifChanged: true } })).report, 10);
      expect(stage.files().length).toBeGreaterThan(3);
      checkPublished(stage);
    });
  }
}

test("runs that fail", async () => {
  const stage = await open({ resources: 400, orders: 2 });
  stage.simulator.setFaults(["500-on-page-2"]);
  for (const mode of ["sync", "orders"] as const)
    check((await stage.runHere(mode, { retries: 0, wantsReport: true })).report, 75);
  stage.simulator.setFaults(["401"]);
  for (const mode of ["sync", "orders"] as const)
    check((await stage.runHere(mode, { retries: 0, wantsReport: true })).report, 77);
});
