// The text for a Prometheus node exporter: what a run did, as gauges. Series of a run carry its mode and configuration,
// those of an offering also uuid and name, so that several runs on one node have no series in common.

import { clean } from "../unsafe-text.ts";
import type { OfferingReport, Report } from "./report.ts";

export const PREFIX = "waldur_cscs_storage";

/** What keeps the series of one run apart from those of another. */
export type MetricsOwner = {
  mode: Report["mode"];
  /** Absolute path of the configuration file. */
  config: string;
  /** The offerings that the run was limited to; empty for all. */
  only: readonly string[];
};

/** Ends of runs that ended with 0 or 10, in seconds since 1970; 0 where none is known. */
export type LastSuccess = {
  run: number;
  /** By uuid. */
  offerings: ReadonlyMap<string, { name: string; at: number }>;
};

export const NO_SUCCESS: LastSuccess = { run: 0, offerings: new Map() };

/** Exposition format; times are seconds since 1970. */
export function renderMetrics(report: Report, owner: MetricsOwner, before: LastSuccess = NO_SUCCESS): string {
  const labels = labelsOf(owner);
  const finished = Date.parse(report.finishedAt) / 1000;
  const of = (offering: Pick<OfferingReport, "uuid" | "name">) => ({
    ...labels,
    offering: offering.uuid,
    name: offering.name,
  });
  // A passive gateway did nothing, which is not a success of its own.
  const isPassive = report.offerings.length > 0 && report.offerings.every(({ passive }) => passive === true);
  const names = new Map(report.offerings.map(({ uuid, name }) => [uuid, name]));
  const about = (uuid = "") => of({ uuid, name: names.get(uuid) ?? "" });
  // Where it failed nothing was counted: a zero would read as "all gone".
  const counted = report.offerings.filter(
    ({ outcome }) => outcome === "published" || outcome === "unchanged",
  );
  return [
    gauge("build_info", "Version of the program, with the value 1", [
      [{ ...labels, version: report.version }, 1],
    ]),
    gauge("last_run_timestamp_seconds", "End of the last run", [[labels, finished]]),
    gauge("last_success_timestamp_seconds", "End of the last run that ended with 0 or 10", [
      [labels, isSuccess(report) && !isPassive ? finished : before.run],
    ]),
    gauge("duration_seconds", "Duration of the last run", [
      [labels, finished - Date.parse(report.startedAt) / 1000],
    ]),
    gauge("exit_code", "Exit code of the last run", [[labels, report.exitCode]]),
    gauge(
      "offering_last_success_timestamp_seconds",
      "End of the last run that was successful for this offering",
      successes(report, before).map(({ uuid, name, at }) => [of({ uuid, name }), at]),
    ),
    gauge(
      "active",
      "1 if this gateway is the active one of its offering (active_if), else 0",
      report.offerings.map((offering) => [of(offering), offering.passive === true ? 0 : 1]),
    ),
    gauge(
      "resources",
      "Storage resources in the snapshot, or open orders",
      counted.map((offering) => [of(offering), offering.resources]),
    ),
    gauge(
      "carried_over",
      "Entries of the snapshot that were carried over from the previous one",
      counted
        .filter(() => report.mode === "sync")
        .map((offering) => [of(offering), offering.carriedOver ?? 0]),
    ),
    gauge(
      "open_orders",
      "Orders that were open when the last run began, by state",
      report.offerings.flatMap(({ open, ...offering }) =>
        Object.entries(open?.states ?? {}).map(
          ([state, count]): Sample => [{ ...of(offering), state }, count],
        ),
      ),
    ),
    gauge(
      "oldest_open_order_timestamp_seconds",
      "When the oldest open order was placed",
      report.offerings.flatMap(({ open, ...offering }) =>
        typeof open?.oldest === "string" ? [[of(offering), Date.parse(open.oldest) / 1000] as const] : [],
      ),
    ),
    ...unansweredGauges(report, of),
    gauge(
      "orders",
      "Orders of the last run by outcome",
      countBy(report.orders, ({ offering, outcome }) => ({ ...about(offering), outcome })),
    ),
    gauge(
      "problems",
      "Problems of the last run, by code",
      countBy([...report.problems, ...report.omitted], ({ offering, code }) => ({
        ...about(offering),
        code,
      })),
    ),
  ].join("");
}

/** Only where orders wait for answers of the provisioner. */
function unansweredGauges(
  { offerings }: Report,
  of: (offering: Pick<OfferingReport, "uuid" | "name">) => Labels,
): string[] {
  const found = offerings.flatMap(({ unanswered, ...offering }) =>
    unanswered === undefined ? [] : [{ labels: of(offering), ...unanswered }],
  );
  if (found.length === 0) return [];
  return [
    gauge(
      "unanswered_orders",
      "Published orders that the provisioner has not answered",
      found.map(({ labels, count }) => [labels, count]),
    ),
    gauge(
      "oldest_unanswered_order_timestamp_seconds",
      "When the published order that has waited longest for an answer was published",
      found.flatMap(({ labels, oldest }) =>
        oldest === null ? [] : [[labels, Date.parse(oldest) / 1000] as const],
      ),
    ),
  ];
}

export function labelsOf({ mode, config, only }: MetricsOwner): Labels {
  return { mode, config, ...(only.length === 0 ? {} : { only: only.join(",") }) };
}

function isSuccess({ exitCode }: Pick<Report, "exitCode">): boolean {
  return exitCode === 0 || exitCode === 10;
}

/** A run that did not get as far as its offerings says nothing new of them. */
function successes({ offerings, finishedAt }: Report, before: LastSuccess) {
  if (offerings.length === 0) return [...before.offerings].map(([uuid, known]) => ({ uuid, ...known }));
  return offerings.map(({ uuid, name, exitCode, passive }) => ({
    uuid,
    name,
    at:
      isSuccess({ exitCode }) && passive !== true
        ? Date.parse(finishedAt) / 1000
        : (before.offerings.get(uuid)?.at ?? 0),
  }));
}

export type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${PREFIX}_${name}${renderLabels(labels)} ${value}\n`);
  return `# HELP ${PREFIX}_${name} ${help}.\n# TYPE ${PREFIX}_${name} gauge\n${lines.join("")}`;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${clean(value).replace(/["\\]/g, "\\$&")}"`,
  );
  return `{${pairs.join(",")}}`;
}

/** Rows with a count of their own count that many times. */
function countBy<Row extends { count?: number } | { outcome: string }>(
  rows: readonly Row[],
  labelsOfRow: (row: Row) => Labels,
): Sample[] {
  const counts = new Map<string, [Labels, number]>();
  for (const row of rows) {
    const labels = labelsOfRow(row);
    const key = JSON.stringify(labels);
    const counted = counts.get(key)?.[1] ?? 0;
    counts.set(key, [labels, counted + ("count" in row ? (row.count ?? 1) : 1)]);
  }
  return [...counts.values()];
}
