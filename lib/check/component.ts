// The component that carries the space quota, as the configuration and the offering name it.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode, InterruptedError } from "../errors.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchComponents, type OfferingComponent } from "../waldur/offering-components.ts";
import { oneLine } from "../waldur/status-errors.ts";
import type { Findings } from "./findings.ts";

/**
 * A run never asks for the components: where they cannot be had it continues, and so does the check.
 * @returns what `check` ends with when no limit can have the configured component
 */
export async function checkComponent(
  offering: OfferingConfig,
  reader: Reader,
  findings: Findings,
): Promise<ExitCode> {
  try {
    return compare(offering, await fetchComponents(reader, offering.uuid), findings);
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
    findings.warn("component", `the components of the offering cannot be read: ${error.message}`);
    return EXIT.ok;
  }
}

function compare(
  { component: { name, unitFactor } }: OfferingConfig,
  components: readonly OfferingComponent[],
  findings: Findings,
): ExitCode {
  const there = components.map(({ type, unit }) => oneLine(unit === "" ? type : `${type} (${unit})`));
  if (components.length === 0) {
    findings.warn("component", "the offering has no component, so its resources cannot have quotas", {
      hint: `create the component ${name} of it in Waldur`,
    });
    return EXIT.ok;
  }
  const found = components.find(({ type }) => type === name);
  if (found === undefined) {
    findings.fail("component", `the offering has no component ${name}; there is: ${there.join(", ")}`, {
      hint: "in backend_components, use the one whose limit is the space quota",
      exitCode: EXIT.problems,
    });
    return EXIT.problems;
  }
  warnOfUnit(found, unitFactor, findings);
  findings.ok(
    "component",
    `${name}: a limit of 1 ${oneLine(found.unit)} is ${unitFactor} TB`.replace("  ", " "),
  );
  return EXIT.ok;
}

/** TB of a unit that people write. */
const UNITS_TB: Readonly<Record<string, number>> = { gb: 1e-3, gib: 1e-3, tb: 1, tib: 1, pb: 1e3, pib: 1e3 };

function warnOfUnit(
  { type, unit, billingType }: OfferingComponent,
  factor: number,
  findings: Findings,
): void {
  const tb = UNITS_TB[unit.trim().toLowerCase()];
  // GiB or GB, 1000 or 1024: that is a choice. A thousandfold is not.
  if (tb !== undefined && (factor / tb > 2 || factor / tb < 0.5))
    findings.warn("component", `Waldur measures ${type} in ${unit}, but unit_factor is ${factor}`, {
      hint: `a limit of 1 ${unit} would become a quota of ${factor} TB; unit_factor: ${tb} makes ${tb} TB of it`,
    });
  if (billingType !== "" && billingType !== "limit")
    findings.warn(
      "component",
      `${type} is billed by ${oneLine(billingType)}: resources have limits only if it is billed by limit`,
    );
}
