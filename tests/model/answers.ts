// What the provisioner answers to orders, with files in the directory of acks, at the right time or not; and what its
// word allows and demands then (docs/contract.md, "Answers").

import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { join } from "pathe";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Arrival } from "../stage.ts";
import { isLive } from "./paths.ts";
import { orderFilesOf, type Site } from "./site.ts";

export const ANSWERS = ["done", "erred", "invalid"] as const;
/** `isDue`: to one of the orders that wait for it, if there are any; else to whatever order. */
export type AnswerStep = { answer: (typeof ANSWERS)[number]; order: number; isDue: boolean };

export const answers: fc.Arbitrary<AnswerStep> = fc.record({
  answer: fc.constantFrom<AnswerStep["answer"]>("done", "done", "done", "erred", "erred", "invalid"),
  order: fc.nat({ max: 6 }),
  isDue: fc.nat({ max: 3 }).map((n) => n > 0),
});

/** What was answered so far. */
export class Answered {
  readonly #words = new Map<string, Set<string>>();
  readonly #due = new Set<string>();

  note(order: string, answer: AnswerStep["answer"], isDue: boolean): void {
    if (answer === "invalid") this.#due.delete(order);
    else {
      this.#words.set(order, this.words(order).add(answer));
      if (isDue) this.#due.add(order);
    }
  }

  /** Where files are published once more, an answer that lies there came before them. */
  filesAreLost(): void {
    this.#due.clear();
  }

  words(order: string): Set<string> {
    return this.#words.get(order) ?? new Set();
  }

  /** Its word was given while it waited for it, and nothing took it back. */
  isDue(order: string): boolean {
    return this.#due.has(order);
  }
}

const TEXTS: Readonly<Record<AnswerStep["answer"], string>> = {
  done: '{"result":"done"}',
  erred: '{"result":"erred","message":"no space"}',
  invalid: '{"result":"do',
};

export function playAnswer(site: Site, { answer, order: number, isDue }: AnswerStep): void {
  const { stage, book, seen } = site;
  const due = book.placed.filter((order) => waitsForAnswer(site, order));
  const from = isDue && due.length > 0 ? due : book.placed;
  const order = from[number % Math.max(1, from.length)];
  if (order === undefined) return;
  const acks = join(stage.out, "acks");
  mkdirSync(acks, { recursive: true });
  writeFileSync(join(acks, "new.tmp"), TEXTS[answer]);
  renameSync(join(acks, "new.tmp"), join(acks, `${order.uuid}.json`));
  seen.answered.note(order.uuid, answer, due.includes(order));
  seen.outcomes.add(`an order is answered: ${answer}`);
}

/** Published, and left executing. */
export function waitsForAnswer(site: Site, order: SimOrder): boolean {
  const isOpen = order.state === "executing" && !site.book.deleted.has(order);
  return site.setup.completion === "on-ack" && isOpen && orderFilesOf(site, order).length === 1;
}

/** It may stay so: nothing was answered that counts, or this server cannot do it. */
export function mayWaitOn(site: Site, order: SimOrder): boolean {
  if (!waitsForAnswer(site, order)) return false;
  return !site.seen.answered.isDue(order.uuid) || cannotErr(site, order) || wouldRevive(site, order);
}

/** Done, such an order would bring its resource back to life. */
export function wouldRevive({ stage, seen }: Site, { uuid, type, resourceUuid }: SimOrder): boolean {
  const isLeft = type !== "Terminate" && seen.answered.words(uuid).has("done");
  return isLeft && !isLive(stage.world.resource(resourceUuid ?? ""));
}

/** docs/waldur.md, "Orders": on a server of 2024, a Terminate order whose resource no worker has moved. */
export function cannotErr({ setup, seen }: Site, { uuid, type }: SimOrder): boolean {
  return setup.generation === "2024" && type === "Terminate" && seen.answered.words(uuid).has("erred");
}

/** An order is set done and erred on the word of the provisioner alone, where that ends orders. */
export function complaintsOfWord(site: Site, { method, path }: Pick<Arrival, "method" | "path">): string[] {
  const [uuid = "", action = ""] = path.split("/").slice(-3);
  const result = { set_state_done: "done", set_state_erred: "erred" }[action];
  if (method !== "POST" || result === undefined) return [];
  const order = site.book.placed.find((one) => one.uuid === uuid);
  const isSaid = site.setup.completion === "on-ack" && site.seen.answered.words(uuid).has(result);
  if (result === "erred" && order?.state !== "executing")
    return [`order ${uuid} was to be set erred, and is ${order?.state}`];
  const isNeeded = result === "erred" || site.setup.completion === "on-ack";
  return isSaid || !isNeeded ? [] : [`${path} was sent, and nobody has answered ${result}`];
}

/** No ack of an ended order is left, nor one that says nothing. */
export function complaintsOfAcks(site: Site): string[] {
  const { stage, book, setup } = site;
  if (setup.completion !== "on-ack") return [];
  const isThere = ({ uuid }: SimOrder) => existsSync(join(stage.out, "acks", `${uuid}.json`));
  const isEnded = (order: SimOrder) =>
    ["done", "erred", "canceled"].includes(order.state) || book.deleted.has(order);
  return book.placed
    .filter((order) => isEnded(order) && isThere(order))
    .map(({ uuid, state }) => `the ack of order ${uuid}, which is ${state}, is still there`);
}
