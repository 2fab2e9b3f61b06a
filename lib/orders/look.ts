// May this order name this path? The one place where `orders` asks it, directly before the receipt that names the path
// is written.

import type { Problem } from "../report/report.ts";
import type { StorageSource } from "../storage/document.ts";
import type { Mapper, Place } from "../storage/mapper.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { MountGuard } from "./mounts.ts";
import type { FixedPath } from "./past.ts";

/** The order that asks, with its resource as it is, and the path that earlier runs fixed for it. */
export type Asking = {
  order: WaldurOrder;
  resource: WaldurResource;
  source: StorageSource;
  fixed: FixedPath | null;
};

/** The place that the file is to name; without a path where the resource's own words cannot say it. */
export type Looked = { place: Place } | { refused: Omit<Problem, "offering" | "order" | "resource"> };

export async function look(
  { resource, source, fixed }: Asking,
  { mapper, mounts }: { mapper: Mapper; mounts: MountGuard },
): Promise<Looked> {
  const place = keepFixed(mapper.placeOf(source), fixed);
  if (place.path === undefined) return { place };
  const clash = mounts.clash(place.path, resource.uuid);
  return clash === null ? { place } : { refused: clash };
}

/** A receipt fixes the path as it fixes the name: slugs and templates may change, only an absolute backend id moves it. */
function keepFixed(wanted: Place, fixed: FixedPath | null): Place {
  if (fixed === null || (wanted.isExplicit && !fixed.isPublished)) return wanted;
  return { ...wanted, path: fixed.path };
}
