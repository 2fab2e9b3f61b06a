// The real client, set up for tests: a token that must be found nowhere, short limits, and a record of its retries.

import { afterAll } from "bun:test";
import { secret } from "../../lib/config/config.ts";
import { AppError } from "../../lib/errors.ts";
import { createActor } from "../../lib/waldur/client.ts";
import type { Connection, RequestLimits } from "../../lib/waldur/send.ts";

export const TOKEN = "canary0123456789abcdef0123456789abcdef01";

/** The client for a server, and what it said of its retries. */
export function clientFor(
  url: string,
  { connection = {}, ...limits }: Partial<RequestLimits> & { connection?: Partial<Connection> } = {},
) {
  const retries: string[] = [];
  const client = createActor(
    {
      apiUrl: url,
      token: secret(TOKEN),
      tokenFrom: "waldur_api_token_file /etc/waldur/token",
      userAgent: "test",
      verifyTls: true,
      caPem: null,
      proxy: null,
      proxyFrom: null,
      ...connection,
    },
    {
      silenceMs: 5000,
      retries: 2,
      signal: new AbortController().signal,
      now: () => new Date(),
      random: () => 0,
      timeLeftMs: () => 60_000,
      onRetry: (message) => retries.push(message),
      ...limits,
    },
  );
  return { ...client, retries };
}

/** The `AppError` a promise ends with; fails the test on anything else. */
export async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in settled) throw new Error(`did not fail but gave ${JSON.stringify(settled.value)}`);
  if (settled.error instanceof AppError) return settled.error;
  throw new Error("failed with something that is no AppError", { cause: settled.error });
}

/** Everything that an error can show anybody: messages and hints, along the chain of causes. */
export function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    words.push(current.name, current.message, current.stack ?? "", JSON.stringify(current));
    words.push(Bun.inspect(current));
  }
  return words.join("\n");
}

type Stoppable = { stop(): Promise<void> };
const running: Stoppable[] = [];
afterAll(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** Stops the server after the tests of the file, of which some run at the same time. */
export async function use<Server extends Stoppable>(server: Server | Promise<Server>): Promise<Server> {
  const started = await server;
  running.push(started);
  return started;
}
