// A check as people read it, while it is made.

import type { Surroundings } from "../run/options.ts";
import { checkSetup } from "./check.ts";
import type { CheckOptions } from "./context.ts";
import type { CheckReport } from "./report.ts";
import { conclusionText, findingText, offeringHeading } from "./text.ts";

export async function showCheck(
  options: CheckOptions,
  surroundings: Surroundings,
  { width, show }: { width: number; show: (text: string) => void },
): Promise<CheckReport> {
  let heading: string | null = null;
  const report = await checkSetup(options, surroundings, (finding, offering) => {
    if (offering !== null && offering.uuid !== heading) show(offeringHeading(offering));
    heading = offering?.uuid ?? heading;
    show(findingText(finding, width));
  });
  show(conclusionText(report));
  return report;
}
