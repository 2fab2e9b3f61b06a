// What reading an offering needs besides the file itself; the environment and the working directory come from outside.

import type { GidMap } from "./gids.ts";
import type { Source } from "./section.ts";

export type Context = Source & {
  /** As the user wrote it, for messages. */
  file: string;
  /** Absolute; paths in the file are relative to it, but for `output_directory`. */
  directory: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Everybody on this machine can read the configuration file. */
  worldReadable: boolean;
  /** Accept files that others can change, and one with a token that everybody can read, with a warning. */
  allowInsecure: boolean;
  /** GID maps read so far, by path: offerings of one site usually share one. */
  gidFiles: Map<string, GidMap>;
};
