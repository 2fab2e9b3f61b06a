// The file system below the output directory: its kind, its locks, and whether it has room.

import { dirname } from "node:path";
import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode } from "../errors.ts";
import type { ExaminedOutput } from "../output/examine.ts";
import { type Room, roomIn } from "../output/file-system.ts";
import { readSnapshotState } from "../output/state.ts";
import type { Findings } from "./findings.ts";

const FEW_BYTES = 100 * 1024 ** 2;
const FEW_INODES = 1000;

/** @returns the exit code of `check` for a fault that a run tolerates */
export function checkFileSystem(
  { directory, held, mounted }: ExaminedOutput,
  { settings }: OfferingConfig,
  findings: Findings,
): ExitCode[] {
  const room = attemptRoom(held === null ? dirname(directory) : directory);
  const where = mounted === null ? "" : `${mounted.kind} at ${mounted.at}`;
  const shown = [where, ...(room === null ? [] : [describeRoom(room)])].filter((part) => part !== "");
  const last = held === null ? 0 : (lastBytes(settings.outputDirectory) ?? 0);
  if (
    room !== null &&
    (room.bytes < Math.max(2 * last, FEW_BYTES) || (room.inodes ?? FEW_INODES) < FEW_INODES)
  )
    findings.warn("file-system", `little room: ${shown.join(", ")}`, {
      hint: "free space there; keep_snapshots limits the number of snapshots",
    });
  if (mounted?.locks === "here")
    findings.warn("file-system", `locks on ${where} hold on this node only`, {
      hint: "run it on one node at a time, or mount it with locks that all nodes see (docs/operations.md)",
    });
  if (mounted?.locks === "none") {
    findings.fail("file-system", `${where} refuses locks: two runs at the same time are not prevented`, {
      hint: "mount it with `flock`, and run it on one node at a time until then",
      exitCode: EXIT.output,
    });
    return [EXIT.output];
  }
  findings.ok("file-system", shown.join(", "));
  return [];
}

function attemptRoom(directory: string): Room | null {
  try {
    return roomIn(directory);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return null;
  }
}

function lastBytes(directory: string): number | null {
  try {
    return readSnapshotState(directory)?.bytes ?? null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return null;
  }
}

function describeRoom({ bytes, inodes }: Room): string {
  const files = inodes === null ? "" : `, room for ${inodes} files`;
  return `${(bytes / 1e9).toFixed(1)} GB free${files}`;
}
