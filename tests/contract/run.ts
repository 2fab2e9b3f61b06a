// The contract suite as a library: every rule on one site, named by variables. It looks before it touches anything,
// ends what it created whatever happens, and returns the rows of its table.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";
import { AnswerError, AppError } from "../../lib/errors.ts";
import type { Generation } from "../../lib/simulator/model.ts";
import { rowsOf, said } from "./api.ts";
import { inspectSite } from "./preflight.ts";
import { type Row, type Rule, tryRule } from "./rule.ts";
import { answerRules } from "./rules-answers.ts";
import { backendIdRules } from "./rules-backend-ids.ts";
import { crowdRules } from "./rules-crowd.ts";
import { endRules } from "./rules-ends.ts";
import { groupRules } from "./rules-groups.ts";
import { listRules, placeCrowd } from "./rules-lists.ts";
import { orderRules } from "./rules-orders.ts";
import { programRules } from "./rules-program.ts";
import { raceRules } from "./rules-races.ts";
import { refusalRules } from "./rules-refusals.ts";
import { slugRules } from "./rules-slugs.ts";
import { updateRules } from "./rules-updates.ts";
import { act, ask, createCallers, once, PREFIX, RESOURCES, type Site, type SiteAccess } from "./site.ts";
import { sweep } from "./sweep.ts";
import type { Variables } from "./variables.ts";

export type Result = {
  rows: Row[];
  /** What ended the run early; null when every rule was tried. */
  failure: AppError | null;
  /** Names of what could not be ended. */
  left: string[];
  /** null: the run ended before it was known. */
  generation: Generation | null;
};

export type RunOptions = {
  /** Aborted with an `AppError`: no further rule is tried, and everything is ended. */
  signal: AbortSignal;
  /** Progress, a line at a time. */
  log(line: string): void;
};

/** Tries every rule. Throws only what is a bug. */
export async function runContract(variables: Variables, options: RunOptions): Promise<Result> {
  const result: Result = { rows: [], failure: null, left: [], generation: null };
  const callers = createCallers(variables, options.signal);
  try {
    const ordering = await inspectSite(variables, callers);
    const scratch = mkdtempSync(join(tmpdir(), "waldur-contract-"));
    try {
      const run = Date.now().toString(36);
      await tryRules(
        { variables, ordering, run, scratch, created: new Set(), ...callers },
        { ...options, result },
      );
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    result.failure = error;
  }
  return result;
}

type Trying = RunOptions & { result: Result };

/**
 * Ends what earlier runs left, tries the rules, and ends what they left: also after a signal, which does not stop these
 * calls.
 */
async function tryRules(ground: SiteAccess, { result, log }: Trying): Promise<void> {
  try {
    await sweep(ground);
    const generation = await tellGeneration(ground);
    result.generation = generation;
    log(`${ground.variables.apiUrl} is of generation ${generation}`);
    const site: Site = { ...ground, generation };
    for (const rules of createGroups()) {
      for (const rule of rules) {
        const row = await tryRule(rule, site);
        result.rows.push(row);
        log(`${row.outcome}: ${row.rule}`);
      }
      await sweep(site);
    }
  } finally {
    result.left = await sweepAtLast(ground);
  }
}

/** By calls that no signal stops. */
async function sweepAtLast(ground: SiteAccess): Promise<string[]> {
  const free = createCallers(ground.variables, new AbortController().signal);
  try {
    return await sweep({ ...ground, ...free });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [`whatever is named ${PREFIX}${ground.run}-… (${error.message})`];
  }
}

/** After each group everything is ended, so that a run of the program meets no orders but its own. */
function createGroups(): Rule[][] {
  const crowd = once(placeCrowd);
  return [
    [
      ...refusalRules(),
      ...orderRules(),
      ...updateRules(),
      ...endRules(),
      ...backendIdRules(),
      ...slugRules(),
      ...groupRules(),
    ],
    [...programRules(), ...answerRules(), ...raceRules()],
    [...listRules(crowd), ...crowdRules(crowd)],
  ];
}

/** By the first order: resources of a server of 2024 have no `project_slug`. */
async function tellGeneration(ground: SiteAccess): Promise<Generation> {
  const first = await ask(ground, "first");
  if (first.answer.status !== 201)
    throw new AnswerError(`the consumer cannot order the offering: ${said(first.answer)}`, {
      hint: "nothing was created; look at the offering, its plan and the project in Waldur",
    });
  const query = { offering_uuid: ground.variables.offeringUuid, field: ["project_slug", "uuid"] };
  const [row = {}] = rowsOf(await ground.provider.get(RESOURCES, { ...query, page_size: 1 }));
  await act(ground, first.order, "reject_by_provider");
  return "project_slug" in row ? "current" : "2024";
}
