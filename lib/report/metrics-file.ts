// The file of the metrics, in a directory that others may write, too: written whole at the end of every run, also of a
// failed one. It belongs to one mode; that of the other one is never replaced.

import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { openNameless, openNew, openToRead, readUpTo } from "../places/open.ts";
import { ownUser } from "../places/owners.ts";
import { clean } from "../unsafe-text.ts";
import {
  type Labels,
  type LastSuccess,
  labelsOf,
  type MetricsOwner,
  NO_SUCCESS,
  PREFIX,
  renderMetrics,
} from "./metrics.ts";
import type { Report } from "./report.ts";

/**
 * Checks the file before the run does anything. Returns a warning, or null.
 * @throws OutputError when it is not a regular file, or has the metrics of the other mode
 */
export function inspectMetrics(path: string, owner: MetricsOwner): string | null {
  const { labels } = lookAt(path, owner);
  if (labels === null || isSame(labels, owner)) return null;
  if (labels.config === undefined) {
    return `the metrics file ${path} is of version 0.1 and is replaced: its series get the label config`;
  }
  const isOther = labels.config !== labelsOf(owner).config;
  const whose = isOther ? `another configuration, ${labels.config}` : "other offerings of this configuration";
  return `the metrics file ${path} has the metrics of ${whose}, and is replaced: use a separate file for each run`;
}

/** The mode whose metrics it has; null where it has none that a run would miss. */
export function modeOfMetrics(path: string): MetricsOwner["mode"] | null {
  const modes = new Set(readSeries(path).map(({ labels }) => labels.mode));
  return (["sync", "orders"] as const).find((mode) => modes.has(mode)) ?? null;
}

/**
 * Replaces the file. The times of the last success are kept from the file that it replaces, if they are of this run.
 */
export function writeMetrics(path: string, report: Report, owner: MetricsOwner): void {
  const { lastSuccess } = lookAt(path, owner);
  try {
    replace(path, renderMetrics(report, owner, lastSuccess));
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): OutputError {
  return new OutputError(`cannot write the metrics file ${path} (${reasonOf(cause)})`, {
    cause,
    hint: "its directory must exist and be writable by this user",
  });
}

/**
 * Checks whether the file could be replaced, and changes nothing.
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
    if (NO_NAMELESS.includes(errnoOf(cause) ?? "")) return;
    throw unwritable(path, cause);
  }
}

/** Where a file without a name cannot be, the rights of the directory are all that is asked for. */
const NO_NAMELESS = ["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"];

/** In such a directory no user can replace files of others. */
function requireOwnInSticky(path: string, directory: string): void {
  const { mode, uid } = statSync(directory);
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid ?? ownUser();
  if ((mode & 0o1000) === 0 || [0, uid, owner].includes(ownUser())) return;
  throw new Error(`${path} is another user's, in a sticky directory`);
}

/** The name is one that cannot be predicted, and only what we made goes. */
function replace(path: string, text: string): void {
  const temporary = `${path}.${crypto.getRandomValues(new Uint8Array(8)).toHex()}.tmp`;
  const fd = openNew(temporary, 0o644);
  try {
    try {
      // The exporter is another user, regardless of the umask. The group is that of the directory where it is setgid.
      fchmodSync(fd, 0o644);
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

type Seen = {
  /** Of its run; null where there is no such file, or it holds nothing of ours. */
  labels: Labels | null;
  lastSuccess: LastSuccess;
};

function lookAt(path: string, owner: MetricsOwner): Seen {
  refuseSpecial(path);
  const series = readSeries(path);
  const labels = series.find(({ name }) => name === "last_run_timestamp_seconds")?.labels ?? null;
  if (series.some((one) => one.labels.mode !== undefined && one.labels.mode !== owner.mode))
    throw otherMode(path, owner);
  const isOurs = labels !== null && (labels.config === undefined || isSame(labels, owner));
  return { labels, lastSuccess: isOurs ? lastSuccessIn(series) : NO_SUCCESS };
}

function isSame(labels: Labels, owner: MetricsOwner): boolean {
  const own = labelsOf(owner);
  return labels.config === clean(own.config ?? "") && (labels.only ?? "") === (own.only ?? "");
}

function otherMode(path: string, { mode }: MetricsOwner): OutputError {
  const other = mode === "sync" ? "orders" : "sync";
  return new OutputError(
    `the metrics file ${path} has the metrics of ${other}: ${mode} needs a separate one`,
    {
      hint: `give another file with --metrics-file, such as waldur-storage-${mode}.prom; the run did nothing`,
    },
  );
}

/** Replacing `/dev/null` would take it from the whole machine, and reading a named pipe would never end. */
function refuseSpecial(path: string): void {
  if (isFileOrAbsent(path)) return;
  throw new OutputError(`cannot write the metrics file ${path}: a directory or special file has that name`, {
    hint: "give a file, such as /var/lib/node_exporter/waldur.prom",
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

type Series = { name: string; labels: Labels; value: number };

function readSeries(path: string): Series[] {
  return readSmall(path)
    .split("\n")
    .flatMap((line): Series[] => {
      const found = /^(\w+)\{(.*)\} ([0-9.e+]+)$/.exec(line);
      if (found === null || !found[1]?.startsWith(`${PREFIX}_`)) return [];
      const [, name, labels = "", value] = found;
      return [{ name: name.slice(PREFIX.length + 1), labels: parseLabels(labels), value: Number(value) }];
    });
}

function parseLabels(text: string): Labels {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name, value = ""]) => [name, value.replace(/\\(.)/g, "$1")]));
}

function lastSuccessIn(series: readonly Series[]): LastSuccess {
  const run = series.find(({ name }) => name === "last_success_timestamp_seconds")?.value ?? 0;
  const offerings = series
    .filter(({ name }) => name === "offering_last_success_timestamp_seconds")
    .map(({ labels, value }) => [labels.offering ?? "", { name: labels.name ?? "", at: value }] as const);
  return { run, offerings: new Map(offerings) };
}

const MOST_BYTES = 4 * 1_048_576;

/** Empty where it cannot be read: then writing it says why. */
function readSmall(path: string): string {
  try {
    const fd = openToRead(path, "follow");
    try {
      return fstatSync(fd).isFile() ? readUpTo(fd, MOST_BYTES).toString("utf8") : "";
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}

function reasonOf(error: unknown): string {
  return errnoOf(error) ?? (error instanceof Error ? error.message : "unknown error");
}
