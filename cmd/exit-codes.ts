// The exit codes as help, the man page and the README show them (docs/contract.md, "Exit codes").

import { EXIT, type ExitCode } from "../lib/errors.ts";

export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, "all done, also when there was nothing to do"],
  [EXIT.bug, "a bug in the program"],
  [EXIT.problems, "some orders or resources could not be handled; the rest was"],
  [EXIT.usage, "wrong command line"],
  [EXIT.answer, "Waldur's answer cannot be used, or the guard refused the snapshot"],
  [EXIT.endpoint, "TLS verification failed, a proxy that cannot be used, a redirect, or no such endpoint"],
  [EXIT.output, "the output directory or the metrics file cannot be used, or require_mount is not mounted"],
  [EXIT.stdout, "standard output could not be written"],
  [EXIT.retryLater, "Waldur or a disk does not answer, or another run holds the lock: try again later"],
  [EXIT.refused, "Waldur refused the token or the permission"],
  [EXIT.config, "configuration error"],
  [EXIT.sigint, "interrupted by SIGINT (143: SIGTERM); nothing is half-written"],
];

/** Of a command that reads neither a configuration nor the state. */
export const PLAIN_ENDS: readonly ExitCode[] = [EXIT.ok, EXIT.bug, EXIT.usage, EXIT.stdout, EXIT.sigint];

/** Of one that reads both, and sends no requests. */
export const LOCAL_ENDS: readonly ExitCode[] = [...PLAIN_ENDS, EXIT.output, EXIT.retryLater, EXIT.config];
