// Why rows were left out, so that a refused snapshot names the cause where all that it lacks has the same one: then the
// remedy is to correct that, not to publish without them.

import { createUuidSet, type UuidSet } from "../key-set.ts";
import type { ListingProblem } from "./findings.ts";

/** One kind of problem, with the words of the first one. */
export type Cause = { code: string; message: string; hint: string | undefined };

export type Causes = {
  add(uuid: string, problems: readonly ListingProblem[]): void;
  /** The kind of problem that all of these have; null where there is none, or none of them. */
  common(uuids: Iterable<string>): Cause | null;
};

export function createCauses(): Causes {
  const found = new Map<string, { cause: Cause; uuids: UuidSet }>();
  return {
    add(uuid, problems) {
      for (const { code, message, hint } of problems) {
        const known = found.get(code) ?? { cause: { code, message, hint }, uuids: createUuidSet() };
        known.uuids.add(uuid);
        found.set(code, known);
      }
    },
    common(uuids) {
      let common: { cause: Cause; uuids: UuidSet }[] | null = null;
      for (const uuid of uuids) {
        common = (common ?? [...found.values()]).filter((one) => one.uuids.has(uuid));
        if (common.length === 0) return null;
      }
      return common?.[0]?.cause ?? null;
    },
  };
}
