// Whose token it is, and whether that user may change orders, as far as GETs say. No name of a person is shown.

import { AppError, EXIT, type ExitCode, InterruptedError } from "../errors.ts";
import type { Reader } from "../waldur/client.ts";
import { oneLine } from "../waldur/status-errors.ts";
import { fetchUser, type WaldurUser } from "../waldur/user.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import type { Findings } from "./findings.ts";

/** null where the server does not say; a run does not ask for it. */
export async function describeUser(
  reader: Reader,
  source: string,
  findings: Findings,
): Promise<WaldurUser | null> {
  try {
    const user = await fetchUser(reader);
    findings.ok("token", `accepted, of user ${user.uuid}; from ${source}`);
    return user;
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
    findings.ok("token", `accepted, of a user that the server does not show; from ${source}`);
    return null;
  }
}

/** On servers of 2024 this role can read everything, but its approvals are refused (measured). */
const POWERLESS = "OFFERING.MANAGER";

type Sought = { offering: WaldurOffering; isOf2024: boolean; open: number | null | AppError };

/** @returns what `check` ends with when the right is known to be missing */
export function checkRights(
  user: WaldurUser | null,
  { offering, isOf2024, open }: Sought,
  findings: Findings,
): ExitCode {
  const hint = "make the token's user an owner of the provider's organisation in Waldur";
  if (user?.isStaff === true) {
    findings.ok("change-orders", "the token's user is staff");
    return EXIT.ok;
  }
  if (user === null || user.roles === null) {
    findings.warn("change-orders", "the server does not say what the token's user may do", { hint });
    return EXIT.ok;
  }
  const here = user.roles.filter(({ scope }) => scope === offering.uuid || scope === offering.customerUuid);
  if (here.some(({ name, scope }) => name === "CUSTOMER.OWNER" && scope === offering.customerUuid)) {
    findings.ok("change-orders", "the token's user is an owner of the provider's organisation");
    return EXIT.ok;
  }
  const roles = here.length === 0 ? "no role" : here.map(({ name }) => oneLine(name)).join(", ");
  const message = `the token's user has ${roles} there, which may not allow accepting orders`;
  const isPowerless = isOf2024 && here.length > 0 && here.every(({ name }) => name === POWERLESS);
  if (!isPowerless || open === 0 || open instanceof AppError) {
    findings.warn("change-orders", message, { hint });
    return EXIT.ok;
  }
  findings.fail("change-orders", `the token's user is ${POWERLESS}, which may not accept orders`, {
    hint,
    exitCode: EXIT.problems,
  });
  return EXIT.problems;
}
