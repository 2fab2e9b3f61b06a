// What a simulated Waldur consists of, as plain data that a test may set to anything, also to what a real server would
// never send. Nothing here knows HTTP or snake case; order-view.ts and resource-view.ts do.

/** Which kind of server answers: one of 2026, or one of October 2024 (docs/waldur.md, "Generations"). */
export type Generation = "current" | "2024";

export type Organisation = { uuid: string; name: string; slug: string | null };

export type Project = {
  uuid: string;
  name: string;
  slug: string | null;
  customer: Organisation;
  wire?: Wire;
};

/** One component of an offering; `extra` are fields that were sent and are only echoed. */
export type Component = {
  uuid: string;
  type: string;
  name: string;
  billingType: string;
  measuredUnit: string;
  extra: Readonly<Record<string, unknown>>;
};

export type Offering = {
  uuid: string;
  name: string;
  slug: string | null;
  type: string;
  provider: Organisation;
  planUuid: string;
  components: Component[];
  /** `Archived` ones cannot be changed any more. */
  state: string;
  /** The role of its owners has the right to change components; a site may take it away. */
  ownerMayChangeComponents: boolean;
  wire?: Wire;
};

/** Fields that replace those of the view, by their wire names; undefined leaves a field out. */
export type Wire = Record<string, unknown>;

export type SimResource = {
  /** Its place in every list: oldest first. */
  readonly index: number;
  uuid: string;
  offeringUuid: string;
  name: string;
  slug: string | null;
  state: string;
  limits: unknown;
  attributes: unknown;
  options: unknown;
  backendId: string | null;
  backendMetadata: unknown;
  project: Project | null;
  hasPlan: boolean;
  /** The legacy allocation that the worker of a 2024 server makes. */
  allocationUuid: string | null;
  /** The allocation is in OK, so that one update approved by `approve_by_provider` succeeds. */
  allocationReady: boolean;
  created: string;
  modified: string;
  errorMessage: string;
  wire: Wire;
};

export type OrderType = "Create" | "Update" | "Terminate" | "Restore";

export type SimOrder = {
  uuid: string;
  type: OrderType | (string & {});
  state: string;
  offeringUuid: string;
  resourceUuid: string | null;
  resourceName: string;
  project: Project | null;
  limits: unknown;
  attributes: unknown;
  hasPlan: boolean;
  created: string;
  modified: string;
  consumerReviewedAt: string | null;
  providerReviewedAt: string | null;
  errorMessage: string;
  backendId: string;
  /** The day, as `2027-01-31`, before which an approved order is not begun; newer servers only. */
  startDate: string | null;
  wire: Wire;
};

export const RESOURCE_STATES = ["Creating", "OK", "Erred", "Updating", "Terminating", "Terminated"] as const;

const ORDER_STATES_2024 = [
  "pending-consumer",
  "pending-provider",
  "pending-project",
  "executing",
  "done",
  "erred",
  "canceled",
  "rejected",
] as const;

/** State names that a filter accepts; a newer name is a 400 on an older server. */
export function orderStates(generation: Generation): readonly string[] {
  return generation === "2024" ? ORDER_STATES_2024 : [...ORDER_STATES_2024, "pending-start-date"];
}

export function orderTypes(generation: Generation): readonly string[] {
  const types = ["Create", "Update", "Terminate"];
  return generation === "2024" ? types : [...types, "Restore"];
}

/** A date as Waldur writes it: UTC with microseconds. */
export function stamp(date: Date): string {
  return `${date.toISOString().slice(0, -1)}000Z`;
}
