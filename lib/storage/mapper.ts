// From a Waldur resource, alone or with an order for it, to an entry of the document. One mapper for both modes: they
// differ in the status, and in the limits and options of an order. An item with any problem has no entry at all; every
// problem of it is reported. Rules: docs/contract.md, "The document".

import type { MappingProblem, Quota, StorageResource, StorageSource, StorageStatus } from "./document.ts";
import { checkEntrySize } from "./entry-size.ts";
import type { Hierarchy } from "./hierarchy.ts";
import { type MappedOffering, type MapperOptions, prepareOffering } from "./mapped-offering.ts";
import { inputBefore, inputOfOrder, type MappedOrder } from "./order-input.ts";
import { readPermission } from "./permission.ts";
import { type Place, readPlace } from "./place.ts";
import type { Policy } from "./policy.ts";
import type { Problems } from "./problems.ts";
import type { QuotaFindings, QuotaValues } from "./quota-policy.ts";
import { type QuotaInput, readQuotas } from "./quotas.ts";
import { statusOfOrder, statusOfState } from "./status.ts";
import { checkUuid, readHierarchyItem, readTargetItem } from "./target.ts";

export type Mapped =
  /**
   * `spared`: what is wrong with parts that a terminate order does not need. `warnings`: what the site's policy
   * publishes with a warning. `lack`: a problem with which the entry is published nevertheless.
   */
  | ({ ok: true; entry: StorageResource; spared: Problems } & Findings)
  /** `billed`: the quotas that the limit gives, where only those above them are refused. */
  | { ok: false; problems: Problems; billed?: QuotaValues | undefined };

type Findings = { warnings: readonly MappingProblem[]; lack: MappingProblem | null };

export type Mapper = {
  /** The path that the resource's backend id, or else the template, gives it. */
  placeOf(source: StorageSource): Place;
  /** The entry of a resource as it is; the status comes from its state. */
  mapResource(source: StorageSource, place?: Place): Mapped;
  /** The entry that an order asks for; the status comes from the type of the order. */
  mapOrder(order: MappedOrder, source: StorageSource, place?: Place): Mapped;
  policy: Policy;
  /** A backend id as the profile takes it. */
  backendIdOf(backendId: string): string;
  /** null: the profile is flat. */
  hierarchy: Hierarchy | null;
};

/**
 * A mapper for one offering.
 * @throws AnswerError when the offering's own names cannot be part of a path: then no resource of it could be published
 * @throws RetryLaterError when the map of GIDs has a fault: then no project may be published without its GID
 */
export function createMapper(options: MapperOptions): Mapper {
  const offering = prepareOffering(options);
  const placeOf = (source: StorageSource) => readPlace(offering, source);
  return {
    placeOf,
    policy: offering.policy,
    hierarchy: offering.hierarchy,
    backendIdOf: offering.backendIdOf,
    mapResource(source, place = placeOf(source)) {
      const problems: Problems = [];
      const status = statusOfState(source.state, problems);
      const mayLackGid = offering.gids.comesWithAcceptance && source.state === "Creating";
      return mapEntry(offering, { source, place, status, input: source, mayLackGid }, problems);
    },
    mapOrder(order, source, place = placeOf(source)) {
      const problems: Problems = [];
      const status = statusOfOrder(order.type);
      const input = inputOfOrder(order, source, problems);
      const before = order.type === "update" ? inputBefore(order, source, options.component.name) : undefined;
      const isRemoval = order.type === "terminate";
      const mayLackGid = offering.gids.comesWithAcceptance && order.isAccepted === false;
      return mapEntry(offering, { source, place, status, input, before, isRemoval, mayLackGid }, problems);
    },
  };
}

type EntryFacts = {
  source: StorageSource;
  place: Place;
  status: StorageStatus | undefined;
  /** Limits and options that decide the quotas. */
  input: QuotaInput;
  /** Those before the change; only for an update. */
  before?: QuotaInput | undefined;
  isRemoval?: boolean;
  mayLackGid: boolean;
};

function mapEntry(offering: MappedOffering, facts: EntryFacts, problems: Problems): Mapped {
  checkUuid(facts.source.uuid, "uuid", problems);
  // A terminate order needs path and target only: a resource that cannot be mapped can still be removed.
  const isSparing = facts.isRemoval === true && facts.place.path !== undefined;
  const spared: Problems = isSparing ? [] : problems;
  const found: Found = { problems, spared: { problems: spared } };
  const read = readParts(offering, facts, found);
  const parts = isSparing ? withoutFaults(offering, read) : read;
  if (problems.length > 0 || !isWhole(parts)) return { ok: false, problems, billed: found.spared.billed };
  const entry: StorageResource = {
    itemId: facts.source.uuid,
    status: parts.status,
    mountPoint: { default: parts.mountPoint },
    permission: parts.permission === null ? null : { permissionType: "octal", value: parts.permission },
    quotas: parts.quotas,
    ...quotasOfChange(offering, facts, parts.quotas),
    target: { targetType: parts.user === null ? "project" : "user", targetItem: parts.targetItem },
    storageSystem: offering.storageSystem,
    storageFileSystem: offering.fileSystem,
    storageDataType: offering.dataTypeOf(parts.dataType),
    parentItemId: offering.hierarchy?.parentItemId(parts.mountPoint) ?? null,
    tenant: parts.tenant,
    customer: parts.customer,
  };
  if (!checkEntrySize(entry, facts.source, problems)) return { ok: false, problems };
  const warnings = found.spared.warnings ?? NONE;
  return {
    ok: true,
    entry,
    spared: isSparing ? spared : [],
    warnings,
    lack: isSparing ? null : (parts.user?.lack ?? null),
  };
}

const NONE: readonly MappingProblem[] = [];

/** `spared`: of parts that a terminate order does not need. */
type Found = { problems: Problems; spared: QuotaFindings };

type Parts = ReturnType<typeof readParts>;

function withoutFaults({ settings }: MappedOffering, { permission, quotas, dataType, ...needed }: Parts) {
  return {
    ...needed,
    dataType: dataType ?? settings.defaultDataType,
    permission: permission ?? null,
    quotas: quotas ?? null,
  };
}

/** Every part that could be read; one that could not is undefined, and its problem is among those given. */
function readParts(
  offering: MappedOffering,
  { source, place, status, input, isRemoval, mayLackGid }: EntryFacts,
  { problems, spared }: Found,
) {
  const asked = { source, policy: offering.policy };
  for (const problem of place.problems) spared.problems.push(problem);
  if (place.suspect !== undefined) problems.push(place.suspect);
  const { form } = place;
  const rules = { offering, mayLackGid };
  const user =
    offering.hierarchy === null
      ? null
      : offering.hierarchy.readUser(source, { dataType: place.dataType, rules }, problems);
  const { limits, options } = input;
  const permissionGrounds = { options, attributes: source.attributes, form };
  return {
    status,
    dataType: place.dataType,
    mountPoint: place.path,
    permission: readPermission(permissionGrounds, offering.permissions, spared.problems),
    quotas: readQuotas(
      isRemoval === true ? offering.pastQuotas : offering.quotas,
      { limits, options, form },
      spared,
    ),
    user,
    targetItem: user === null ? readTargetItem(source, rules, problems) : user?.item,
    tenant: readHierarchyItem("tenant", asked, problems),
    customer: readHierarchyItem("customer", asked, problems),
  };
}

type Whole<Parts> = { [Name in keyof Parts]: Exclude<Parts[Name], undefined> };

function isWhole<Parts extends Record<string, unknown>>(parts: Parts): parts is Parts & Whole<Parts> {
  for (const name in parts) if (parts[name] === undefined) return false;
  return true;
}

/**
 * Old quotas that cannot be read were never published, so they are null: an update that corrects a bad limit goes
 * through.
 */
function quotasOfChange(offering: MappedOffering, { place, before }: EntryFacts, newQuotas: Quota[] | null) {
  if (before === undefined) return undefined;
  return {
    oldQuotas: readQuotas(offering.pastQuotas, { ...before, form: place.form }, { problems: [] }) ?? null,
    newQuotas,
  };
}
