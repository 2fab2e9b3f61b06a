import { expect, test } from "bun:test";
import { createLedger } from "../../../lib/report/ledger.ts";
import { reportText } from "../../../lib/report/text.ts";

function reportOf(problems: number) {
  const startedAt = new Date("2026-01-01T00:00:00Z");
  const ledger = createLedger({ mode: "sync", dryRun: true, version: "1", startedAt, keepsAll: true });
  const line = ledger.openOffering({ uuid: "a", name: 'A "quoted"\nname' });
  line.outcome = "published";
  const document = { status: "success", result: { storageResources: [{ a: [1, [], {}, null] }] } };
  ledger.addFile({ offering: "a", path: "/out/x", action: "create", bytes: 1, sha256: "0", document });
  for (let n = 0; n < problems; n++)
    ledger.addProblem({ code: "bad-slug", offering: "a", message: `line\n${n} é`, hint: undefined });
  return ledger.close(startedAt);
}

test.each([0, 1, 5000])("is what JSON.stringify gives, with %d problems", (problems) => {
  const { omitted: _omitted, ...report } = reportOf(problems);
  const pieces = [...reportText(reportOf(problems))];
  expect(pieces.join("") === `${JSON.stringify(report, null, 2)}\n`).toBe(true);
  expect(pieces.every((piece) => piece.length < 70_000)).toBe(true);
});
