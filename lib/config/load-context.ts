// What loading the file needs besides the file itself; the environment and the working directory come from outside.

import type { ReadGidMap } from "../gid-map/read.ts";
import type { TouchLimits } from "../places/answers.ts";
import type { Findings } from "../yaml/findings.ts";

export type LoadContext = {
  findings: Findings;
  /** Paths of keys whose names are misspelt in the file, which is reported. */
  meant: ReadonlySet<string>;
  /** As the user wrote it, for messages. */
  file: string;
  /** Absolute; paths in the file are relative to it, but for `output_directory`. */
  directory: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Accept files that others can change, and one with a token that everybody can read, with a warning. */
  allowInsecure: boolean;
  /** How long a file may take to answer. */
  limits: TouchLimits;
  /** False for a command that sends no requests: then no token is looked for. */
  needsToken: boolean;
  /** GID maps read so far, by path: offerings of one site usually share one. */
  gidFiles: Map<string, ReadGidMap>;
};
