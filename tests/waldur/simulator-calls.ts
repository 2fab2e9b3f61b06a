// Raw requests to a simulator, for tests of the simulator itself; tests of the program use its own client.

import { afterEach } from "bun:test";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../lib/simulator/server.ts";

const running: Simulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

/** A simulator that is stopped after the test. */
export function start(options: SimulatorOptions = {}): Simulator {
  const simulator = startSimulator(options);
  running.push(simulator);
  return simulator;
}

export type Got = { status: number; type: string; headers: Headers; body: unknown };

/** Sends a request; the provider's token unless another is given. JSON bodies come parsed. */
export async function call(
  simulator: Simulator,
  path: string,
  { method = "GET", body, token }: { method?: string; body?: unknown; token?: string } = {},
): Promise<Got> {
  const answer = await fetch(simulator.url + path, {
    method,
    redirect: "manual",
    headers: {
      Authorization: `Token ${token ?? simulator.providerToken}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const type = answer.headers.get("content-type") ?? "";
  const text = await answer.text();
  const isJson = type.startsWith("application/json") && text !== "";
  return { status: answer.status, type, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

/** POSTs an action of an order. */
export function act(simulator: Simulator, uuid: string, action: string, body?: unknown): Promise<Got> {
  return call(simulator, `marketplace-orders/${uuid}/${action}/`, { method: "POST", body });
}

/** One column of a list answer. */
export function column(got: Got, name: string): unknown[] {
  if (!Array.isArray(got.body)) throw new Error(`no list: ${JSON.stringify(got.body)}`);
  return got.body.map((row: Record<string, unknown>) => row[name]);
}
