// Which path the file of an order may name. What a file names already is kept; a path is new only to a resource that no
// file names, or that an absolute backend id moves, and then every other claim on it is looked at
// (docs/contract.md, "Mount points").

import type { OrderType } from "../storage/document.ts";
import type { Place } from "../storage/place.ts";
import { type Contender, contendersFor, freeFrom, namedPath } from "./contenders.ts";
import { type ClaimFinding, type Contest, type Named, pathDoubled, pathHeld, pathWaits } from "./problems.ts";
import { noteWanted, wantedPath } from "./rows.ts";
import { type ClaimTable, VOID, WANTED } from "./table.ts";

export type PathQuestion = {
  type: OrderType;
  wants: Named;
  /** What the resource's own words ask for. */
  place: Place;
  /** What the order's receipt fixed, if it has one. */
  receipt: { path: string; isPublished: boolean } | null;
};

export type PathAnswer =
  /** `finding`: a move to another path that cannot be made now; the order continues at the present one. */
  | { path: string; finding?: ClaimFinding }
  | { held: ClaimFinding }
  | { waits: ClaimFinding }
  /** The resource's own words give no path; the mapper says why. */
  | { path: undefined };

/** How the rules find out what the claims do not say. */
export type Holders = {
  /**
   * Whether Waldur says that the resource is Terminated; notes with the claims that it has ended, or is live after all.
   */
  isTerminated(owner: number): Promise<boolean>;
  /** Whether the row of a resource that no file names still asks for the path. */
  stillWants(owner: number, path: string): Promise<boolean>;
  /** As messages name it. */
  nameOf(owner: number): Promise<Named>;
};

export type OrderRules = { offering: string; nested: "refuse" | "allow"; now: () => Date };

export async function pathOfOrder(
  table: ClaimTable,
  question: PathQuestion,
  { holders, rules }: { holders: Holders; rules: OrderRules },
): Promise<PathAnswer> {
  const owner = table.resource(question.wants.uuid);
  const contest = createContest(table, { question, owner, holders, rules });
  const answer = await choosePath(table, { question, owner, claim: contest.claim });
  if (question.type !== "terminate" || !("path" in answer) || answer.path === undefined) return answer;
  const problem = await contest.removal(answer.path);
  return problem === null ? answer : { held: problem };
}

type Choosing = {
  question: PathQuestion;
  owner: number;
  /** Asks for a path that no file gives the resource yet. */
  claim: (path: string) => Promise<PathAnswer>;
};

async function choosePath(table: ClaimTable, { question, owner, claim }: Choosing): Promise<PathAnswer> {
  const { place, receipt } = question;
  const named = namedPath(table, owner);
  const own = receipt?.path ?? (named < 0 ? undefined : table.path(named));
  const mayMove = place.isExplicit && receipt?.isPublished !== true;
  if (own === undefined) {
    const wanted = wantedPath(place);
    return wanted === undefined ? { path: undefined } : claim(wanted);
  }
  if (!mayMove || place.path === undefined || place.path === own) return { path: own };
  const answer = await claim(place.path);
  if ("held" in answer) return { path: own, finding: answer.held };
  return "waits" in answer ? { path: own, finding: answer.waits } : answer;
}

type ContestInput = { question: PathQuestion; owner: number; holders: Holders; rules: OrderRules };

function createContest(table: ClaimTable, { question, owner, holders, rules }: ContestInput) {
  const { wants, place } = question;
  const about = async (path: string, other: Contender): Promise<Contest> => ({
    wants,
    path,
    isExplicit: place.isExplicit,
    holder: await holders.nameOf(other.owner),
    held: table.path(other.record),
    relation: other.relation,
  });
  /** Whether a claim that no file supports counts against this one. */
  const isWanted = async ({ record, owner: other, relation }: Contender, path: string): Promise<boolean> => {
    if ((table.marks(record) & WANTED) === 0 || relation === "outer") return false;
    if (relation === "same" && place.isExplicit) return false;
    return holders.stillWants(other, relation === "same" ? path : table.path(record));
  };
  return {
    /** A path that no file gives the resource yet. */
    async claim(path: string): Promise<PathAnswer> {
      const free: number[] = [];
      for (const other of contendersFor(table, { path, owner, nested: rules.nested })) {
        if (!other.isNamed) {
          if (await isWanted(other, path)) return { held: pathHeld(await about(path, other)) };
          continue;
        }
        // Asked also of one that ended: some are reactivated.
        const until = (await holders.isTerminated(other.owner)) ? freeFrom(table, other.owner) : null;
        if (until === null) return { held: pathHeld(await about(path, other)) };
        if (until > rules.now().getTime()) return { waits: pathWaits(await about(path, other), until) };
        free.push(other.record);
      }
      for (const record of free) table.setMarks(record, VOID);
      // Whatever becomes of the order, its row asks for the path: a later one does not get it.
      const { offering, now } = rules;
      noteWanted(table, owner, { path, isExplicit: place.isExplicit, since: now().getTime(), offering });
      return { path };
    },
    /** Why the path of the resource must not be named in a terminate file; null when it may be. */
    async removal(path: string): Promise<ClaimFinding | null> {
      for (const other of contendersFor(table, { path, owner, nested: "refuse" })) {
        if (!other.isNamed || other.relation === "outer") continue;
        if (await holders.isTerminated(other.owner)) continue;
        if (other.relation === "inner") return pathHeld(await about(path, other));
        return pathDoubled(path, [wants.uuid, table.uuid(other.owner)]);
      }
      return null;
    },
  };
}
