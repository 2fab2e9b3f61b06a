// The status for people: a few lines for each offering, and tables of orders and problems that fit the terminal.

import { type Column, cut, tableOf } from "../table.ts";
import { clean } from "../unsafe-text.ts";
import type { OfferingStatus, OrderStatus, ProblemStatus, RunStatus, Status } from "./report.ts";

export function statusText({ offerings, at, asked }: Status, width: number): string {
  const now = Date.parse(at);
  return offerings.map((offering) => offeringText(offering, { now, width, asked })).join("\n");
}

type View = { now: number; width: number; asked: boolean };

function offeringText(offering: OfferingStatus, view: View): string {
  const { name, uuid, directory, passive, runs, orders, problems, error } = offering;
  const lines = [
    `${name} (${uuid})`,
    `  ${directory}`,
    ...(passive ? ["  this gateway is the passive one (active_if)"] : []),
    ...runs.flatMap((run) => runLines(run, view.now)),
    ...(error === null ? [] : [`  Waldur could not be queried (${error.exitCode}): ${error.message}`]),
  ];
  const isWhole = view.asked && error === null;
  const title = isWhole ? "open orders" : "open orders with a file name";
  return [
    ...lines.flatMap((line) => wrap(clean(line), view.width)).map((line) => `${line}\n`),
    ...section(title, orders, ordersTable(orders, view)),
    ...section("problems", problems, problemsTable(problems, view)),
  ].join("");
}

function section(title: string, rows: readonly unknown[], table: string): string[] {
  if (rows.length === 0) return [`  no ${title}\n`];
  const one = title.replace(/^open orders|^problems/, (words) => words.slice(0, -1));
  return [`\n${rows.length} ${rows.length === 1 ? one : title}\n`, table];
}

function runLines({ mode, lastGood, isLate, failed, running }: RunStatus, now: number): string[] {
  const label = `  ${mode.padEnd(6)}  `;
  const good = lastGood === null ? "no successful run is known" : `last success ${age(lastGood, now)} ago`;
  return [
    `${label}${good}${isLate ? ", which is too long" : ""}`.replace(
      "no successful run is known, which is too long",
      good,
    ),
    ...(failed === null
      ? []
      : [`${label}failed ${age(failed.at, now)} ago (${failed.exitCode}): ${failed.message}`]),
    ...(running === null ? [] : [`${label}${runningWords(running, now)}`]),
  ];
}

function runningWords({ pid, host, since, seen }: NonNullable<RunStatus["running"]>, now: number): string {
  const how = since === null ? "" : ` for ${age(since, now)}`;
  const said = seen === null ? "" : `, as noted ${age(seen, now)} ago`;
  return `running: pid ${pid ?? "unknown"} on ${host}${how}${said}`;
}

function ordersTable(orders: readonly OrderStatus[], { now, width }: View): string {
  const column = {
    age: { heading: "AGE", cell: ({ since }) => (since === null ? "?" : age(since, now)) },
    type: { heading: "TYPE", cell: ({ type }) => type },
    name: { heading: "NAME", cell: ({ resourceName, resource }) => resourceName ?? resource ?? "?" },
    project: { heading: "PROJECT", cell: ({ project }) => project ?? "?" },
    path: { heading: "PATH", cell: ({ path }) => path ?? "none yet" },
    file: { heading: "FILE", cell: ({ file }) => file ?? "none yet" },
    order: { heading: "ORDER", cell: ({ uuid }) => uuid },
    waits: { heading: "WAITS FOR", cell: ({ waits }) => `${waits.for}${waits.isLate ? ", late" : ""}` },
    why: { heading: "WAITS FOR", cell: ({ waits }) => `${waits.for}: ${waits.detail}` },
  } satisfies Readonly<Record<string, Column<OrderStatus>>>;
  const { age: old, type, name, project, path, file, order, waits, why } = column;
  const short = (one: Column<OrderStatus>, most: number): Column<OrderStatus> => ({
    heading: one.heading,
    cell: (row) => cut(one.cell(row), most),
  });
  const layouts = [
    [old, type, name, project, path, file, order, why],
    [old, type, name, project, path, file, why],
    [old, type, name, project, path, file, waits],
    [old, type, name, project, waits, path],
    [old, type, short(name, 20), short(project, 20), waits, path],
  ] as const;
  return tableOf(layouts, orders, width);
}

function problemsTable(problems: readonly ProblemStatus[], { now, width }: View): string {
  const since: Column<ProblemStatus> = { heading: "SINCE", cell: (row) => age(row.since, now) };
  const mode: Column<ProblemStatus> = { heading: "MODE", cell: (row) => row.mode };
  const code: Column<ProblemStatus> = { heading: "CODE", cell: (row) => row.code };
  const name: Column<ProblemStatus> = {
    heading: "NAME",
    cell: ({ resourceName, resource, count }) =>
      resourceName ?? resource ?? (count > 1 ? `${count} resources` : ""),
  };
  const project: Column<ProblemStatus> = { heading: "PROJECT", cell: (row) => row.project ?? "" };
  const message: Column<ProblemStatus> = { heading: "MESSAGE", cell: (row) => row.message };
  const shortName: Column<ProblemStatus> = { heading: "NAME", cell: (row) => cut(name.cell(row), 20) };
  return tableOf(
    [
      [since, mode, code, name, project, message],
      [since, mode, code, name, message],
      [since, mode, code, shortName, message],
    ],
    problems,
    width,
  );
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** The largest whole unit; a time that has not come yet is now. */
function age(time: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(time));
  const [unitMs, unit] = UNITS.find(([size]) => ms >= size * (size === 86_400_000 ? 2 : 1)) ?? [1000, "s"];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}

const INDENT = 10;

/** Lines that end between words where they can; the text of an error is shown to its end. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const end = space > INDENT ? space : width;
    lines.push(rest.slice(0, end));
    rest = `${" ".repeat(INDENT)}${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}
