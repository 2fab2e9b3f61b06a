// Runs the contract suite on the Waldur that the WALDUR_CONTRACT_… variables name, and prints its table: rule,
// expected, seen. `--json` prints the result as JSON. Needs the binary in dist/, because runs of it are part of the
// suite.

import { AppError, ConfigError, EXIT, InterruptedError } from "../lib/errors.ts";
import { type Result, runContract } from "../tests/contract/run.ts";
import { drawTable, summarise } from "../tests/contract/table.ts";
import { readVariables } from "../tests/contract/variables.ts";

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // A second one ends the process at once.
  process.once(signal, () => {
    console.error(`contract: ${signal}: ending what was created`);
    interrupted.abort(new InterruptedError(signal));
  });
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg !== "--json")) {
    console.error("usage: bun run contract [--json]");
    return EXIT.usage;
  }
  try {
    const result = await runContract(readVariables(process.env), {
      signal: interrupted.signal,
      log: (line) => console.error(line),
    });
    console.log(args.includes("--json") ? JSON.stringify(result.rows) : drawTable(result.rows));
    return conclude(result);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return complain(error);
  }
}

/** Says how it ended; the exit code is 10 when a rule differs or something could not be ended. */
function conclude({ rows, failure, left }: Result): number {
  if (left.length > 0)
    console.error(`contract: could not be ended, and must be by hand or by the next run: ${left.join(", ")}`);
  if (failure !== null) return complain(failure);
  console.error(summarise(rows));
  return left.length > 0 || rows.some(({ outcome }) => outcome === "DIFFERS") ? EXIT.problems : EXIT.ok;
}

function complain(error: AppError): number {
  const lines = error instanceof ConfigError ? error.issues.map(hinted) : [hinted(error)];
  console.error(lines.map((line) => `contract: ${line}`).join("\n"));
  return error.exitCode;
}

function hinted({
  message,
  hint,
  path,
}: {
  message: string;
  hint?: string | undefined;
  path?: string | undefined;
}) {
  const about = path === undefined ? message : `${path}: ${message}`;
  return hint === undefined ? about : `${about}\nhint: ${hint}`;
}
