// The subject under strace: which system calls one run makes, in what order, and what becomes of it when it is struck
// at one of them, by a signal or an errno. A call is named by its thread's count of it, which runs alike repeat
// exactly.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";
import { resolveDescriptors } from "../descriptors.ts";
import { type Ran, runCommand, type Stage, SUBJECT } from "../stage.ts";

/** Whether this machine has strace and lets it trace. */
export const CAN_TRACE =
  Bun.which("strace") !== null && Bun.spawnSync(["strace", "-qq", "-o", "/dev/null", "true"]).exitCode === 0;

/** Appended to the name of a test that is skipped. */
export const NEEDS_TRACE = CAN_TRACE ? "" : " (skipped: needs strace and the right to trace)";

export type Call = {
  /** Id of the thread; the main one handles files, another one talks to Waldur. */
  thread: string;
  name: string;
  /** Which call of that name in its thread, from 1. */
  nth: number;
  /** The arguments, with what no two runs have in common masked. */
  text: string;
};

export type Traced = Ran & {
  calls: Call[];
  /** As strace wrote it, with descriptors where the program named files by them. */
  log: string;
};

/** What happens to the n-th call of a name, as strace says it: `signal=KILL`, `error=EIO`. */
export type Blow = Pick<Call, "name" | "nth"> & { what: string };

/** Every call of a run without a fault. */
export function traceRun(stage: Stage, args: readonly string[]): Promise<Traced> {
  return runTraced(stage, args, []);
}

/**
 * A run that is struck once. Only calls of that name are traced, so that it stays quick, and those that open
 * directories.
 */
export function strikeRun(stage: Stage, args: readonly string[], { name, nth, what }: Blow): Promise<Traced> {
  const filter = ["-e", `trace=${name},openat`, "-e", `inject=${name}:${what}:when=${nth}`];
  // Without stopping at every call strace delivers errors, but no signals.
  return runTraced(stage, args, what.startsWith("signal=") ? filter : ["--seccomp-bpf", ...filter]);
}

/** Whether the blow fell at that call, and not at another one that had got its number. */
export function fellAt({ calls }: Traced, { name, nth, text }: Call): boolean {
  return calls.some(
    (call) => call.name === name && call.nth === nth && openingOf(call.text) === openingOf(text),
  );
}

/**
 * What is known when a call begins: a descriptor or a path. What it would have read is not. The number of a descriptor
 * depends on which threads of the runtime had opened something by then.
 */
function openingOf(text: string): string {
  return /^(?:\d+<[^>]*>|(?:AT_FDCWD<[^>]*>, )?"[^"]*")/.exec(text)?.[0].replace(/^\d+/, "") ?? "";
}

/** The same with options of one's own for strace. */
export async function runTraced(
  stage: Stage,
  [command = "", ...args]: readonly string[],
  options: readonly string[],
): Promise<Traced> {
  const directory = mkdtempSync(join(tmpdir(), "trace-"));
  const path = join(directory, "log");
  const ran = await runCommand(
    [
      ...["strace", "-f", "-yy", "-qq", "-s", "200", "-o", path, ...options],
      ...[...SUBJECT, command, "-c", stage.configPath, ...args],
    ],
    { cwd: stage.directory },
  );
  const log = readFileSync(path, "utf8");
  rmSync(directory, { recursive: true });
  return { ...ran, calls: parseCalls(resolveDescriptors(log), stage), log };
}

const ENTRY = /^(\d+) +(\w+)\((.*)$/;

/** A call that was interrupted by another thread's is taken where it began. */
function parseCalls(log: string, stage: Stage): Call[] {
  const counts = new Map<string, number>();
  return log.split("\n").flatMap((line): Call[] => {
    const [, thread, name, rest] = ENTRY.exec(line) ?? [];
    if (thread === undefined || name === undefined || rest === undefined) return [];
    const key = `${thread} ${name}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return [{ thread, name, nth, text: mask(rest, stage) }];
  });
}

function mask(text: string, stage: Stage): string {
  return text
    .replace(/(?:\)\s+= .*| <unfinished \.\.\.>)$/, "")
    .replaceAll(stage.directory, "STAGE")
    .replace(/tmp-(sync|orders)-[^">]*-(cache)?[0-9a-f]{32}/g, "TMP-$1$2")
    .replace(/-\d{13}-[0-9a-f]{8}\.json/g, "-TIME.json")
    .replace(/\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-/g, "MINUTE-")
    .replace(/TCP:\[[^\]]*\]/g, "WALDUR");
}

/** The calls after the configuration was read: none before it can leave anything behind. */
export function afterConfig(calls: readonly Call[]): Call[] {
  const read = calls.findIndex(({ name, text }) => name === "openat" && text.includes("config.yaml"));
  if (read < 0) throw new Error("the trace does not show that the configuration was read");
  return calls.slice(read + 1);
}

const CHANGING =
  /^(?:p?write(?:v|v2|64)?|pwritev2?|fsync|fdatasync|sync_file_range|rename(?:at2?)?|unlink(?:at)?|rmdir|link(?:at)?|symlink(?:at)?|mkdir(?:at)?|f?chmod(?:at)?|f?truncate(?:64)?|utimensat|fallocate|copy_file_range|sendfile)$/;
const SENDING = /^(?:sendto|sendmsg|write|writev)$/;

/** Whether a call asks for a change below the output directory. */
export function isFileChange({ name, text }: Call): boolean {
  if (!text.includes("STAGE/out")) return false;
  return CHANGING.test(name) || (name === "openat" && /\bO_(?:CREAT|WRONLY|RDWR)\b/.test(text));
}

/** Whether a call sends a request to Waldur. */
export function isRequest({ name, text }: Call): boolean {
  return SENDING.test(name) && text.includes("WALDUR");
}

/** Whether a call sends a request that changes something in Waldur. */
export function isPost(call: Call): boolean {
  return isRequest(call) && call.text.includes('"POST ');
}
