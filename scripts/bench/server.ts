// A simulated Waldur in a process of its own, so that what is measured shares neither core nor memory with it. The
// process is this file again: its options are its argument, and it answers each message with the requests since the
// last one.

import {
  type SimulatorOptions as AnyOptions,
  type Simulator,
  startSimulator,
} from "../../lib/simulator/server.ts";

type SimulatorOptions = AnyOptions & { resources: number };
type Requests = Simulator["requests"];

export type Server = {
  /** Ends with `/api/`. */
  url: string;
  token: string;
  offering: string;
  resources: number;
  /** Those since the last time. */
  takeRequests(): Promise<Requests>;
  /** Changes every hundredth resource, so that each page has some. */
  changeSome(): Promise<void>;
};

if (import.meta.main) serve(JSON.parse(process.argv[2] ?? ""));

/** Runs the work beside a simulated Waldur, and ends that afterwards. */
export async function withServer<T>(
  options: SimulatorOptions,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  let reply = Promise.withResolvers<unknown>();
  const child = Bun.spawn([process.execPath, import.meta.path, JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (message) => reply.resolve(message),
  });
  const ended = child.exited.then(() => {
    throw new Error("the simulated Waldur ended");
  });
  const ask = async (what: "requests" | "change"): Promise<Requests> => {
    reply = Promise.withResolvers();
    child.send(what);
    return JSON.parse(`${await Promise.race([reply.promise, ended])}`);
  };
  try {
    const place = JSON.parse(`${await Promise.race([reply.promise, ended])}`);
    const takeRequests = () => ask("requests");
    const changeSome = async () => void (await ask("change"));
    return await work({ ...place, resources: options.resources, takeRequests, changeSome });
  } finally {
    ended.catch(() => undefined);
    child.kill();
  }
}

function serve(options: SimulatorOptions): void {
  const { url, providerToken: token, offeringUuid: offering, requests, world } = startSimulator(options);
  const say = (value: unknown) => process.send?.(JSON.stringify(value));
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    if (message === "change")
      for (const [n, { uuid }] of world.resources().entries())
        if (n % 100 === 0) world.resource(uuid).attributes = { permissions: "770" };
    say(requests.splice(0));
  });
  say({ url, token, offering });
}
