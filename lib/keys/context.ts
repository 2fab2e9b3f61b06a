// An offering of the file while it is read.

import type { Report } from "../yaml/findings.ts";
import type { YamlMap } from "../yaml/map.ts";
import type { OfferingValues } from "./schema.ts";

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
