// What the looks at one offering share.

import type { Config } from "../config/config.ts";
import type { AppError, ExitCode } from "../errors.ts";
import type { RunEnd } from "../run/end.ts";
import type { RunOptions, Surroundings } from "../run/options.ts";
import type { ItemName } from "./report.ts";

export type CheckOptions = Omit<RunOptions, "mode" | "dryRun" | "wantsReport"> & {
  /** Those that runs are given. */
  metricsFiles: readonly string[];
};

export type CheckContext = {
  config: Config;
  options: CheckOptions;
  surroundings: Surroundings;
  end: RunEnd;
  /** Servers that could not be reached for an earlier offering, by address: asking again would only take time. */
  unreachable: Map<string, AppError>;
};

/** The item at which a run would end, and with what. */
export type Stopped = { item: ItemName; code: ExitCode };
