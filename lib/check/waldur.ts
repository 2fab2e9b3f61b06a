// Waldur as a run would meet it, by GETs alone: the server, the clock, the token, the offering, and what its user may
// do. The request for the offering is the first one of each run, so how it fails says which of them is at fault.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, ConfigError, RefusedError, RetryLaterError } from "../errors.ts";
import { connectTo, requestLimitsOf } from "../run/create-job.ts";
import { createReader } from "../waldur/client.ts";
import { findOffering } from "../waldur/offering.ts";
import { checkClock } from "./clock.ts";
import type { CheckContext } from "./context.ts";
import type { Findings } from "./findings.ts";
import { AFTER_OFFERING, attempt, checkOfferingFound, stoppedAt, type WaldurFound } from "./lists.ts";
import type { ItemName } from "./report.ts";
import { describeUser } from "./rights.ts";

const AFTER_TOKEN = ["offering", "type", "component", ...AFTER_OFFERING] as const satisfies ItemName[];

export async function checkWaldur(
  offering: OfferingConfig,
  context: CheckContext,
  findings: Findings,
): Promise<WaldurFound> {
  const { reader, proxyFrom, firstAnswer } = connect(offering, context);
  const known = context.unreachable.get(offering.apiUrl);
  const found = known ?? (await attempt(() => findOffering(reader, offering.uuid, offering)));
  const answer = firstAnswer();
  if (found instanceof RetryLaterError && answer === null) context.unreachable.set(offering.apiUrl, found);
  const fault = found instanceof AppError ? whoseFault(found) : null;
  if (found instanceof AppError && fault === "server") findings.failWith("server", found);
  else findings.ok("server", describeServer(offering, proxyFrom));
  if (answer === null) findings.skip(["clock"], "server");
  else checkClock(answer, findings);
  if (found instanceof AppError && fault === "server") {
    findings.skip(["token", ...AFTER_TOKEN], "server");
    return stoppedAt("server", found);
  }
  if (found instanceof AppError && fault === "token") {
    const { exitCode, hint = "" } = found;
    findings.fail("token", `${found.message}; it is from ${offering.tokenSource}`, { hint, exitCode });
    findings.skip(AFTER_TOKEN, "token");
    return stoppedAt("token", found);
  }
  const user = await describeUser(reader, offering.tokenSource, findings);
  if (found instanceof AppError) {
    findings.failWith("offering", found);
    findings.skip(AFTER_TOKEN.slice(1), "offering");
    return stoppedAt("offering", found);
  }
  findings.ok("offering", `${offering.uuid} exists, its slug is ${found.slug}`);
  return checkOfferingFound(found, { offering, reader, findings, user });
}

/** A client as a dry run has it, which remembers when the server answered first. */
function connect(offering: OfferingConfig, { config, end, options, surroundings }: CheckContext) {
  const dry = { ...options, mode: "sync", dryRun: true } as const;
  const share = { offering, config, end, surroundings, options: dry };
  const connection = connectTo(share, false);
  let first: { date: string | null; at: Date } | null = null;
  const reader = createReader(connection, {
    ...requestLimitsOf(share),
    onRetry: (message) => surroundings.progress.begin(message),
    onAnswer: (headers) => {
      first ??= { date: headers.get("date"), at: surroundings.now() };
    },
  });
  return { reader, proxyFrom: connection.proxyFrom, firstAnswer: () => first };
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
