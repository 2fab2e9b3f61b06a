// The job of an offering: its clients, and how long they wait.

import type { OpenBook } from "../gids/open.ts";
import { answerOf, lookInto } from "../places/answers.ts";
import { reach } from "../places/held.ts";
import type { Reader } from "../waldur/client.ts";
import type { RequestLimits } from "../waldur/send.ts";
import { connectionOf, wayTo } from "./connection.ts";
import type { Job, JobGids } from "./job.ts";
import type { OfferingRun } from "./options.ts";

/** What requests about an offering need. */
type Asking = Omit<OfferingRun, "work" | "ledger">;

export async function createJob(
  run: Omit<OfferingRun, "work">,
  own: Pick<Job, "line" | "lookAtPlace">,
): Promise<Job> {
  const { createReader } = await import("../waldur/client.ts");
  const { offering, surroundings, end } = run;
  const [connection, limits] = [connectTo(run, false), requestLimitsOf(run)];
  const reader = createReader(connection, limits);
  return {
    config: offering,
    configFile: run.config.path,
    timezone: run.config.timezone,
    version: surroundings.version,
    now: surroundings.now,
    reader,
    hastyReader: createReader(connection, { ...limits, retries: 0 }),
    ...own,
    lookAt: async (path, shown) => {
      await answerOf(lookInto(reach(path)), shown, { silenceMs: run.options.silenceMs, signal: end.signal });
    },
    gids: gidsOf(run, { reader, userAgent: connection.userAgent, limits }),
    names: new Map(),
    ledger: run.ledger,
    log: surroundings.log,
    progress: surroundings.progress,
    throwIfOver: () => end.signal.throwIfAborted(),
  };
}

type Around = { reader: Reader; userAgent: string; limits: RequestLimits };

function gidsOf({ offering, surroundings }: Asking, { reader, userAgent, limits }: Around): JobGids | null {
  const { unixGid: source, outputDirectory: directory, useMockTargetItems } = offering.settings;
  if (source.kind === "metadata" || source.kind === "file" || useMockTargetItems) return null;
  let opened: OpenBook | null = null;
  const open = async () => {
    const { openGids } = await import("../gids/open.ts");
    const { env } = surroundings;
    const connect = (url: string) => wayTo(url, offering, { env, userAgent });
    opened ??= await openGids({ source, offering: offering.uuid, directory, reader, limits, connect });
    return opened.book;
  };
  const book = () => {
    if (opened === null) throw new Error("no project was asked about yet");
    return opened.book;
  };
  return {
    field: "project_slug",
    comesWithAcceptance: source.kind === "waldur",
    of: (project) => book().of(project),
    lacking: (project) => book().lacking(project),
    learn: async (projects) => (await open()).learn(projects),
    learnAgain: async (project) => (await open()).learnAgain(project),
    opened: () => opened,
  };
}

/** The name that Waldur knows site agents by marks the integration as alive, so only a real `orders` run carries it. */
export function connectTo({ offering, options, surroundings }: Asking, isReal: boolean) {
  const agent = isReal && options.mode === "orders" ? " (waldur-site-agent)" : "";
  const userAgent = `waldur-cscs-storage/${surroundings.version}${agent}`;
  return connectionOf(offering, { env: surroundings.env, userAgent });
}

/** A wait of at least this length is logged, although the request may still succeed. */
const LONG_WAIT_MS = 10_000;

export function requestLimitsOf({
  offering,
  options,
  surroundings,
  end,
  onAnswer,
  politeness,
}: Asking): RequestLimits {
  const { log } = surroundings;
  return {
    silenceMs: options.silenceMs,
    retries: options.retries,
    signal: end.signal,
    now: surroundings.now,
    random: surroundings.random,
    timeLeftMs: end.timeLeftMs,
    ...(onAnswer && { onAnswer }),
    ...(politeness && { politeness }),
    onRetry: (message, waitMs = 0) =>
      log[waitMs < LONG_WAIT_MS ? "info" : "warn"](message, { offering: offering.uuid }),
    onRequest({ method, path, answer, ms }) {
      // A POST changes Waldur, so the journal shows each one.
      log[method === "POST" ? "info" : "debug"](`${method} ${path}`, { answer, ms });
    },
  };
}
