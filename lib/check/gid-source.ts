// A source of GIDs that runs query: whether it answers, and whether the projects of the first resources have GIDs. It
// is asked by the code of the runs.

import { AppError, EXIT, type ExitCode, InterruptedError } from "../errors.ts";
import type { Job } from "../run/job.ts";
import { surveyOffering } from "../sync/survey.ts";
import { LIVE_STATES, RESOURCES_PATH } from "../waldur/vocabulary.ts";
import { parseRows } from "../waldur/wire.ts";
import type { Stopped } from "./context.ts";
import { type Trial, trialJob } from "./runs.ts";

type Looked = { stopped: Stopped | null; own: ExitCode };
const FINE: Looked = { stopped: null, own: EXIT.ok };

/** As many as a page has. */
const FIRST_RESOURCES = 300;
const MOST_NAMED = 10;

/** @param stopped where a run of `sync` would end before it asks */
export async function checkGidSource(trial: Trial, stopped: Stopped | null): Promise<Looked> {
  const { offering, findings } = trial;
  const { unixGid, requireGid, useMockTargetItems } = offering.settings;
  // Whatever stops both modes has skipped it.
  if (stopped !== null) {
    if (stopped.item.startsWith("read-")) findings.skip(["gid-source"], stopped.item);
    return FINE;
  }
  if (unixGid.kind === "metadata" || unixGid.kind === "file" || useMockTargetItems) {
    findings.ok("gid-source", "not needed: GIDs are known without requests");
    return FINE;
  }
  try {
    const { asked, found, without, problem } = await askAbout((await trialJob("sync", trial)).job);
    const needed = requireGid ? "each resource needs one" : "null if there is none";
    if (problem !== null) findings.warn("gid-source", problem.message, { hint: problem.hint ?? "" });
    const answers = `${unixGid.kind} answers`;
    if (asked === 0) findings.ok("gid-source", `${answers}; there is no resource yet; ${needed}`);
    else if (without.length === 0)
      findings.ok("gid-source", `${answers}: ${found} of ${asked} projects have a GID; ${needed}`);
    else
      findings.warn(
        "gid-source",
        `${answers}: ${found} of ${asked} projects have a GID; not ${few(without)}`,
        {
          hint: "give them a group there, or check the names in the source",
        },
      );
    return FINE;
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
    findings.failWith("gid-source", error);
    return { stopped: { item: "gid-source", code: error.exitCode }, own: error.exitCode };
  }
}

async function askAbout(job: Job) {
  const survey = await surveyOffering(job);
  const answer = await job.reader.get(RESOURCES_PATH, {
    ...{ offering_uuid: job.config.uuid, visible_to_providers: "true", state: LIVE_STATES },
    ...{ field: survey.columns.all, page: 1, page_size: FIRST_RESOURCES },
  });
  const rows = parseRows(answer.body, RESOURCES_PATH);
  await survey.rowsWithoutNames(rows);
  // Where there is no project yet, whether it answers shows with any name.
  if (rows.length === 0) await job.gids?.learn([NOBODY]);
  else await survey.knowGids(rows);
  const book = job.gids?.opened()?.book;
  const counts = book === undefined || rows.length === 0 ? NONE : book.counts();
  return { ...counts, problem: rows.length === 0 ? null : (book?.finding() ?? null) };
}

const NOBODY = { uuid: "0".repeat(32), slug: "no-such-project", mayLack: true };
const NONE = { asked: 0, found: 0, without: [] };

function few(slugs: readonly string[]): string {
  const more = slugs.length > MOST_NAMED ? ` and ${slugs.length - MOST_NAMED} more` : "";
  return `${slugs.slice(0, MOST_NAMED).join(", ")}${more}`;
}
