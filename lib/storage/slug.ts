// A slug of Waldur that becomes a part of a path.

import { isSegment, SEGMENT_HINT } from "../segment.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";

/** Reports a slug that cannot be a part of a path. `field` is the Waldur field, or the setting, it came from. */
export function checkSlug(slug: string, field: string, problems: Problems): void {
  if (isSegment(slug)) return;
  const message = slug === "" ? "is empty" : `cannot be part of a path: ${quoted(slug)}`;
  problems.push(
    mappingProblem("bad-slug", { field, message, hint: `correct it in Waldur: ${SEGMENT_HINT}` }),
  );
}
