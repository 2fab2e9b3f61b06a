// The components of one offering: read, decide, send what differs, and read back, because an answer of 200 proves
// nothing and an answer that was lost may have had its effect.

import { AnswerError, AppError, RefusedError } from "../errors.ts";
import type { Deed } from "../history/record.ts";
import type { Actor, Posted, Reader } from "../waldur/client.ts";
import type { OfferingPlace } from "../waldur/offering.ts";
import {
  createComponent,
  fetchShownComponents,
  updateComponent,
  type WaldurComponents,
} from "../waldur/offering-components.ts";
import type { ComponentDefinition } from "./definitions.ts";
import type { Post } from "./history.ts";
import { type Allowed, fieldsOf, planComponents, type Step } from "./plan.ts";
import type { ComponentLine, ReportedProblem } from "./report.ts";

export type OfferingJob = {
  uuid: string;
  wanted: readonly ComponentDefinition[];
  place: OfferingPlace;
  allowed: Allowed;
  reader: Reader;
  /** null in a dry run, which has no client that can POST. */
  actor: Actor | null;
  /** Asked for before the first call: what records the calls while it sends them. */
  openPost: () => Promise<Post>;
  throwIfOver: () => void;
};

export type Handled = {
  components: ComponentLine[];
  onlyInWaldur: string[];
  problems: ReportedProblem[];
  notices: ReportedProblem[];
  /** What ended the work on this offering early. */
  failure: AppError | null;
};

/** Throws an `AppError` only before anything was sent. */
export async function handleOffering(job: OfferingJob): Promise<Handled> {
  const shown = await look(job);
  const steps = plan(job, shown);
  const types = new Set(job.wanted.map(({ type }) => type));
  const onlyInWaldur = shown.components.map(({ type }) => type).filter((type) => !types.has(type));
  const due = steps.filter(isDue);
  if (due.length > 0 && shown.isArchived) return { ...leaveArchived(job, steps), onlyInWaldur };
  const done = { ...lines(steps, () => "done"), onlyInWaldur };
  if (job.actor === null || due.length === 0) return { ...done, ...found(steps), failure: null };
  return { ...(await carryOut(steps, job, job.actor)), onlyInWaldur };
}

function look({ reader, uuid, place }: OfferingJob): Promise<WaldurComponents> {
  return fetchShownComponents(reader, uuid, place);
}

function plan({ wanted, allowed }: OfferingJob, shown: WaldurComponents): Step[] {
  return planComponents(wanted, shown, allowed);
}

function isDue({ action, problems }: Step): boolean {
  return action !== "unchanged" && problems.length === 0;
}

type Outcome = ComponentLine["outcome"];

function lines(steps: readonly Step[], outcomeOf: (step: Step) => Outcome): { components: ComponentLine[] } {
  return {
    components: steps.map((step) => {
      const { type, uuid, action, changes, problems } = step;
      return { type, uuid, action, outcome: problems.length > 0 ? "left" : outcomeOf(step), changes };
    }),
  };
}

function found(steps: readonly Step[]): { problems: ReportedProblem[]; notices: ReportedProblem[] } {
  const created = steps.filter((step) => step.action === "create" && isDue(step));
  return {
    problems: steps.flatMap(({ problems }) => problems),
    notices: [...steps.flatMap(({ notices }) => notices), ...created.map(({ type }) => noPrice(type))],
  };
}

function leaveArchived({ uuid }: OfferingJob, steps: readonly Step[]): Omit<Handled, "onlyInWaldur"> {
  const archived = {
    code: "offering-archived",
    message: `offering ${uuid} is archived, so Waldur refuses changes: nothing was sent`,
    hint: "restore it in Waldur, or remove it from the file",
  };
  const left = lines(steps, ({ action }) => (action === "unchanged" ? "done" : "left"));
  const { problems } = found(steps);
  return { ...left, problems: [...problems, archived], notices: [], failure: null };
}

/** What became of each call that was made, by the type of its component. */
type Sent = Map<string, { detail: string; isAccepted: boolean }>;

async function carryOut(
  steps: readonly Step[],
  job: OfferingJob,
  actor: Actor,
): Promise<Omit<Handled, "onlyInWaldur">> {
  const sent: Sent = new Map();
  try {
    const post = await job.openPost();
    await sendAll(steps.filter(isDue), sent, { job, actor, post });
    let after = plan(job, await look(job));
    // Another process created it first: what differs from the file there is a change like any other.
    const overtaken = after.filter(
      (step) => step.action === "update" && isDue(step) && wasRefusedAsNew(step, steps, sent),
    );
    if (overtaken.length > 0) {
      await sendAll(overtaken, sent, { job, actor, post });
      after = plan(job, await look(job));
    }
    const carried = steps.map((step) => overtaken.find(({ type }) => type === step.type) ?? step);
    return verify(carried, after, sent);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { components } = lines(steps, (step) => {
      if (step.action === "unchanged") return "done";
      return sent.has(step.type) ? "failed" : "left";
    });
    const problems = steps.flatMap((step) => step.problems);
    return {
      components,
      problems,
      notices: steps.flatMap(({ notices }) => notices),
      failure: explained(error, job),
    };
  }
}

/** The right to change components is one of its own, which a role may lack. */
function explained(error: AppError, { uuid }: OfferingJob): AppError {
  if (!(error instanceof RefusedError && error.status === 403)) return error;
  const { status } = error;
  return new RefusedError(
    `the token's user may not change components of offering ${uuid}: ${error.message}`,
    {
      status,
      hint: "in Waldur, give its role the permission to update components of offerings, or use the token of an owner",
    },
  );
}

function wasRefusedAsNew({ type }: Step, steps: readonly Step[], sent: Sent): boolean {
  const first = steps.find((step) => step.type === type);
  return first?.action === "create" && sent.get(type)?.isAccepted === false;
}

/** A call that Waldur refused for its contents concerns one component; everything else ends the offering. */
async function sendAll(
  steps: readonly Step[],
  sent: Sent,
  { job, actor, post }: { job: OfferingJob; actor: Actor; post: Post },
): Promise<void> {
  for (const step of steps) {
    job.throwIfOver();
    sent.set(step.type, { detail: "no answer", isAccepted: false });
    try {
      const deed = deedOf(step, job.uuid);
      const { outcome, detail } = await post(deed, () => send(step, job.uuid, actor));
      sent.set(step.type, { detail, isAccepted: outcome === "accepted" });
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      sent.set(step.type, { detail: error.message, isAccepted: false });
    }
  }
}

function deedOf({ type: component, uuid }: Step, offering: string): Deed {
  const call = uuid === null ? "create_offering_component" : "update_offering_component";
  return { event: "sent", offering, order: null, component, call };
}

function send(step: Step, offering: string, actor: Actor): Promise<Posted> {
  const fields = fieldsOf(step);
  return step.uuid === null
    ? createComponent(actor, offering, { type: step.type, ...fields })
    : updateComponent(actor, offering, { uuid: step.uuid, ...fields });
}

/** Compares what Waldur shows now with what was wanted. */
function verify(steps: readonly Step[], after: readonly Step[], sent: Sent): Omit<Handled, "onlyInWaldur"> {
  const now = new Map(after.map((step) => [step.type, step]));
  const problems: ReportedProblem[] = [];
  const notices = new Map<string, ReportedProblem>();
  const components = steps.map((step): ComponentLine => {
    const { type, action, changes } = step;
    const attempt = sent.get(type);
    const shown = now.get(type) ?? step;
    for (const notice of [...step.notices, ...shown.notices]) notices.set(notice.message, notice);
    if (attempt === undefined) problems.push(...step.problems);
    if (attempt === undefined || shown.action === "unchanged") {
      const isNew = action === "create" && attempt?.isAccepted === true;
      if (isNew) notices.set(type, noPrice(type));
      const outcome = step.problems.length > 0 ? "left" : "done";
      return { type, uuid: shown.uuid, action, outcome, changes };
    }
    if (action === "update" && shown.action === "create") problems.push(removedMeanwhile(type));
    else problems.push(...(shown.problems.length > 0 ? shown.problems : [notKept(shown, attempt)]));
    return { type, uuid: shown.uuid, action, outcome: "failed", changes };
  });
  return { components, problems, notices: [...notices.values()], failure: null };
}

function notKept(
  { type, action, changes }: Step,
  attempt: { detail: string; isAccepted: boolean },
): ReportedProblem {
  if (!attempt.isAccepted) {
    const message = `component ${type} does not have the values of the file: ${attempt.detail}`;
    return { code: "component-refused", message, component: type };
  }
  const shows =
    action === "create"
      ? "does not show it"
      : `shows ${changes.map(({ field, from }) => `${field} ${JSON.stringify(from)}`).join(", ")}`;
  const message = `component ${type}: Waldur accepted the change and ${shows}`;
  return {
    code: "component-not-kept",
    message,
    component: type,
    hint: "run it again, and check the component in Waldur",
  };
}

function removedMeanwhile(type: string): ReportedProblem {
  const message = `component ${type} was removed from the offering meanwhile`;
  return {
    code: "component-removed",
    message,
    component: type,
    hint: "run it again to create it",
  };
}

function noPrice(type: string): ReportedProblem {
  return {
    code: "no-price",
    message: `component ${type} is new and has no price`,
    component: type,
    hint: "set one in each plan of the offering in Waldur; prices are not changed here",
  };
}
