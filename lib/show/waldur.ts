// The state in Waldur of a subject and of what the files name with it. If Waldur cannot be queried or does not answer,
// that is shown, and the rest is shown nevertheless.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, InterruptedError } from "../errors.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchOrder, fetchResource } from "../waldur/orders.ts";
import type { Known } from "./local.ts";
import type { Subject } from "./subject.ts";

/** An order or a resource that was requested from Waldur. */
export type WaldurAnswer = {
  kind: "order" | "resource";
  uuid: string;
  /** `unknown`: it does not exist in Waldur, or not for this token. `failed`: `error` has the reason. */
  answer: "found" | "unknown" | "failed";
  state: string | null;
  /** Of an order. */
  type: string | null;
  /** Of a resource: its slug. */
  name: string | null;
  /** Of a resource. */
  backendId: string | null;
  project: string | null;
  error: string | null;
};

export type AskContext = {
  offerings: readonly OfferingConfig[];
  /** A client for the server of the offering; throws an AppError where there can be none. */
  readerFor: (offering: OfferingConfig) => Reader;
};

type Question = { kind: WaldurAnswer["kind"]; uuid: string; offering: string | null };

/** Of many orders or resources at one path, or of one resource, so many are asked for. */
const MOST = 10;

export async function askWaldur(
  subject: Subject,
  known: readonly Known[],
  context: AskContext,
): Promise<WaldurAnswer[]> {
  const ask = asker(context);
  const questions = questionsFor(subject, known);
  if (questions.length > 0) {
    const asked: WaldurAnswer[] = [];
    for (const one of questions) asked.push(await ask(one));
    return asked;
  }
  return "uuid" in subject ? askForEither(subject.uuid, ask) : [];
}

/** Nothing here says which of the two it is. */
async function askForEither(
  uuid: string,
  ask: (question: Question) => Promise<WaldurAnswer>,
): Promise<WaldurAnswer[]> {
  const order = await ask({ kind: "order", uuid, offering: null });
  return order.answer === "unknown" ? [await ask({ kind: "resource", uuid, offering: null })] : [order];
}

/** The resources, and the orders that are not through; of an order that is asked for by itself, that one. */
function questionsFor(subject: Subject, known: readonly Known[]): Question[] {
  const questions = new Map<string, Question>();
  const add = (kind: Question["kind"], { uuid, offering }: { uuid: string; offering: string }) =>
    questions.set(`${kind} ${uuid}`, { kind, uuid, offering });
  for (const { entries, files, receipts, claims, history } of known) {
    for (const { order, offering, ...rest } of [...files, ...receipts, ...history]) {
      const isOpen = "open" in rest && rest.open;
      if (order !== null && (isOpen || ("uuid" in subject && order === subject.uuid)))
        add("order", { uuid: order, offering });
    }
    const mounted = entries.filter(({ isDirectory }) => !isDirectory);
    for (const { resource: uuid, offering } of [...mounted, ...files, ...receipts, ...claims])
      add("resource", { uuid, offering });
  }
  return [...questions.values()].slice(0, MOST);
}

/** A server that failed once is not queried again. */
function asker({ offerings, readerFor }: AskContext): (question: Question) => Promise<WaldurAnswer> {
  const failed = new Map<string, string>();
  const askOne = async (question: Question, offering: OfferingConfig): Promise<WaldurAnswer> => {
    const before = failed.get(offering.apiUrl);
    if (before !== undefined) return answerOf(question, "failed", { error: before });
    try {
      return await fetchOne(question, readerFor(offering));
    } catch (error) {
      if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
      // A 403 or an unusable answer is about this one alone.
      if (error.code !== "answer" && error.status !== 403) failed.set(offering.apiUrl, error.message);
      return answerOf(question, "failed", { error: error.message });
    }
  };
  return async (question) => {
    const servers = new Map(offerings.map((one) => [one.apiUrl, one]));
    const own = offerings.find(({ uuid }) => uuid === question.offering);
    let last = answerOf(question, "unknown");
    for (const offering of own === undefined ? servers.values() : [own]) {
      const asked = await askOne(question, offering);
      if (asked.answer === "found") return asked;
      if (last.answer !== "failed") last = asked;
    }
    return last;
  };
}

async function fetchOne(question: Question, reader: Reader): Promise<WaldurAnswer> {
  if (question.kind === "order") {
    const order = await fetchOrder(reader, question.uuid);
    if (order === null) return answerOf(question, "unknown");
    return answerOf(question, "found", { state: order.state, type: order.type, project: order.project.name });
  }
  const resource = await fetchResource(reader, question.uuid);
  if (resource === null) return answerOf(question, "unknown");
  const { state, slug: name, backendId, projectName, projectSlug = "" } = resource;
  return answerOf(question, "found", { state, name, backendId, project: projectName || projectSlug });
}

function answerOf(
  { kind, uuid }: Question,
  answer: WaldurAnswer["answer"],
  said: Partial<Omit<WaldurAnswer, "kind" | "uuid" | "answer">> = {},
): WaldurAnswer {
  const nothing = { state: null, type: null, name: null, backendId: null, project: null, error: null };
  return { kind, uuid, answer, ...nothing, ...said };
}
