// What an operator does with the contract suite, done to a simulator: setting the variables and running the script in a
// process of its own.

import { join, resolve } from "pathe";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../lib/simulator/server.ts";
import type { Ran } from "../stage.ts";
import { createCallers, type Site } from "./site.ts";
import { readVariables } from "./variables.ts";

const SCRIPT = join(resolve(import.meta.dir, "../.."), "scripts", "contract.ts");
export type Variables = Readonly<Record<string, string>>;

const running: Simulator[] = [];

/** For `afterEach` of every file that starts some: a hook registered here would be that of the first file alone. */
export async function stopSimulators(): Promise<void> {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
}

/** A simulator that `stopSimulators` stops. */
export function start(options: SimulatorOptions = {}): Simulator {
  const simulator = startSimulator({ workerDelayMs: 50, ...options });
  running.push(simulator);
  return simulator;
}

/** What an operator sets for a real server. */
export function variablesOf(simulator: Simulator): Variables {
  return {
    WALDUR_CONTRACT_URL: simulator.url,
    WALDUR_CONTRACT_TOKEN: simulator.providerToken,
    WALDUR_CONTRACT_CONSUMER_TOKEN: simulator.consumerToken,
    WALDUR_CONTRACT_OFFERING: simulator.offeringUuid,
    WALDUR_CONTRACT_PROJECT: simulator.projectUuid,
  };
}

/** What the simulator can be given beside these. */
export function staffOf(simulator: Simulator): Variables {
  return { WALDUR_CONTRACT_SIMULATOR_STAFF_TOKEN: simulator.staffToken };
}

export function startScript(variables: Variables, args: readonly string[] = []) {
  const { PATH = "", SUBJECT = "" } = process.env;
  const child = Bun.spawn([process.execPath, SCRIPT, ...args], {
    env: { PATH, SUBJECT, TZ: "UTC", ...variables },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()] as const;
  const ended = Promise.all([child.exited, ...texts]);
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended: ended.then(([code, stdout, stderr]): Ran => ({ code, stdout, stderr })),
  };
}

export function runScript(variables: Variables, args?: readonly string[]): Promise<Ran> {
  return startScript(variables, args).ended;
}

export function liveIn({ world }: Simulator): string[] {
  return world.resources().flatMap(({ name, state }) => (state === "Terminated" ? [] : [`${name} ${state}`]));
}

/** Anything but reads. */
export function changesOf({ requests }: Simulator): string[] {
  return requests.flatMap(({ method, path }) =>
    method === "GET" || method === "HEAD" ? [] : [`${method} ${path}`],
  );
}

/** A site on the simulator, without an inspection. */
export function siteOf(simulator: Simulator, more: Variables = {}): Site {
  const variables = readVariables({ ...variablesOf(simulator), ...more });
  const { url, world, offeringUuid, projectUuid } = simulator;
  const offering = `${url}marketplace-public-offerings/${offeringUuid}/`;
  return {
    variables,
    ordering: {
      offering,
      plan: `${offering}plans/${world.offering.planUuid}/`,
      project: `${url}projects/${projectUuid}/`,
    },
    generation: world.generation,
    run: "test",
    created: new Set(),
    scratch: "",
    ...createCallers(variables, new AbortController().signal),
  };
}
