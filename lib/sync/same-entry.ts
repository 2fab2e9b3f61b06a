// Whether what is remembered of a row gives the entry that the row itself gives: compared is what the mapper makes of
// both, because a key of the attributes that nothing is made of may change as it likes.

import { keepPlace } from "../storage/place.ts";
import { sourceOf } from "../storage/source.ts";
import { plainUuid } from "../uuid.ts";
import { isFault } from "../waldur/wire.ts";
import { parseResource } from "../waldur/wire-resource.ts";
import type { Survey } from "./survey.ts";

type Row = Readonly<Record<string, unknown>>;

/** `project`: they differ, but only because the resource is in another project now. */
export type Likeness = "same" | "project" | "different";

/** @param before the row with the columns that were remembered */
export function compareRows(row: Row, before: Row, survey: Survey): Likeness {
  const now = entryText(row, survey);
  if (entryText(before, survey) === now) return "same";
  const { project_uuid } = row;
  if (plainUuid(project_uuid) === null) return "different";
  return entryText({ ...before, project_uuid }, survey) === now ? "project" : "different";
}

/** Of the entry, or of the reasons why there is none. */
function entryText(row: Row, { mapper, projects, unconsented }: Survey): string {
  const resource = parseResource(row);
  if (isFault(resource)) return JSON.stringify(resource.fault);
  const source = sourceOf(resource, projects.get(resource.projectUuid), unconsented);
  const place = mapper.placeOf(source);
  // A path that a file names stays, whatever is wrong with the one that is asked for, so the rest counts.
  const path = place.path ?? place.outside;
  return JSON.stringify(mapper.mapResource(source, path === undefined ? place : keepPlace(place, path)));
}
