// An offering that Waldur knows: whether its type, its component, and the lists that runs read are as they need them.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, type ExitCode, InterruptedError } from "../errors.ts";
import type { Mode } from "../output/directory.ts";
import type { Reader } from "../waldur/client.ts";
import { type Probe, probeResources, requireType } from "../waldur/offering.ts";
import { countOpenOrders } from "../waldur/orders.ts";
import type { WaldurUser } from "../waldur/user.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import { checkComponent } from "./component.ts";
import type { Stopped } from "./context.ts";
import type { Findings } from "./findings.ts";
import type { ItemName } from "./report.ts";
import { checkRights } from "./rights.ts";

export type WaldurFound = {
  /** Where the runs of a mode would end; null when they can read their lists. */
  stopped: Readonly<Record<Mode, Stopped | null>>;
  /** What `check` alone objects to. */
  own: readonly ExitCode[];
};

/** Items that need the offering. */
export const AFTER_OFFERING = [
  "read-resources",
  "generation",
  "read-orders",
  "change-orders",
  "gid-source",
] as const satisfies ItemName[];

type Found = {
  offering: OfferingConfig;
  reader: Reader;
  findings: Findings;
  user: WaldurUser | null;
};

export async function checkOfferingFound(
  waldur: WaldurOffering,
  { offering, reader, findings, user }: Found,
): Promise<WaldurFound> {
  const wrongType = await attempt(() => requireType(waldur, offering));
  if (wrongType instanceof AppError) {
    findings.failWith("type", wrongType);
    findings.skip(["component", ...AFTER_OFFERING], "type");
    return stoppedAt("type", wrongType);
  }
  findings.ok("type", waldur.type);
  const own = [await checkComponent(offering, reader, findings)];
  const probe = await attempt(() => probeResources(reader, offering.uuid));
  noteProbe(probe, findings);
  const open = await attempt(() => countOpenOrders(reader, offering.uuid));
  if (open instanceof AppError) findings.failWith("read-orders", open);
  else findings.ok("read-orders", `${open ?? "some"} open orders`);
  if (offering.orders) {
    const isOf2024 = !(probe instanceof AppError) && probe.hasSlugs === false;
    own.push(checkRights(user, { offering: waldur, isOf2024, open }, findings));
  } else findings.ok("change-orders", "not needed: no mode changes orders");
  const orders = open instanceof AppError ? stopAt("read-orders", open) : null;
  // It reads the orders, too: which changes wait for consent.
  const sync = probe instanceof AppError ? stopAt("read-resources", probe) : orders;
  return { stopped: { sync, orders }, own };
}

function noteProbe(probe: Probe | AppError, findings: Findings): void {
  if (probe instanceof AppError) {
    findings.failWith("read-resources", probe);
    findings.skip(["generation"], "read-resources");
    return;
  }
  findings.ok("read-resources", `${probe.count ?? "some"} resources in any state`);
  findings.ok("generation", GENERATION[`${probe.hasSlugs}`]);
}

const GENERATION = {
  true: "current: resources have the slugs of project and customer",
  false: "2024: slugs are read from the list of the provider's projects",
  null: "not known while there is no resource",
} as const;

/** Runs of both modes would end there. */
export function stoppedAt(item: ItemName, error: AppError): WaldurFound {
  const stopped = stopAt(item, error);
  return { stopped: { sync: stopped, orders: stopped }, own: [] };
}

function stopAt(item: ItemName, { exitCode: code }: AppError): Stopped {
  return { item, code };
}

/** The error in place of the result; an interruption ends the check. */
export async function attempt<Result>(ask: () => Promise<Result>): Promise<Result | AppError> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
    return error;
  }
}
