// A rule: a sentence about Waldur or about the program on it, what is expected, and a way of seeing what is so. A rule
// holds when what was seen reads exactly as what was expected.

import { InterruptedError, RetryLaterError } from "../../lib/errors.ts";
import type { Generation } from "../../lib/simulator/model.ts";
import type { Site } from "./site.ts";

export type Rule = {
  name: string;
  /** A text for each generation that has the rule, or one for all of them. */
  expected: string | Readonly<Partial<Record<Generation, string>>>;
  /** Generations on which seeing it or cleaning up after it takes staff rights, or a name that is not the suite's. */
  staffOn?: readonly Generation[];
  see(site: Site): Promise<string | Unproven>;
};

/** The site lacks what the rule needs; the text says what. */
export type Unproven = { unproven: string };

export type Outcome = "holds" | "DIFFERS" | "not here" | "simulator only" | "unproven";

export type Row = { rule: string; expected: string; seen: string; outcome: Outcome };

const LEFT_OUT = "takes staff rights or a name without contract-: proved on the simulator only";
const ALL: readonly Generation[] = ["2024", "current"];

/** Tries one rule. Only what ends the whole run throws: a signal, or a network that is gone. */
export async function tryRule(rule: Rule, site: Site): Promise<Row> {
  const { generation } = site;
  const expected = typeof rule.expected === "string" ? rule.expected : rule.expected[generation];
  if (expected === undefined) return absent(rule, generation);
  const row = { rule: rule.name, expected };
  if (site.staff === null && (rule.staffOn ?? []).includes(generation)) {
    return { ...row, seen: LEFT_OUT, outcome: "simulator only" };
  }
  const seen = await rule.see(site).catch((error: unknown) => {
    if (error instanceof InterruptedError || error instanceof RetryLaterError) throw error;
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  });
  if (typeof seen !== "string") return { ...row, seen: seen.unproven, outcome: "unproven" };
  return { ...row, seen, outcome: seen === expected ? "holds" : "DIFFERS" };
}

function absent({ name, expected }: Rule, generation: Generation): Row {
  const having = ALL.filter((one) => typeof expected !== "string" && expected[one] !== undefined);
  return {
    rule: name,
    expected: `only on a server of generation ${having.join(", ")}`,
    seen: `this one is of generation ${generation}`,
    outcome: "not here",
  };
}
