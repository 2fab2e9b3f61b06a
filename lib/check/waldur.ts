// Waldur as a run would meet it, by GETs alone: the server, the clock, the token, the offering, and what its user may do.
// The request for the offering is the first one of each run, so how it fails says which of them is at fault.

import type { OfferingConfig } from "../config/config.ts";
import {
  AppError,
  ConfigError,
  type ExitCode,
  InterruptedError,
  RefusedError,
  RetryLaterError,
} from "../errors.ts";
import { connectionOf } from "../run/connection.ts";
import { createReader, type Reader } from "../waldur/client.ts";
import { findOffering, probeResources, requireType } from "../waldur/offering.ts";
import { countOpenOrders } from "../waldur/orders.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import { checkClock } from "./clock.ts";
import { checkComponent } from "./component.ts";
import type { CheckContext, Stopped } from "./context.ts";
import type { Findings } from "./findings.ts";
import type { ItemName } from "./report.ts";
import { checkRights, describeUser } from "./rights.ts";

export type WaldurFound = {
  /** Where every run of the offering would end; null when the lists can be asked for. */
  stopped: Stopped | null;
  /** What `check` alone objects to. */
  own: readonly ExitCode[];
};

const AFTER_SERVER = ["clock", "token", "offering", "type", "component"] as const satisfies ItemName[];
const AFTER_OFFERING = ["read-resources", "generation", "read-orders", "change-orders"] as const;

export async function checkWaldur(
  offering: OfferingConfig,
  context: CheckContext,
  findings: Findings,
): Promise<WaldurFound> {
  const { now, env, version } = context.surroundings;
  const { silenceMs, retries } = context.options;
  const connection = connectionOf(offering, { env, userAgent: `waldur-cscs-storage/${version}` });
  const { signal, timeLeftMs } = context.end;
  let answered: { date: string | null; at: Date } | null = null;
  const reader = createReader(connection, {
    silenceMs,
    retries,
    signal,
    now,
    random: context.surroundings.random,
    timeLeftMs,
    onRetry: (message) => context.surroundings.progress.show(message),
    onAnswer: (headers) => {
      answered ??= { date: headers.get("date"), at: now() };
    },
  });
  const describe = () => describeServer(offering, connection.proxyFrom);
  const place = { file: context.config.path, name: offering.name };

  const known = context.unreachable.get(offering.apiUrl);
  const found = known ?? (await attempt(() => findOffering(reader, offering.uuid, place)));
  if (found instanceof AppError && whoseFault(found) === "server") {
    if (found instanceof RetryLaterError) context.unreachable.set(offering.apiUrl, found);
    findings.failWith("server", found);
    if (answered !== null) checkClock(answered, findings);
    findings.skip(
      [...AFTER_SERVER.filter((item) => item !== "clock" || answered === null), ...AFTER_OFFERING],
      "server",
    );
    return stoppedAt("server", found);
  }
  findings.ok("server", describe());
  if (answered !== null) checkClock(answered, findings);
  if (found instanceof AppError && whoseFault(found) === "token") {
    const { exitCode, hint = "" } = found;
    findings.fail("token", `${found.message}; it is from ${offering.tokenSource}`, { hint, exitCode });
    findings.skip(["offering", "type", "component", ...AFTER_OFFERING], "token");
    return stoppedAt("token", found);
  }
  const user = await describeUser(reader, offering.tokenSource, findings);
  if (found instanceof AppError) {
    findings.failWith("offering", found);
    findings.skip(["type", "component", ...AFTER_OFFERING], "offering");
    return stoppedAt("offering", found);
  }
  findings.ok("offering", `${offering.uuid} is there, its slug is ${found.slug}`);
  return checkFound(found, { offering, reader, findings, user, place });
}

type Found = {
  offering: OfferingConfig;
  reader: Reader;
  findings: Findings;
  user: Awaited<ReturnType<typeof describeUser>>;
  place: { file: string; name: string };
};

async function checkFound(found: WaldurOffering, { offering, reader, findings, user, place }: Found) {
  const wrongType = await attempt(async () => requireType(found, place));
  if (wrongType instanceof AppError) {
    findings.failWith("type", wrongType);
    findings.skip(["component", ...AFTER_OFFERING], "type");
    return stoppedAt("type", wrongType);
  }
  findings.ok("type", found.type);
  const own = [await checkComponent(offering, reader, findings)];
  const probe = await attempt(() => probeResources(reader, offering.uuid));
  if (probe instanceof AppError) {
    findings.failWith("read-resources", probe);
    findings.skip(["generation"], "read-resources");
  } else {
    findings.ok("read-resources", `${probe.count ?? "some"} resources in any state`);
    findings.ok("generation", GENERATION[`${probe.hasSlugs}`]);
  }
  const open = await attempt(() => countOpenOrders(reader, offering.uuid));
  if (open instanceof AppError) findings.failWith("read-orders", open);
  else findings.ok("read-orders", `${open ?? "some"} open orders`);
  const generation = probe instanceof AppError ? null : probe.hasSlugs;
  if (offering.orders)
    own.push(checkRights(user, { offering: found, isOf2024: generation === false, open }, findings));
  else findings.ok("change-orders", "not needed: no mode changes orders");
  // Both modes list both.
  const [stopped = null] = [
    ...(probe instanceof AppError ? [stoppedAt("read-resources", probe)] : []),
    ...(open instanceof AppError ? [stoppedAt("read-orders", open)] : []),
  ];
  return { stopped: stopped?.stopped ?? null, own };
}

const GENERATION = {
  true: "current: resources carry the slugs of project and customer",
  false: "2024: slugs are read from the list of the provider's projects",
  null: "not known while there is no resource",
} as const;

function stoppedAt(item: ItemName, { exitCode: code }: AppError): WaldurFound {
  return { stopped: { item, code }, own: [] };
}

function whoseFault(error: AppError): "server" | "token" | "offering" {
  if (error instanceof ConfigError) return "offering";
  if (!(error instanceof RefusedError)) return "server";
  return error.status === 401 ? "token" : "offering";
}

/** The error in place of the result; an interruption ends the check. */
async function attempt<Result>(ask: () => Promise<Result>): Promise<Result | AppError> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
    return error;
  }
}

/** Its address, how it is known to be that one, and what is on the way. A proxy's address may hold a password. */
function describeServer({ apiUrl, verifyTls, caPem }: OfferingConfig, proxyFrom: string | null): string {
  const url = new URL(apiUrl);
  const roots = caPem === null ? "the system's CAs" : "the system's CAs and ca_file";
  const verified = verifyTls ? `certificate verified with ${roots}` : "certificate not verified (verify_ssl)";
  const tls = url.protocol === "https:" ? verified : "not encrypted (http)";
  return `${url.origin} answers; ${tls}; ${proxyFrom === null ? "no proxy" : `${proxyFrom} names a proxy`}`;
}
