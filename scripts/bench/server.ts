// Starts serve.ts and talks to it.

import { join } from "pathe";
import type { SimulatorOptions } from "../../lib/simulator/server.ts";

export type Server = {
  /** Ends with `/api/`. */
  url: string;
  token: string;
  offering: string;
  resources: number;
  /** Requests since the last time, by shape. */
  takeRequests(): Promise<Record<string, number>>;
  stop(): Promise<void>;
};

/** Runs the work beside a simulated Waldur, and ends that afterwards. */
export async function withServer<T>(
  options: SimulatorOptions & { resources: number },
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await startServer(options);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function startServer(options: SimulatorOptions & { resources: number }): Promise<Server> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "serve.ts"), JSON.stringify(options)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = linesOf(child.stdout);
  const nextLine = async () => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error("the simulated Waldur ended");
    return JSON.parse(value);
  };
  const place: Pick<Server, "url" | "token" | "offering"> = await nextLine();
  return {
    ...place,
    resources: options.resources,
    async takeRequests() {
      child.stdin.write("\n");
      await child.stdin.flush();
      return nextLine();
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of stream) {
    const parts = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = parts.pop() ?? "";
    yield* parts;
  }
}
