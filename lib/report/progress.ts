// One line on a terminal that shows what the run is doing and how far long work has come; nothing anywhere else.

import { clean } from "../unsafe-text.ts";

export type Progress = {
  /** A step begins that may take long. Its seconds are counted in the line, until something else is shown. */
  begin(text: string): void;
  /** How far the step has come. Cheap to call often; draws a few times a second at most. */
  count(text: string, reached: Reached): void;
  /** Removes the line, before anything else is written to the terminal. */
  clear(): void;
};

/** Of how many, by the plural of what they are. */
export type Reached = { done: number; of: number; what: string };

const REDRAW_MS = 120;
const SECOND_MS = 1000;
/** Before that a rate is not meaningful. */
const SOON_MS = 3000;

export function createProgress(options: {
  visible: boolean;
  write: (text: string) => void;
  nowMs: () => number;
}): Progress {
  const { visible, write, nowMs } = options;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let begunAt = nowMs();
  let isShown = false;
  let ticking: ReturnType<typeof setInterval> | undefined;
  const draw = (text: string) => {
    drawnAt = nowMs();
    isShown = true;
    write(`\r\x1b[2K${clean(text)}`);
  };
  const stop = () => {
    clearInterval(ticking);
    ticking = undefined;
  };
  return {
    begin(text) {
      begunAt = nowMs();
      if (!visible) return;
      stop();
      draw(text);
      // What comes next is shown at once, too.
      drawnAt = Number.NEGATIVE_INFINITY;
      ticking = setInterval(() => draw(`${text} (${spanOf(nowMs() - begunAt)})`), SECOND_MS);
      ticking.unref();
    },
    count(text, reached) {
      if (!visible) return;
      stop();
      if (nowMs() - drawnAt >= REDRAW_MS) draw(`${text}: ${showReached(reached, nowMs() - begunAt)}`);
    },
    clear() {
      stop();
      if (isShown) write("\r\x1b[2K");
      isShown = false;
    },
  };
}

function showReached({ done, of, what }: Reached, passedMs: number): string {
  const shown = `${done} of ${of} ${what}`;
  if (passedMs < SOON_MS || done === 0) return shown;
  const perSecond = (done * SECOND_MS) / passedMs;
  const rate = perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1);
  return `${shown}, ${rate}/s, ${spanOf((Math.max(of - done, 0) / perSecond) * SECOND_MS)} left`;
}

function spanOf(ms: number): string {
  const seconds = Math.round(ms / SECOND_MS);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
