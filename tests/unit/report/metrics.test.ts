import { expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "pathe";
import { OutputError } from "../../../lib/errors.ts";
import { renderMetrics, writeMetrics } from "../../../lib/report/metrics.ts";
import type { Report } from "../../../lib/report/report.ts";

const report: Report = {
  mode: "orders",
  dryRun: false,
  version: "1",
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:02.500Z",
  offerings: [{ uuid: "a", name: "A", outcome: "published", resources: 3 }],
  files: [],
  orders: ["done", "done", "left"].map((outcome, i) => ({
    offering: "a",
    uuid: `${i}`,
    type: "Create",
    state: "done",
    resource: null,
    outcome: outcome as "done" | "left",
    calls: [],
  })),
  problems: [{ code: 'we"ird\n', message: "m" }],
  notices: [],
  exitCode: 10,
};

test("renders gauges with labels that are escaped", () => {
  const text = renderMetrics(report, 0);
  expect(text).toContain('waldur_cscs_storage_last_run_timestamp_seconds{mode="orders"} 1767225602.5\n');
  expect(text).toContain('waldur_cscs_storage_last_success_timestamp_seconds{mode="orders"} 1767225602.5\n');
  expect(text).toContain('waldur_cscs_storage_duration_seconds{mode="orders"} 2.5\n');
  expect(text).toContain('waldur_cscs_storage_exit_code{mode="orders"} 10\n');
  expect(text).toContain('waldur_cscs_storage_resources{mode="orders",offering="a"} 3\n');
  expect(text).toContain('waldur_cscs_storage_orders{mode="orders",offering="a",outcome="done"} 2\n');
  expect(text).toContain('waldur_cscs_storage_problems{mode="orders",offering="",code="we\\"ird\\n"} 1\n');
});

test("an offering that failed has no count: a zero would read as all gone", () => {
  const offerings: Report["offerings"] = [{ uuid: "a", name: "A", outcome: "failed", resources: 0 }];
  expect(renderMetrics({ ...report, offerings, exitCode: 75 }, 0)).not.toContain("storage_resources{");
});

test("a failed run keeps the time of the last success", () => {
  const directory = mkdtempSync(join(tmpdir(), "metrics-"));
  try {
    const path = join(directory, "x.prom");
    writeMetrics(path, report);
    writeMetrics(path, { ...report, exitCode: 75, finishedAt: "2026-01-01T01:00:00.000Z" });
    const text = readFileSync(path, "utf8");
    expect(text).toContain('last_success_timestamp_seconds{mode="orders"} 1767225602.5\n');
    expect(text).toContain('last_run_timestamp_seconds{mode="orders"} 1767229200\n');
    expect(readdirSync(directory)).toEqual(["x.prom"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a directory that is not there is an output error", () => {
  expect(() => writeMetrics("/proc/nowhere/x.prom", report)).toThrow(OutputError);
});

test("whatever lies beside the file is neither written nor removed", () => {
  const directory = mkdtempSync(join(tmpdir(), "metrics-"));
  try {
    const path = join(directory, "x.prom");
    const planted = `${path}.${process.pid}.tmp`;
    const plants = [
      () => writeFileSync(planted, "mine"),
      () => mkdirSync(planted),
      () => symlinkSync("/etc/passwd", planted),
    ];
    for (const plant of plants) {
      plant();
      writeMetrics(path, report);
      expect(readdirSync(directory).sort()).toEqual(["x.prom", basename(planted)]);
      rmSync(planted, { recursive: true });
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a file that cannot be put in place leaves no temporary one", () => {
  const directory = mkdtempSync(join(tmpdir(), "metrics-"));
  try {
    const path = join(directory, `${"x".repeat(250)}.prom`);
    expect(() => writeMetrics(path, report)).toThrow(OutputError);
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
