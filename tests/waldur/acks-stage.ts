// What the tests of `completion: on-ack` share: a stage with it, and answering as a provisioner does.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { type OrdersStage, openOrders } from "./orders-stage.ts";

export type Acking = Awaited<ReturnType<typeof openAcking>>;

/** As `openOrders`; orders may be set erred, because the provisioner may say so. */
export async function openAcking({ settings = {}, ...options }: Parameters<typeof openOrders>[0] = {}) {
  const stage = await openOrders({
    ...options,
    settings: { completion: "on-ack", ...settings },
    mayErr: true,
  });
  const acks = join(stage.out, "acks");
  mkdirSync(acks, { recursive: true });
  return {
    ...stage,
    acks,
    /** Puts an ack there; a text stands as it is. */
    answer({ uuid }: { uuid: string }, ack: unknown) {
      writeFileSync(ackPath(acks, uuid), typeof ack === "string" ? ack : JSON.stringify(ack));
    },
    /** From now on the file of configuration says another one. */
    setCompletion(completion: string) {
      const config = readFileSync(stage.configPath, "utf8").replace(
        /completion: .*/,
        `completion: ${completion}`,
      );
      writeFileSync(stage.configPath, config);
    },
    /** Names of what is in the directory itself, or was put away in it. */
    acksIn: (folder: "." | "processed" | "rejected") => namesIn(join(acks, folder)),
  };
}

export function ackPath(directory: string, uuid: string): string {
  return join(directory, `${uuid}.json`);
}

/** The one open receipt of the order. */
export function receiptOf(
  { out }: Pick<OrdersStage, "out">,
  { uuid }: { uuid: string },
  folder = "receipts",
) {
  return JSON.parse(readFileSync(join(out, ".waldur-cscs-storage", folder, `${uuid}.json`), "utf8"));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}
