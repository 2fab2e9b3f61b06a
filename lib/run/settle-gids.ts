// What a run reports of its source of GIDs once every project was looked up, and what it stores for the next one.

import type { Output } from "../output/directory.ts";
import { writeGidMemory } from "../output/gid-memory.ts";
import { addProblem, type Job } from "./job.ts";

/** What is wrong with the source as a whole. With `require_gid` that is said of each resource already. */
export function noteGids(job: Job): void {
  const finding = job.gids?.opened()?.book.finding() ?? null;
  if (finding !== null && !job.config.settings.requireGid) addProblem(job, finding);
}

/** Only after a complete run. */
export function rememberGids({ gids, config }: Job, output: Output): void {
  const opened = gids?.opened() ?? null;
  if (opened === null) return;
  const { book, id } = opened;
  writeGidMemory(output, config.uuid, { source: id, projects: book.witnesses() });
}
