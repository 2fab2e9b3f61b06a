// What the run passes to the part that handles one offering: where to read, where to note, when to stop.

import type { OfferingConfig } from "../config/config.ts";
import type { GidBook } from "../gids/book.ts";
import type { Ledger } from "../report/ledger.ts";
import type { Log } from "../report/log.ts";
import type { Progress } from "../report/progress.ts";
import { type Names, namesOf, type OfferingLine, type Problem } from "../report/report.ts";
import type { LiveGids } from "../storage/gids.ts";
import type { Actor, Reader } from "../waldur/client.ts";

/** One offering's share of a run. */
export type Job = {
  config: OfferingConfig;
  /** Path of the configuration file, for messages. */
  configFile: string;
  /** Zone of the minute in file names; null is the zone of the process. */
  timezone: string | null;
  version: string;
  now: () => Date;
  reader: Reader;
  /** The same without retries, for what failed in the last run. */
  hastyReader: Reader;
  /** The offering's line of the report. */
  line: OfferingLine;
  /** What resources are called, by their uuid and by those of their orders. */
  names: Map<string, Names>;
  ledger: Ledger;
  log: Log;
  progress: Progress;
  /** The GIDs of a source that is queried during the run; null for one that was read with the configuration. */
  gids: JobGids | null;
  /** Throws the run's reason when it is over; called before each step that must not start any more. */
  throwIfOver: () => void;
  /** Throws when a place beside the output directory does not answer; messages name it as it is shown. */
  lookAt: (path: string, shown: string) => Promise<void>;
  /** Throws when the output directory does not answer; called before each publication. */
  lookAtPlace: () => Promise<void>;
};

/** Loads nothing and sends no request before the first project is looked up. */
export type JobGids = LiveGids & {
  /** null until then. */
  opened(): { book: GidBook; id: string } | null;
};

/** A job that may change things; a dry run is never given one. */
export type RealJob = Job & { actor: Actor };

/** Notes something that was left out, under the job's offering. */
export function addProblem(job: Job, problem: Omit<Problem, "offering">): void {
  job.ledger.addProblem({ ...problem, ...namesFor(job, problem), offering: job.config.uuid });
}

/** Remembers what the resource of an order is called. */
export function noteNames(
  { names }: Job,
  order: {
    uuid: string;
    marketplaceResourceUuid: string | null;
    resourceName: string;
    project: { name: string };
  },
): void {
  const found = { resource: order.resourceName, project: order.project.name };
  names.set(order.uuid, found);
  if (order.marketplaceResourceUuid !== null) names.set(order.marketplaceResourceUuid, found);
}

/** What the resource of a problem, or of its order, is called. */
export function namesFor(
  job: Job,
  { order = "", resource = "" }: Pick<Problem, "order" | "resource">,
): ReturnType<typeof namesOf> {
  return namesOf(job.names.get(resource) ?? job.names.get(order));
}

/** Notes files of the state that are there and count as missing. */
export function noteDamaged(job: Job, paths: readonly string[]): void {
  for (const path of paths) {
    addNotice(job, {
      code: "state-damaged",
      message: `${path} is damaged, and counts as missing`,
      hint: "its content is rebuilt from the published files as far as possible; if nobody edited it, check the disk",
    });
  }
}

/** Notes something that the administrator should know; nothing was left out, and the exit code stays. */
export function addNotice(job: Job, notice: Omit<Problem, "offering">): void {
  job.ledger.addNotice({ ...notice, ...namesFor(job, notice), offering: job.config.uuid });
}
