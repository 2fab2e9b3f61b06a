// One request as the endpoints see it: routed, authenticated, its body read; and who may be asking.

import type { Answer } from "./answers.ts";
import { parseUuid } from "./identity.ts";
import type { Offering } from "./model.ts";
import type { World } from "./state.ts";

export type Role = "provider" | "manager" | "consumer" | "staff" | "stranger";

/** A user, and the organisation that they own; staff own none. */
export type Caller = {
  role: Role;
  username: string;
  uuid: string;
  /** null for staff. */
  organisationUuid: string | null;
};

/** Departures from the normal course that an endpoint itself must play, by the name of the fault. */
export type Quirks = ReadonlySet<string>;

export type Exchange = {
  method: string;
  /** Below `/api/`, without the query. */
  path: string;
  query: URLSearchParams;
  /** `http://host:port`, as the client called it. */
  origin: string;
  /** undefined: no body. */
  body: unknown;
  caller: Caller;
  quirks: Quirks;
  world: World;
};

/** `uuid` is the one in the path; malformed ones match nothing. */
export type Endpoint = (exchange: Exchange, uuid: string) => Answer;

/** Every offering there is. */
export function offeringsOf(world: World): readonly Offering[] {
  return [world.offering, world.otherOffering];
}

/** The offering with this uuid if the caller provides it. */
export function providerOffering(exchange: Exchange, text: string): Offering | undefined {
  const uuid = parseUuid(text);
  const offering = offeringsOf(exchange.world).find((one) => one.uuid === uuid);
  return offering !== undefined && seesAsProvider(exchange, offering.uuid) ? offering : undefined;
}

/** Providers see what is ordered of their offerings; staff see everything. */
export function seesAsProvider({ caller, world }: Exchange, offeringUuid: string): boolean {
  if (caller.role === "staff") return true;
  const offering = offeringsOf(world).find((one) => one.uuid === offeringUuid);
  return offering !== undefined && offering.provider.uuid === caller.organisationUuid;
}

/** Consumers see what their own organisation ordered; staff see everything. */
export function seesAsConsumer(
  { caller }: Exchange,
  project: { customer: { uuid: string } } | null,
): boolean {
  if (caller.role === "staff") return true;
  return project !== null && project.customer.uuid === caller.organisationUuid;
}

/** The part of a request that decides whether a fault concerns it. */
export type Concern = Pick<Exchange, "method" | "path" | "query">;
