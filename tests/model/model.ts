// Many histories, several at a time, each from a seed of its own. One that fails is reported with its seed; played
// alone it is made as short as can be.

import fc from "fast-check";
import type { History } from "./history.ts";
import { type Kind, OF_KIND } from "./kinds.ts";
import { type Played, playHistory } from "./play.ts";
import { noScenes } from "./scenes.ts";

export type Failure = { kind: Kind; seed: number; played: Played };
export type Tally = {
  histories: number;
  runs: number;
  failures: readonly Failure[];
  /** In how many histories each scene came about. */
  scenes: ReadonlyMap<string, number>;
};
type ModelOptions = {
  kind: Kind;
  seed: number;
  count: number;
  /** It stops after so many that failed. */
  mostFailures?: number;
};

/** Two runs on the processors while others wait for an answer. */
const AT_A_TIME = 4;

/** Plays histories of this seed and those that follow; stops after a few that failed. */
export async function playMany(
  { kind, seed, count, mostFailures = 3 }: ModelOptions,
  onPlayed: (played: number) => void = () => undefined,
): Promise<Tally> {
  const failures: Failure[] = [];
  const scenes = noScenes();
  let next = 0;
  let runs = 0;
  let through = 0;
  const work = async () => {
    while (next < count && failures.length < mostFailures) {
      const mine = seed + next++;
      const played = await playSeed(kind, mine);
      runs += played.runs;
      for (const scene of played.scenes) scenes.set(scene, (scenes.get(scene) ?? 0) + 1);
      if (played.complaints.length > 0) failures.push({ kind, seed: mine, played });
      onPlayed(++through);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return { histories: through, runs, failures, scenes };
}

/** The history of the seed, as it is. */
async function playSeed(kind: Kind, seed: number): Promise<Played> {
  const { histories, program } = OF_KIND[kind];
  const [history] = fc.sample(histories, { seed, numRuns: 1 });
  if (history === undefined) throw new Error(`no history from seed ${seed}`);
  return playHistory(history, program);
}

/** The history of the seed; when it fails, the shortest one like it that does, found within the time. */
export async function playShortest(
  { kind, seed }: Pick<ModelOptions, "kind" | "seed">,
  patienceMs: number,
): Promise<Played> {
  const { histories, program } = OF_KIND[kind];
  let worst: Played | null = null;
  let best: Played = await playSeed(kind, seed);
  if (best.complaints.length === 0) return best;
  const property = fc.asyncProperty(histories, async (history: History) => {
    worst = await playHistory(history, program);
    if (worst.complaints.length === 0) return;
    best = worst;
    throw new Error(worst.complaints.join("\n"));
  });
  await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: patienceMs });
  return best;
}

/** The trace of a failure, and the command that plays it again. */
export function describeFailure({ kind, seed, played }: Failure): string {
  return [
    `seed ${seed}:`,
    ...played.trace,
    ...played.complaints.map((complaint) => `WRONG: ${complaint}`),
    `play it again: bun run model --kind ${kind} --seed ${seed}`,
  ].join("\n");
}
