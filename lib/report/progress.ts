// One line on a terminal that shows how far long work has come; nothing anywhere else.

import { clean } from "../unsafe-text.ts";

export type Progress = {
  /** Cheap to call often; draws a few times a second at most. */
  show(text: string): void;
  /** Removes the line, before anything else is written to the terminal. */
  clear(): void;
};

const REDRAW_MS = 120;

export function createProgress(options: {
  visible: boolean;
  write: (text: string) => void;
  nowMs: () => number;
}): Progress {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show(text) {
      if (!options.visible || options.nowMs() - drawnAt < REDRAW_MS) return;
      drawnAt = options.nowMs();
      isShown = true;
      options.write(`\r\x1b[2K${clean(text)}`);
    },
    clear() {
      if (isShown) options.write("\r\x1b[2K");
      isShown = false;
    },
  };
}
