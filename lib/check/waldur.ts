// Waldur as a run would meet it, by GETs alone: the server, the clock, the token, the offering, and what its user may do.
// The request for the offering is the first one of each run, so how it fails says which of them is at fault.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, ConfigError, RefusedError, RetryLaterError } from "../errors.ts";
import { connectionOf } from "../run/connection.ts";
import { createReader } from "../waldur/client.ts";
import { findOffering } from "../waldur/offering.ts";
import { checkClock } from "./clock.ts";
import type { CheckContext } from "./context.ts";
import type { Findings } from "./findings.ts";
import { AFTER_OFFERING, attempt, checkOfferingFound, stoppedAt, type WaldurFound } from "./lists.ts";
import type { ItemName } from "./report.ts";
import { describeUser } from "./rights.ts";

const AFTER_SERVER = ["clock", "token", "offering", "type", "component"] as const satisfies ItemName[];

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
    if (found instanceof RetryLaterError && answered === null)
      context.unreachable.set(offering.apiUrl, found);
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
  return checkOfferingFound(found, { offering, reader, findings, user, place });
}

function whoseFault(error: AppError): "server" | "token" | "offering" {
  if (error instanceof ConfigError) return "offering";
  if (!(error instanceof RefusedError)) return "server";
  return error.status === 401 ? "token" : "offering";
}

/** Its address, how it is known to be that one, and what is on the way. A proxy's address may hold a password. */
function describeServer({ apiUrl, verifyTls, caPem }: OfferingConfig, proxyFrom: string | null): string {
  const url = new URL(apiUrl);
  const roots = caPem === null ? "the system's CAs" : "the system's CAs and ca_file";
  const verified = verifyTls ? `certificate verified with ${roots}` : "certificate not verified (verify_ssl)";
  const tls = url.protocol === "https:" ? verified : "not encrypted (http)";
  return `${url.origin} answers; ${tls}; ${proxyFrom === null ? "no proxy" : `${proxyFrom} names a proxy`}`;
}
