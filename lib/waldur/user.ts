// Whose token it is, as far as that says what the program may do. The answer holds names, an address and the token
// itself: nothing of that is kept.

import * as v from "valibot";
import type { Reader } from "./client.ts";
import { ME_PATH } from "./vocabulary.ts";
import { parseOrThrow, Uuid } from "./wire.ts";

const Permission = v.object({
  role_name: v.string(),
  scope_type: v.nullish(v.string(), null),
  scope_uuid: v.nullish(Uuid, null),
});
const User = v.object({
  uuid: Uuid,
  is_staff: v.nullish(v.boolean(), false),
  permissions: v.nullish(v.array(Permission), null),
});
const FIELDS = Object.keys(User.entries);

/** A role such as `CUSTOMER.OWNER`, and of what. */
export type Role = { name: string; scope: string | null };
/** `roles`: null where the server does not say. */
export type WaldurUser = { uuid: string; isStaff: boolean; roles: readonly Role[] | null };

export async function fetchUser(reader: Reader): Promise<WaldurUser> {
  const answer = await reader.get(ME_PATH, { field: FIELDS });
  const { uuid, is_staff: isStaff, permissions } = parseOrThrow(User, answer.body, "the token's user");
  const roles = permissions?.map(({ role_name, scope_uuid }) => ({ name: role_name, scope: scope_uuid }));
  return { uuid, isStaff: isStaff === true, roles: roles ?? null };
}
