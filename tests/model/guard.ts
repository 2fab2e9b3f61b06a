// No snapshot loses more than the guard allows, counted by who is gone (docs/contract.md, "Sync"): resources whose
// terminate file was published do not count.

import { parseOrderFileName } from "../../lib/output/names.ts";
import type { Entry } from "./expected.ts";
import type { Site } from "./site.ts";

const ALLOWED_PERCENT = 30;
const GUARDED_FROM = 10;

/** What a new snapshot lost against the one that it follows; null when that is not too much. */
export function complaintOfLoss(site: Site, before: readonly Entry[], now: readonly Entry[]): string | null {
  const announced = announcedEnds(site);
  const counted = before.filter(({ id }) => !announced.has(id));
  const gone = counted.filter(({ id }) => !now.some((entry) => entry.id === id));
  const { lives } = site.seen;
  if (now.length === 0) {
    const living = gone.filter(({ id }) => !lives.hasEnded(id));
    return living.length === 0 ? null : `SHRUNK: an empty list, though ${living.length} resources of it live`;
  }
  const percent = (gone.length / Math.max(1, counted.length)) * 100;
  if (counted.length < GUARDED_FROM || percent <= ALLOWED_PERCENT) return null;
  return `SHRUNK: of ${counted.length} resources ${gone.length} are gone, with ${now.length} in the list`;
}

/** Resources of which a terminate file was ever seen. */
function announcedEnds({ book, seen }: Site): Set<string> {
  const names = [...seen.orderFiles.keys(), ...seen.watched.keys()];
  const ended = new Set(
    names.map(parseOrderFileName).flatMap((parts) => (parts?.type === "terminate" ? [parts.uuid] : [])),
  );
  return new Set(
    book.placed.filter(({ uuid }) => ended.has(uuid)).flatMap(({ resourceUuid }) => resourceUuid ?? []),
  );
}
