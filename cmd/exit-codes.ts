// The exit codes as help, the man page and the README show them (docs/contract.md, "Exit codes").

import { EXIT, type ExitCode } from "../lib/errors.ts";

export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, "all done, also when there was nothing to do"],
  [EXIT.bug, "a bug in the program"],
  [EXIT.problems, "some orders or resources could not be handled; the rest was"],
  [EXIT.usage, "wrong command line"],
  [EXIT.answer, "Waldur's answer is unusable, or the list shrank beyond the guard"],
  [EXIT.endpoint, "TLS verification failed, a redirect, or no such endpoint"],
  [
    EXIT.output,
    "the output directory or the metrics file cannot be written, or require_mount is not mounted",
  ],
  [EXIT.stdout, "standard output could not be written"],
  [EXIT.retryLater, "Waldur unreachable or busy, or another run holds the lock: try again later"],
  [EXIT.refused, "Waldur refused the token or the permission"],
  [EXIT.config, "configuration error; all errors are listed at once"],
  [EXIT.sigint, "interrupted by SIGINT (143: SIGTERM); nothing is half-written"],
];
