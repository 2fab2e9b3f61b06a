// Plays histories of a site: `--histories N` as many as wanted, `--seed N` from that seed on, until `--failures N` of
// them failed; in the end it shows in how many each scene came about. `--kind` is `binary` (the one in dist/), `inside`
// (this process), `orders` or `pages` (lives of orders, or of lists of several pages, in this process). With a seed
// alone it plays one history and prints all of it; one that fails is made as short as can be first.

import { EXIT, type ExitCode } from "../lib/errors.ts";
import { KINDS, type Kind } from "../tests/model/kinds.ts";
import { describeFailure, playMany, playShortest } from "../tests/model/model.ts";
import { rareScenes, sceneTable } from "../tests/model/scenes.ts";

const USUAL_HISTORIES = 500;
/** It stops after so many. */
const USUAL_FAILURES = 3;
const SHORTEN_MS = 120_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<ExitCode> {
  const options = parseOptions(args);
  if (options === null) {
    console.error(
      "usage: bun run model [--seed N] [--histories N] [--failures N] [--kind binary|inside|orders|pages]",
    );
    return EXIT.usage;
  }
  const { seed, histories, failures, kind = "binary" } = options;
  if (seed !== undefined && histories === undefined) return playOne(kind, seed);
  return playAll({
    kind,
    seed: seed ?? Date.now() % 1_000_000_000,
    count: histories ?? USUAL_HISTORIES,
    mostFailures: failures ?? USUAL_FAILURES,
  });
}

type Options = { seed?: number; histories?: number; failures?: number; kind?: Kind };

/** null when they cannot be understood. */
function parseOptions(args: readonly string[]): Options | null {
  const options: Options = {};
  for (let at = 0; at < args.length; at += 2) {
    const [flag, value = ""] = args.slice(at);
    const kind = KINDS.find((known) => known === value);
    if (flag === "--kind" && kind !== undefined) {
      options.kind = kind;
      continue;
    }
    if (!/^\d{1,9}$/.test(value)) return null;
    if (flag === "--seed") options.seed = Number(value);
    else if (flag === "--histories") options.histories = Number(value);
    else if (flag === "--failures") options.failures = Number(value);
    else return null;
  }
  return options;
}

async function playOne(kind: Kind, seed: number): Promise<ExitCode> {
  const played = await playShortest({ kind, seed }, SHORTEN_MS);
  console.log(describeFailure({ kind, seed, played }));
  return played.complaints.length === 0 ? EXIT.ok : EXIT.problems;
}

type ModelOptions = { kind: Kind; seed: number; count: number; mostFailures: number };

async function playAll(options: ModelOptions): Promise<ExitCode> {
  const { seed, count } = options;
  console.log(`${count} histories (${options.kind}) from seed ${seed}`);
  const startedAt = performance.now();
  const { histories, runs, failures, scenes } = await playMany(options, (played) => {
    if (played % 100 === 0) console.error(`${played} of ${count}`);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  for (const failure of failures) console.log(`\n${describeFailure(failure)}`);
  console.log(sceneTable(scenes));
  console.log(
    `${histories} histories in ${seconds.toFixed(0)} s (${(histories / seconds).toFixed(1)} a second), ` +
      `${runs} runs of the program, ${failures.length} failed`,
  );
  const isOfSites = options.kind === "binary" || options.kind === "inside";
  const rare = isOfSites ? rareScenes(scenes, histories) : [];
  if (rare.length > 0) {
    console.log(`too rare, less than once in a hundred histories: ${rare.join(", ")}`);
    return EXIT.problems;
  }
  return failures.length === 0 ? EXIT.ok : EXIT.problems;
}
