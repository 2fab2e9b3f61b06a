// The status of a site, asked inside the test's process: held to its schema, and with GETs only.

import * as v from "valibot";
import { loadConfig } from "../lib/config/load.ts";
import { connectionOf } from "../lib/run/connection.ts";
import { type Status, StatusReport } from "../lib/status/report.ts";
import { statusOf } from "../lib/status/status.ts";
import { createReader } from "../lib/waldur/client.ts";
import type { Stage } from "./stage.ts";

type Asking = { now?: Date; isLocal?: boolean };

export async function askStatus(
  { configPath, directory, simulator }: Pick<Stage, "configPath" | "directory" | "simulator">,
  { now = new Date(), isLocal = false }: Asking = {},
): Promise<Status> {
  const places = { env: {}, cwd: directory, allowInsecure: false, needsToken: !isLocal };
  const { offerings } = await loadConfig(configPath, places);
  const limits = {
    ...{ silenceMs: 10_000, retries: 0, signal: new AbortController().signal },
    ...{ now: () => now, random: () => 0, timeLeftMs: () => 60_000 },
  };
  const from = simulator.requests.length;
  const status = await statusOf({
    offerings,
    readerFor: isLocal
      ? null
      : (offering) => createReader(connectionOf(offering, { env: {}, userAgent: "test" }), limits),
    isPassive: async () => false,
    version: "0.0.0",
    now,
  });
  const methods = new Set(simulator.requests.slice(from).map(({ method }) => method));
  if (methods.size > (isLocal ? 0 : 1) || methods.has("POST")) throw new Error(`status sent ${[...methods]}`);
  return v.parse(StatusReport, status);
}
