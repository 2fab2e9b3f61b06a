import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "pathe";
import { OutputError } from "../../../lib/errors.ts";
import { type MetricsOwner, renderMetrics } from "../../../lib/report/metrics.ts";
import { inspectMetrics, writeMetrics as writeOwned } from "../../../lib/report/metrics-file.ts";
import type { Report } from "../../../lib/report/report.ts";

const report: Report = {
  mode: "orders",
  dryRun: false,
  version: "1",
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:02.500Z",
  offerings: [
    {
      ...{ uuid: "a", name: "A", outcome: "published", resources: 3, exitCode: 10 },
      open: { states: { "pending-provider": 2, executing: 1, other: 0 }, oldest: "2025-12-31T00:00:00Z" },
    },
  ],
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
  omitted: [{ code: "bad-slug", offering: "a", count: 7 }],
  exitCode: 10,
};

const OWNER: MetricsOwner = { mode: "orders", config: "/etc/waldur/config.yaml", only: [] };
const RUN = 'mode="orders",config="/etc/waldur/config.yaml"';
const writeMetrics = (path: string, written: Report) => writeOwned(path, written, OWNER);

test("renders gauges with labels that are escaped", () => {
  const lines = renderMetrics(report, OWNER).split("\n");
  const offering = `${RUN},offering="a",name="A"`;
  for (const line of [
    `build_info{${RUN},version="1"} 1`,
    `last_run_timestamp_seconds{${RUN}} 1767225602.5`,
    `last_success_timestamp_seconds{${RUN}} 1767225602.5`,
    `duration_seconds{${RUN}} 2.5`,
    `exit_code{${RUN}} 10`,
    `offering_last_success_timestamp_seconds{${offering}} 1767225602.5`,
    `resources{${offering}} 3`,
    `open_orders{${offering},state="pending-provider"} 2`,
    `open_orders{${offering},state="executing"} 1`,
    `oldest_open_order_timestamp_seconds{${offering}} 1767139200`,
    `orders{${offering},outcome="done"} 2`,
    `problems{${RUN},offering="",name="",code="we\\"ird "} 1`,
    `problems{${offering},code="bad-slug"} 7`,
  ])
    expect(lines).toContain(`waldur_cscs_storage_${line}`);
  expect(lines.join("\n")).not.toContain("carried_over{");
});

test("entries that were carried over are counted for a snapshot, and no order then", () => {
  const offering = { uuid: "a", name: "A", outcome: "published", resources: 3, exitCode: 10 } as const;
  const sync: Report = { ...report, mode: "sync", orders: [], offerings: [{ ...offering, carriedOver: 2 }] };
  const text = renderMetrics(sync, { ...OWNER, mode: "sync" });
  expect(text).toContain(
    '_carried_over{mode="sync",config="/etc/waldur/config.yaml",offering="a",name="A"} 2\n',
  );
  expect(text).not.toMatch(/open_orders?\{|oldest_open_order_timestamp_seconds\{/);
});

test("a run limited to some offerings has other series than the others of its configuration", () => {
  const text = renderMetrics(report, { ...OWNER, only: ["a", "b"] });
  expect(text).toContain(`exit_code{${RUN},only="a,b"} 10\n`);
});

test("an offering that failed has no count: a zero would read as all gone", () => {
  const offerings: Report["offerings"] = [
    { uuid: "a", name: "A", outcome: "failed", resources: 0, exitCode: 75 },
  ];
  const text = renderMetrics({ ...report, offerings, exitCode: 75 }, OWNER);
  expect(text).not.toContain("storage_resources{");
});

test("a failed run keeps the time of the last success", () => {
  const directory = mkdtempSync(join(tmpdir(), "metrics-"));
  try {
    const path = join(directory, "x.prom");
    writeMetrics(path, report);
    writeMetrics(path, { ...report, exitCode: 75, finishedAt: "2026-01-01T01:00:00.000Z" });
    const text = readFileSync(path, "utf8");
    expect(text).toContain(`storage_last_success_timestamp_seconds{${RUN}} 1767225602.5\n`);
    expect(text).toContain(`storage_last_run_timestamp_seconds{${RUN}} 1767229200\n`);
    expect(readdirSync(directory)).toEqual(["x.prom"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a directory that is not there is an output error", () => {
  expect(() => writeMetrics("/proc/nowhere/x.prom", report)).toThrow(OutputError);
  expect(() => writeMetrics("/proc/nowhere/x.prom", report)).toThrow("(ENOENT)");
});

test("whatever is beside the file is neither written nor removed", () => {
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

describe("the file", () => {
  const inDirectory = (use: (path: string, directory: string) => void) => {
    const directory = mkdtempSync(join(tmpdir(), "metrics-"));
    try {
      use(join(directory, "x.prom"), directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  test("is readable for the exporter regardless of the umask", () =>
    inDirectory((path) => {
      for (const mask of [0o022, 0o027, 0o077]) {
        const before = process.umask(mask);
        try {
          writeMetrics(path, report);
        } finally {
          process.umask(before);
        }
        expect((statSync(path).mode & 0o7777).toString(8)).toBe("644");
      }
    }));

  test.if(process.getuid?.() === 0)("has the group of a setgid directory", () =>
    inDirectory((path, directory) => {
      chownSync(directory, 0, 12345);
      chmodSync(directory, 0o2775);
      writeMetrics(path, report);
      expect(statSync(path)).toMatchObject({ uid: 0, gid: 12345 });
    }),
  );

  test("of the other mode is refused, and stays", () =>
    inDirectory((path) => {
      writeMetrics(path, report);
      const text = readFileSync(path, "utf8");
      const sync: MetricsOwner = { ...OWNER, mode: "sync" };
      expect(() => inspectMetrics(path, sync)).toThrow(
        "has the metrics of orders: sync needs a separate one",
      );
      expect(() => writeOwned(path, { ...report, mode: "sync" }, sync)).toThrow(OutputError);
      expect(readFileSync(path, "utf8")).toBe(text);
    }));

  test("of another configuration is replaced with a warning, and its last success is not ours", () =>
    inDirectory((path) => {
      writeMetrics(path, report);
      expect(inspectMetrics(path, OWNER)).toBeNull();
      const other = { ...OWNER, config: "/etc/other.yaml" };
      expect(inspectMetrics(path, other)).toContain(
        "another configuration, /etc/waldur/config.yaml, and is replaced",
      );
      const narrow = { ...OWNER, only: ["a"] };
      expect(inspectMetrics(path, narrow)).toContain("other offerings of this configuration");
      writeOwned(path, { ...report, exitCode: 75 }, other);
      expect(readFileSync(path, "utf8")).toContain(
        'storage_last_success_timestamp_seconds{mode="orders",config="/etc/other.yaml"} 0\n',
      );
      expect(inspectMetrics(path, other)).toBeNull();
    }));

  test("of version 0.1 is replaced with a warning, and its last success stays", () =>
    inDirectory((path) => {
      const old = join(import.meta.dir, "../../fixtures/upgrade-0.1.0/metrics/orders.prom");
      writeFileSync(path, readFileSync(old));
      expect(inspectMetrics(path, OWNER)).toContain("is of version 0.1 and is replaced");
      expect(() => inspectMetrics(path, { ...OWNER, mode: "sync" })).toThrow(OutputError);
      writeMetrics(path, { ...report, exitCode: 75 });
      expect(readFileSync(path, "utf8")).toContain(`_last_success_timestamp_seconds{${RUN}} 1793693100\n`);
    }));

  test("that is absent, empty or of another program says nothing", () =>
    inDirectory((path) => {
      expect(inspectMetrics(path, OWNER)).toBeNull();
      for (const text of ["", "node_load1 3\n", "waldur_cscs_storage_exit_code nonsense\n"]) {
        writeFileSync(path, text);
        expect(inspectMetrics(path, OWNER)).toBeNull();
      }
    }));

  test("keeps what is known of each offering where a run did not get as far as them", () =>
    inDirectory((path) => {
      const odd: Report["offerings"][number] = {
        ...{ uuid: "b", name: 'B "\\', outcome: "published", resources: 1, exitCode: 0 },
      };
      writeMetrics(path, { ...report, offerings: [...report.offerings, odd] });
      const known = (text: string) =>
        text.split("\n").filter((line) => line.includes("offering_last_success_time"));
      const before = known(readFileSync(path, "utf8"));
      writeMetrics(path, { ...report, offerings: [], exitCode: 78, finishedAt: "2026-01-02T00:00:00Z" });
      expect(known(readFileSync(path, "utf8"))).toEqual(before);
      expect(before).toHaveLength(4);
      const failed = { ...odd, outcome: "failed" as const, exitCode: 75 as const };
      writeMetrics(path, { ...report, offerings: [failed], finishedAt: "2026-01-03T00:00:00Z" });
      const after = known(readFileSync(path, "utf8"));
      expect(after.slice(2)).toEqual(before.filter((line) => line.includes('offering="b"')));
    }));

  test("is not a pipe, and a pipe is not opened", () =>
    inDirectory((path) => {
      Bun.spawnSync(["mkfifo", path]);
      expect(() => inspectMetrics(path, OWNER)).toThrow("a directory or special file has that name");
    }));
});
