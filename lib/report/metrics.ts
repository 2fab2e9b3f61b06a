// The text file for a Prometheus node exporter: written whole at the end of every run, also of a failed one.

import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { OutputError } from "../errors.ts";
import { openNameless, openNew, openToRead, readUpTo } from "../places/open.ts";
import { ownUser } from "../places/owners.ts";
import type { Report } from "./report.ts";

const PREFIX = "waldur_cscs_storage";

/** Replaces the file. The time of the last success is kept from the file that it replaces. */
export function writeMetrics(path: string, report: Report): void {
  refuseSpecial(path);
  const text = renderMetrics(report, readLastSuccess(path, report.mode));
  try {
    replace(path, text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): OutputError {
  return new OutputError(`cannot write the metrics file ${path}`, {
    cause,
    hint: "its directory must exist and be writable for this user",
  });
}

/** The directory may be one that others write, too: the name is one that nobody can foresee, and only what we made goes. */
function replace(path: string, text: string): void {
  const temporary = `${path}.${crypto.getRandomValues(new Uint8Array(8)).toHex()}.tmp`;
  const fd = openNew(temporary, 0o644);
  try {
    try {
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}

/**
 * Looks whether the file could be replaced, and changes nothing.
 * @throws OutputError as `writeMetrics` would
 */
export function lookAtMetrics(path: string): void {
  refuseSpecial(path);
  const directory = dirname(path);
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    requireOwnInSticky(path, directory);
    closeSync(openNameless(directory));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (NO_NAMELESS.includes(code)) return;
    throw unwritable(path, cause);
  }
}

/** Where a file without a name cannot be, the rights of the directory are all that is asked for. */
const NO_NAMELESS = ["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"];

/** In such a directory nobody replaces what others own. */
function requireOwnInSticky(path: string, directory: string): void {
  const { mode, uid } = statSync(directory);
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid ?? ownUser();
  if ((mode & 0o1000) === 0 || [0, uid, owner].includes(ownUser())) return;
  throw new Error(`${path} is another user's, in a sticky directory`);
}

/** Replacing `/dev/null` would take it from the whole machine, and reading a named pipe would never end. */
function refuseSpecial(path: string): void {
  if (isFileOrAbsent(path)) return;
  throw new OutputError(`cannot write the metrics file ${path}: something other than a file has that name`, {
    hint: "name a file, such as /var/lib/node_exporter/waldur.prom",
  });
}

function isFileOrAbsent(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Absent, or out of reach: then the write says why.
    return true;
  }
}

/** Exposition format; times are seconds since 1970. */
export function renderMetrics(report: Report, previousSuccess: number): string {
  const mode = { mode: report.mode };
  const finished = Date.parse(report.finishedAt) / 1000;
  // A passive gateway did nothing, which is no success of its own.
  const isPassive = report.offerings.length > 0 && report.offerings.every(({ passive }) => passive === true);
  const succeeded = !isPassive && (report.exitCode === 0 || report.exitCode === 10);
  return [
    gauge("last_run_timestamp_seconds", "End of the last run", [[mode, finished]]),
    gauge("last_success_timestamp_seconds", "End of the last run that ended with 0 or 10", [
      [mode, succeeded ? finished : previousSuccess],
    ]),
    gauge("duration_seconds", "Duration of the last run", [
      [mode, finished - Date.parse(report.startedAt) / 1000],
    ]),
    gauge("exit_code", "Exit code of the last run", [[mode, report.exitCode]]),
    gauge(
      "active",
      "Whether this gateway is the active one of its offering, by active_if",
      report.offerings.map(({ uuid, passive }) => [{ ...mode, offering: uuid }, passive === true ? 0 : 1]),
    ),
    gauge(
      "resources",
      "Storage resources in the snapshot, or open orders",
      // Where it failed nothing was counted: a zero would read as "all gone".
      report.offerings
        .filter(({ outcome }) => outcome === "published" || outcome === "unchanged")
        .map((offering) => [{ ...mode, offering: offering.uuid }, offering.resources]),
    ),
    gauge(
      "orders",
      "Orders of the last run by outcome",
      countBy(report.orders, ({ offering, outcome }) => ({ ...mode, offering, outcome })),
    ),
    gauge(
      "problems",
      "What could not be handled, by code",
      countBy([...report.problems, ...report.omitted], ({ offering, code }) => ({
        ...mode,
        offering: offering ?? "",
        code,
      })),
    ),
  ].join("");
}

type Labels = Readonly<Record<string, string>>;

function gauge(name: string, help: string, samples: readonly (readonly [Labels, number])[]): string {
  const lines = samples.map(([labels, value]) => `${PREFIX}_${name}${renderLabels(labels)} ${value}\n`);
  return `# HELP ${PREFIX}_${name} ${help}.\n# TYPE ${PREFIX}_${name} gauge\n${lines.join("")}`;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/["\\\n]/g, "\\$&").replace(/\n/g, "n")}"`,
  );
  return `{${pairs.join(",")}}`;
}

function countOf(row: object): number {
  return "count" in row && typeof row.count === "number" ? row.count : 1;
}

/** Rows with a count of their own count that many times. */
function countBy<Row extends object>(
  rows: readonly Row[],
  labelsOf: (row: Row) => Labels,
): [Labels, number][] {
  const counts = new Map<string, [Labels, number]>();
  for (const row of rows) {
    const labels = labelsOf(row);
    const key = JSON.stringify(labels);
    const counted = counts.get(key)?.[1] ?? 0;
    counts.set(key, [labels, counted + countOf(row)]);
  }
  return [...counts.values()];
}

function readLastSuccess(path: string, mode: string): number {
  try {
    const line = new RegExp(`^${PREFIX}_last_success_timestamp_seconds\\{mode="${mode}"\\} ([0-9.]+)$`, "m");
    return Number(line.exec(readSmall(path))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const MOST_BYTES = 1_048_576;

function readSmall(path: string): string {
  const fd = openToRead(path, "follow");
  try {
    return fstatSync(fd).isFile() ? readUpTo(fd, MOST_BYTES).toString("utf8") : "";
  } finally {
    closeSync(fd);
  }
}
