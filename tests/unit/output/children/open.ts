// An output as the children of tests open it: what it warns of is a line of their output.

import { type Mode, type Output, openOutput } from "../../../../lib/output/directory.ts";

export function openHere(directory: string, mode: Mode): Output {
  return openOutput({
    directory,
    mode,
    requireMount: null,
    allowShared: false,
    notice: () => undefined,
    fileMode: 0o640,
    now: () => new Date(),
    warn: (message) => console.log(`warning: ${message}`),
  });
}
