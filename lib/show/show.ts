// `show`: everything that is known of one order, resource or mount point, here and in Waldur.

import { directoriesOf } from "../claims/list.ts";
import { isKnown, type Known, lookUp } from "./local.ts";
import { type Subject, showSubject } from "./subject.ts";
import { type AskContext, askWaldur, type WaldurAnswer } from "./waldur.ts";

/** What `show --json` prints. */
export type Shown = {
  /** As it was asked for, a uuid without dashes. */
  what: string;
  /** Something is known of it, here or in Waldur. */
  found: boolean;
  /** Of each output directory where something is known. */
  places: Known[];
  /** null when Waldur was not queried. */
  waldur: WaldurAnswer[] | null;
};

export type ShowContext = AskContext & {
  now: Date;
  /** Send no requests to Waldur. */
  isLocal: boolean;
};

export async function show(subject: Subject, context: ShowContext): Promise<Shown> {
  const places = showLocal(subject, context);
  const waldur = context.isLocal ? null : await askWaldur(subject, places, context);
  const isFound = places.length > 0 || (waldur ?? []).some(({ answer }) => answer === "found");
  return { what: showSubject(subject), found: isFound, places, waldur };
}

/** What the files alone say, of each output directory where something is known. */
export function showLocal(
  subject: Subject,
  { offerings, now }: Pick<ShowContext, "offerings" | "now">,
): Known[] {
  return directoriesOf(offerings)
    .map((place) => lookUp(place, subject, now))
    .filter(isKnown);
}
