// What reading the file needs besides the file itself; the environment and the working directory come from outside.

import type { TouchLimits } from "../places/answers.ts";
import type { Findings, Report } from "./findings.ts";
import type { GidMap } from "./gids.ts";
import type { OfferingValues } from "./schema.ts";
import type { YamlMap } from "./yaml-map.ts";

export type Context = {
  findings: Findings;
  /** Paths of keys that are there under a misspelt name, which is reported. */
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
  /** False for a command that asks nothing of Waldur: then no token is looked for. */
  needsToken: boolean;
  /** GID maps read so far, by path: offerings of one site usually share one. */
  gidFiles: Map<string, GidMap>;
};

/** One entry of `offerings` that is ours. */
export type OfferingContext = {
  index: number;
  /** Such as `offerings[0]`. */
  path: string;
  /** As the file has it. */
  given: YamlMap;
  /** As the schema understands it; without what is wrong, which is reported. */
  values: PartialValues;
  sync: boolean;
  orders: boolean;
  at(key: string): Report;
  atSetting(key: string): Report;
};

/** What is left of an offering when the values that are wrong are taken out. */
export type PartialValues = Partial<Omit<OfferingValues, "backend_settings">> & {
  backend_settings?: Partial<OfferingValues["backend_settings"]>;
};

/** The same of the file; null for offerings of other backends. */
export type PartialFile = { offerings?: readonly (PartialValues | null | undefined)[] };
