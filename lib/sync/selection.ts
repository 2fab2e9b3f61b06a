// From rows of the list to entries: what a row asks for is settled with the claims of all others, then mapped. What is
// left out is reported. Rows whose path somebody else claims are decided after the last page. One file because each
// step depends on what the rows before it left in the same tables.

import { type Contender, namedPath } from "../claims/contenders.ts";
import { type Contest, keptFinding, type Named, pathHeld, pathWaits } from "../claims/problems.ts";
import type { LiveRow, Obstacle, RowClaims } from "../claims/rows.ts";
import { type ClaimTable, GID, LIVE, QUOTAS } from "../claims/table.ts";
import { AnswerError } from "../errors.ts";
import { isTable } from "../json.ts";
import { createUuidSet, type UuidSet } from "../key-set.ts";
import { namesOf } from "../report/report.ts";
import { createTally, type Tally } from "../report/tally.ts";
import { carriedEntry } from "../storage/carried.ts";
import type { StorageResource, StorageSource } from "../storage/document.ts";
import type { ParentCollector } from "../storage/hierarchy.ts";
import { keepPlace, type Place } from "../storage/place.ts";
import type { QuotaValues } from "../storage/quota-policy.ts";
import { hasGid, type ScannedEntry } from "../storage/scan.ts";
import { sourceOf } from "../storage/source.ts";
import { RESOURCES_PATH } from "../waldur/vocabulary.ts";
import { isFault, parseUuid } from "../waldur/wire.ts";
import { parseResource, type WaldurResource } from "../waldur/wire-resource.ts";
import { type Causes, createCauses } from "./causes.ts";
import { doubled, type ListingProblem, notAllowed, notCarried, unusable } from "./findings.ts";
import { createPolicyNotices } from "./policy-notices.ts";
import type { Survey } from "./survey.ts";

export type Selection = {
  /** The entries of a page, in its order. */
  select(rows: readonly unknown[]): StorageResource[];
  /** The entries of rows that were set aside, once every live row is known. */
  selectAside(): Promise<StorageResource[]>;
  /** The text of an entry of the last snapshot that may stand in for its resource; null where it may not. */
  accept(entry: ScannedEntry): string | null;
  readonly table: ClaimTable;
  readonly rows: RowClaims;
  /** The directories above the entries; null in the flat profile. */
  readonly parents: ParentCollector | null;
  /** Rows whose path depends on what became of other resources. */
  readonly undecided: readonly LiveRow[];
  readonly problems: Tally;
  /** What the administrator should know though no problem comes of it. */
  readonly notices: Tally;
  /** The same of what the site's policy let pass. */
  policyNotices(): readonly ListingProblem[];
  /** Resources that became a problem, and so have no entry of their own. */
  readonly leftOut: Omit<UuidSet, "add" | "clear">;
  /** Why the rows of resources were left out. */
  readonly causes: Causes;
};

/** As many as are worth a request each. */
const MOST_NAMED = 100;

/** More rows than that are not set aside, but clashes at once. */
const MOST_ASIDE = 10_000;

/** Nor rows with more than so many characters in all. */
const MOST_ASIDE_LENGTH = 8 * 1024 * 1024;

type AsideRow = LiveRow & { source: StorageSource };

type SelectionContext = {
  table: ClaimTable;
  rows: RowClaims;
  offering: string;
  /** Every problem is wanted for the report. */
  keepsAll: boolean;
  /** Asks Waldur for the name of a resource. */
  nameOf: (uuid: string) => Promise<Named>;
};

export function createSelection(
  survey: Survey,
  { table, rows, offering, keepsAll, nameOf }: SelectionContext,
): Selection {
  const { policy, hierarchy } = survey.mapper;
  const parents = hierarchy?.collect() ?? null;
  const parentItemId = hierarchy?.parentItemId ?? (() => null);
  const policyNotices = createPolicyNotices();
  /** What the limits of resources give that asked for more than is billed. */
  const billed = new Map<string, QuotaValues>();
  const names = new Map<number, Named>();
  const leftOut = createUuidSet();
  const causes = createCauses();
  const problems = createTally({ keepsAll });
  const notices = createTally({ keepsAll });
  const aside: AsideRow[] = [];
  /** Rows that keep their path because the one that they ask for is not free. */
  const contested: AsideRow[] = [];

  let asideLength = 0;
  const hasRoom = ({ limits, attributes, options, backendMetadata }: StorageSource): boolean => {
    asideLength += JSON.stringify([limits, attributes, options, backendMetadata]).length;
    return asideLength <= MOST_ASIDE_LENGTH;
  };
  const leaveOut = (uuid: string, found: readonly ListingProblem[], source?: StorageSource): null => {
    leftOut.add(uuid);
    causes.add(uuid, found);
    if (source !== undefined) parents?.know(source);
    const about = source === undefined ? { offering, resource: uuid } : aboutOf(source);
    for (const problem of found) problems.add({ ...problem, ...about });
    return null;
  };
  const aboutOf = ({ uuid, slug, project }: StorageSource) => ({
    ...{ offering, resource: uuid },
    ...namesOf({ resource: slug, project: project.name || project.slug }),
  });
  const selectRow = (row: unknown): StorageResource | null => {
    const resource = parseResource(row);
    if (isFault(resource)) {
      const uuid = parseUuid(row, "a resource");
      table.addNow(table.resource(uuid), LIVE);
      return leaveOut(uuid, [unusable(resource.fault)]);
    }
    refuseTerminated(resource);
    const source = sourceOf(resource, survey.projects.get(resource.projectUuid), survey.unconsented);
    const owner = table.resource(source.uuid);
    const place = survey.mapper.placeOf(source);
    const choice = rows.choose({ owner, place });
    if (choice === "none") return entryOf({ owner, source, place });
    if (choice !== "aside") {
      if (choice.isContested && contested.length < MOST_ASIDE && hasRoom(source))
        contested.push({ owner, source, place });
      return entryOf({ owner, source, place: at(source, place, choice.path) }, choice.record);
    }
    const undecided = { owner, source, place };
    if (aside.length >= MOST_ASIDE || !hasRoom(source)) return decide(undecided);
    aside.push(undecided);
    return null;
  };
  /** The same place at the path that the claims gave it. */
  const at = (source: StorageSource, place: Place, path: string): Place => {
    const settled = keepPlace(place, path);
    if (settled === place) return place;
    if (!policy.admits(path)) policyNotices.outside(path);
    const kept = keptFinding(place, path);
    if (kept !== null) (kept.isProblem ? problems : notices).add({ ...kept.finding, ...aboutOf(source) });
    return settled;
  };
  const entryOf = ({ owner, source, place }: AsideRow, record?: number): StorageResource | null => {
    const mapped = survey.mapper.mapResource(source, place);
    if (!mapped.ok) {
      if (mapped.billed !== undefined) billed.set(source.uuid, mapped.billed);
      return leaveOut(source.uuid, mapped.problems, source);
    }
    const { entry, warnings, lack } = mapped;
    if (warnings.length > 0) policyNotices.warned(source.uuid, warnings);
    if (lack !== null) problems.add({ ...lack, ...aboutOf(source) });
    parents?.add(entry, source);
    const gid = gidOf(entry);
    if (typeof gid === "number") policyNotices.gid(gid, source.project);
    const bits = (entry.quotas === null ? 0 : QUOTAS) | (hasGid(entry.target) ? GID : 0);
    rows.wrote(owner, {
      path: entry.mountPoint.default,
      bits,
      isPending: entry.status === "pending",
      record,
    });
    return entry;
  };
  /** Of the holders that the first problems will name: one request each. */
  const learnNames = async (undecided: readonly AsideRow[]): Promise<void> => {
    for (const row of undecided) {
      const holder = rows.obstacle(row)?.contender.owner;
      if (holder === undefined || names.has(holder)) continue;
      if (names.size >= MOST_NAMED) return;
      names.set(holder, await nameOf(table.uuid(holder)));
    }
  };
  const decide = (row: AsideRow): StorageResource | null => {
    const obstacle = rows.obstacle(row);
    if (obstacle === null) {
      const { path, record } = rows.take(row);
      return entryOf({ ...row, place: at(row.source, row.place, path) }, record);
    }
    if (report(row, obstacle) === "held") {
      leftOut.add(row.source.uuid);
      parents?.know(row.source);
    }
    return null;
  };
  const report = (row: AsideRow, { contender, freeFrom }: Obstacle): "held" | "waits" => {
    const contest = contestOf(row, contender);
    if (freeFrom === null) problems.add({ ...pathHeld(contest), ...aboutOf(row.source) });
    else notices.add({ ...pathWaits(contest, freeFrom), ...aboutOf(row.source) });
    return freeFrom === null ? "held" : "waits";
  };
  const contestOf = ({ source, place }: AsideRow, { owner, record, relation }: Contender): Contest => ({
    wants: { uuid: source.uuid, name: source.slug, project: source.project.name || source.project.slug },
    path: place.path ?? "",
    isExplicit: place.isExplicit,
    holder: names.get(owner) ?? { uuid: table.uuid(owner) },
    held: table.path(record),
    relation,
  });

  return {
    select: (page) => page.map(selectRow).filter((entry) => entry !== null),
    async selectAside() {
      rows.listed();
      await learnNames([...aside, ...contested]);
      const entries = aside.map(decide).filter((entry) => entry !== null);
      for (const row of contested) {
        const obstacle = rows.obstacle(row);
        if (obstacle !== null) report(row, obstacle);
      }
      for (const problem of doubled(table)) problems.add({ ...problem, offering });
      return entries;
    },
    accept(entry) {
      const owner = table.resource(entry.itemId);
      const own = namedPath(table, owner);
      const isOwn = own >= 0 ? table.isPath(own, entry.mountPoint) : rows.hasNoRival(owner, entry.mountPoint);
      const rules = { policy, billed: billed.get(entry.itemId), parentItemId };
      const carried = isOwn ? carriedEntry(entry, rules) : null;
      const isRefused = own < 0 && !policy.admits(entry.mountPoint);
      const fault = isRefused ? "has a mount point outside mount_roots" : carried?.fault;
      if (fault !== undefined) {
        problems.add({ ...notAllowed(entry, fault), offering });
        return null;
      }
      if (carried !== null && carried.fault === undefined) {
        const bits = (entry.hasQuotas ? QUOTAS : 0) | (entry.hasGid ? GID : 0);
        const isPending = entry.status === "pending";
        rows.wrote(owner, { path: entry.mountPoint, bits, isPending, record: own < 0 ? undefined : own });
        parents?.addCarried(carried.entry);
      } else problems.add({ ...notCarried(entry), offering });
      return carried?.text ?? null;
    },
    table,
    rows,
    parents,
    get undecided() {
      return [...aside, ...contested];
    },
    problems,
    notices,
    policyNotices: policyNotices.all,
    leftOut,
    causes,
  };
}

/** That of the project, also where the entry is for a user; null where it was made up. */
function gidOf({ target }: StorageResource): unknown {
  const item: Readonly<Record<string, unknown>> = target.targetItem;
  if (item.mock === true) return null;
  return isTable(item.primaryProject) ? item.primaryProject.unixGid : item.unixGid;
}

/** A server that ignores the filter by state would make us publish what is gone. */
function refuseTerminated(resource: WaldurResource): void {
  if (resource.state !== "Terminated") return;
  throw new AnswerError(
    `GET ${RESOURCES_PATH} returned the terminated resource ${resource.uuid}, which was not requested`,
    {
      hint: "this server seems to ignore the filter by state; nothing was published",
    },
  );
}
