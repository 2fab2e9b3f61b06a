// The input of a run: the options of the user, the surroundings, and what is done with an offering.

import type { Config, OfferingConfig } from "../config/config.ts";
import type { Mode, Output } from "../output/directory.ts";
import type { Ledger } from "../report/ledger.ts";
import type { Log } from "../report/log.ts";
import type { Progress } from "../report/progress.ts";
import type { RunEnd } from "./end.ts";
import type { Job, RealJob } from "./job.ts";

/** What the user asked for, the same for both modes. */
export type RunOptions = {
  mode: Mode;
  configPath: string;
  /** 32 hex digits each; empty takes every offering of the file. */
  offeringUuids: readonly string[];
  dryRun: boolean;
  silenceMs: number;
  deadlineMs: number;
  retries: number;
  allowInsecureConfig: boolean;
  /** False where nothing reads the report: then of very many problems not all are kept. */
  wantsReport?: boolean;
};

/** What surrounds the run; nothing else of the process reaches it. */
export type Surroundings = {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  now: () => Date;
  random: () => number;
  log: Log;
  progress: Progress;
  /** Aborted by SIGINT or SIGTERM with an `InterruptedError` as its reason. */
  interrupted: AbortSignal;
  /** What may refuse the run before it does anything. */
  before?: () => Promise<void>;
  /** Called when something is left open on a disk that does not answer: closing it would wait, also at the end. */
  abandon?: () => void;
};

/**
 * The two ways to handle an offering; a dry run has neither a client that can POST nor a directory that can be written.
 */
export type ModeWork = {
  publish(job: RealJob, output: Output): Promise<void>;
  describe(job: Job): Promise<void>;
};

/** One offering in one run of a mode. */
export type OfferingRun = {
  offering: OfferingConfig;
  config: Config;
  options: RunOptions;
  surroundings: Surroundings;
  work: ModeWork;
  ledger: Ledger;
  end: RunEnd;
  onAnswer?: (headers: Headers) => void;
  /** What `Retry-After` may cost; without a limit where absent. */
  politeness?: { leftMs: number };
};
