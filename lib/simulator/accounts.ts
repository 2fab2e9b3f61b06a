// Who asks: tokens and users, and the two endpoints about them and the server.

import { type Answer, forbidden, json, notAuthenticated } from "./answers.ts";
import type { Caller, Endpoint } from "./exchange.ts";
import { tokenOf, uuidOf } from "./identity.ts";
import type { World } from "./state.ts";

export type Accounts = {
  /** By token. */
  callers: ReadonlyMap<string, Caller>;
  providerToken: string;
  consumerToken: string;
  staffToken: string;
  /** A manager of the offering, who sees all of it and may not approve orders. */
  managerToken: string;
  /** An owner of an organisation that has nothing to do with the offering. */
  strangerToken: string;
};

export function createAccounts(world: World): Accounts {
  const { seed } = world;
  const callers = new Map<string, Caller>();
  const add = (n: number, role: Caller["role"], organisationUuid: string | null): string => {
    const token = tokenOf(seed, n);
    const username = role === "provider" ? "agent" : role;
    callers.set(token, { role, username, uuid: uuidOf(seed, "user", n), organisationUuid });
    return token;
  };
  return {
    callers,
    providerToken: add(1, "provider", world.provider.uuid),
    consumerToken: add(2, "consumer", world.customers[0]?.uuid ?? null),
    staffToken: add(3, "staff", null),
    managerToken: add(5, "manager", world.provider.uuid),
    strangerToken: add(4, "stranger", uuidOf(seed, "customer", 1_000_000)),
  };
}

/** The caller of an `Authorization` header, or the 401. The scheme is `Token`, in any case. */
export function authenticate(header: string | null, accounts: Accounts): Caller | Answer {
  const [scheme, token, ...rest] = (header ?? "").trim().split(/\s+/);
  if (scheme?.toLowerCase() !== "token")
    return notAuthenticated("Authentication credentials were not provided.");
  if (token === undefined) return notAuthenticated("Invalid token. No credentials provided.");
  if (rest.length > 0) return notAuthenticated("Invalid token. Token string should not contain spaces.");
  return accounts.callers.get(token) ?? notAuthenticated("Invalid token.");
}

/** Echoes the token, as the real one does. Only staff have the key `is_staff`. */
export function readMe(accounts: Accounts): Endpoint {
  return ({ caller, origin, world }) => {
    const token = [...accounts.callers].find(([, one]) => one === caller)?.[0] ?? "";
    const { uuid, username } = caller;
    return json(200, {
      url: `${origin}/api/users/${uuid}/`,
      uuid,
      username,
      slug: `${username}-1`,
      ...UNUSED_OF_USER,
      email: `${username}@example.org`,
      token,
      token_lifetime: null,
      date_joined: "2024-01-08T07:00:00.000000Z",
      permissions: caller.organisationUuid === null ? [] : [roleOf(caller, world)],
      ...(caller.role === "staff" ? { is_staff: true } : {}),
    });
  };
}

const UNUSED_OF_USER = {
  full_name: "",
  native_name: "",
  job_title: "",
  phone_number: "",
  organization: "",
  civil_number: null,
  registration_method: "default",
  agreement_date: null,
  preferred_language: "",
  requested_email: null,
  affiliations: [],
  first_name: "",
  last_name: "",
  identity_provider_name: "Local DB",
  identity_provider_label: "Local DB",
  identity_provider_management_url: "",
  identity_provider_fields: [],
  image: null,
  identity_source: "",
} as const;

function roleOf({ uuid, username, organisationUuid, role }: Caller, world: World) {
  const isManager = role === "manager";
  const organisation = [world.provider, ...world.customers].find((one) => one.uuid === organisationUuid);
  return {
    user_uuid: uuid,
    user_name: "",
    user_slug: `${username}-1`,
    created: "2024-01-08T07:00:00.000000Z",
    expiration_time: null,
    created_by_full_name: "Staff",
    created_by_username: "staff",
    role_name: isManager ? "OFFERING.MANAGER" : "CUSTOMER.OWNER",
    role_description: isManager ? "Offering manager" : "Organization owner",
    role_uuid: uuidOf(world.seed, "user", isManager ? 1001 : 1000),
    scope_type: isManager ? "offering" : "customer",
    scope_uuid: isManager ? world.offering.uuid : organisationUuid,
    scope_name: isManager ? world.offering.name : (organisation?.name ?? ""),
  };
}

/** For staff only; whether newer servers answer others was not found out. */
export const readVersion: Endpoint = ({ caller, world }) =>
  caller.role === "staff"
    ? json(200, { version: world.generation === "2024" ? "unknown" : "8.1.3" })
    : forbidden();
