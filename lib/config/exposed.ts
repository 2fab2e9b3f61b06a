// Files that others can change, and files with a secret that everybody can read: errors, or warnings with
// --allow-insecure-config.

import type { Changeable } from "../places/changeable.ts";
import type { Report } from "../yaml/findings.ts";

type Leniency = { allowInsecure: boolean };

/** A file that others can change. */
export function reportChangeable(
  found: Changeable | null,
  { report, file }: { report: Report; file: string },
  { allowInsecure }: Leniency,
): void {
  if (found === null) return;
  const say = allowInsecure ? report.warn : report.error;
  say(`${found.who} ${file}: ${found.detail}`, `${found.remedy} ${file}`);
}

/** A file with a secret in it that everybody can read. */
export function reportOpenToken(
  report: Report,
  file: string,
  { allowInsecure, what = "token" }: Leniency & { what?: string },
): void {
  const say = allowInsecure ? report.warn : report.error;
  say(`everybody on this machine can read the ${what} in ${file}`, `chmod 640 ${file}`);
}
