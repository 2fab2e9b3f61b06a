// Plays histories of a site on the binary in dist/: `--histories N` as many as wanted, `--seed N` from that seed on. With a
// seed alone it plays one history and prints all of it; one that fails is made as short as can be first.

import { EXIT, type ExitCode } from "../lib/errors.ts";
import { playMany, playShortest, tellFailure } from "../tests/model/model.ts";

const USUAL_HISTORIES = 500;
const SHORTEN_MS = 120_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<ExitCode> {
  const options = parseOptions(args);
  if (options === null) {
    console.error("usage: bun run model [--seed N] [--histories N]");
    return EXIT.usage;
  }
  const { seed, histories } = options;
  if (seed !== undefined && histories === undefined) return playOne(seed);
  return playAll(seed ?? Date.now() % 1_000_000_000, histories ?? USUAL_HISTORIES);
}

type Options = { seed?: number; histories?: number };

/** null when they cannot be understood. */
function parseOptions(args: readonly string[]): Options | null {
  const options: Options = {};
  for (let at = 0; at < args.length; at += 2) {
    const [flag, value = ""] = args.slice(at);
    if (!/^\d{1,9}$/.test(value)) return null;
    if (flag === "--seed") options.seed = Number(value);
    else if (flag === "--histories") options.histories = Number(value);
    else return null;
  }
  return options;
}

async function playOne(seed: number): Promise<ExitCode> {
  const played = await playShortest(seed, SHORTEN_MS);
  console.log(tellFailure({ seed, played }));
  return played.complaints.length === 0 ? EXIT.ok : EXIT.problems;
}

async function playAll(seed: number, count: number): Promise<ExitCode> {
  console.log(`${count} histories from seed ${seed}`);
  const { histories, runs, failures } = await playMany({ seed, count }, (played) => {
    if (played % 100 === 0) console.error(`${played} of ${count}`);
  });
  for (const failure of failures) console.log(`\n${tellFailure(failure)}`);
  console.log(`${histories} histories, ${runs} runs of the program, ${failures.length} failed`);
  return failures.length === 0 ? EXIT.ok : EXIT.problems;
}
