// The answers of the provisioner in a pass (`completion: on-ack`; docs/contract.md, "Answers"): which there are, and
// what becomes of their files. What an answer does to an order is in answer.ts, what has no open order here in
// stray-acks.ts.

import { join } from "node:path";
import { readJudgedAcks, writeJudgedAcks } from "../acks/judged.ts";
import { type AckOptions, type AckPlace, acksDirectory, createAcks, openAcks } from "../acks/place.ts";
import { ackName, type FoundAck } from "../acks/read.ts";
import type { Output } from "../output/directory.ts";
import type { Problem } from "../report/report.ts";
import { addProblem, type Job } from "../run/job.ts";
import type { OrdersEnd } from "./end.ts";

export type AckProblem = Omit<Problem, "offering" | "order">;
export type Recorder = Pick<OrdersEnd, "record">;

export type PassAcks = {
  /** Orders with something named like an ack, when the pass began. */
  orders: ReadonlySet<string>;
  /** null when there is none, or one that an earlier pass has judged and could not put away. */
  read(order: string): FoundAck | null;
  /** It was carried out. */
  process(found: FoundAck): void;
  /** It is invalid: reported once, and moved if possible. */
  reject(found: FoundAck, why: AckProblem, end: Recorder): void;
  /** Its order is not published, so it cannot have been carried out. */
  rejectEarly(order: string, end: Recorder): void;
  close(): void;
};

/** @param output null in a dry run, which moves nothing */
export async function openPassAcks(
  job: Job,
  listed: readonly { uuid: string }[],
  output: Output | null,
): Promise<PassAcks | null> {
  const path = acksDirectory(job.config.settings);
  await job.lookAt(path, `the directory of acks ${path}`);
  const place = openAcks(path, optionsOf(job));
  if (place === null) return noPlace(path, job, output);
  if ("fault" in place) {
    addProblem(job, {
      code: "acks-unusable",
      field: "acks_directory",
      message: `${place.fault}; no answers are read`,
      hint: place.hint,
    });
    return null;
  }
  return passAcks(place, new Set(place.orders(new Set(listed.map(({ uuid }) => uuid)))), { job, output });
}

function passAcks(
  place: AckPlace,
  orders: ReadonlySet<string>,
  { job, output }: { job: Job; output: Output | null },
): PassAcks {
  const { settings } = job.config;
  const judged = orders.size === 0 ? new Map<string, string>() : readJudgedAcks(settings.outputDirectory);
  let isChanged = false;
  const keyOf = (order: string) => join(acksDirectory(settings), ackName(order));
  const read = (order: string) => {
    const found = orders.has(order) ? place.read(order) : null;
    return found === null || judged.get(keyOf(order)) === found.identity ? null : found;
  };
  /** It could not be moved, and is not read again: it counts once. */
  const judge = ({ order, identity }: FoundAck) => {
    judged.set(keyOf(order), identity);
    isChanged = true;
  };
  const reject = (found: FoundAck, why: AckProblem, { record }: Recorder) => {
    const { order } = found;
    addProblem(job, { ...why, order });
    const deed = {
      event: "rejected",
      offering: job.config.uuid,
      order,
      resource: null,
      answer: why.code,
    } as const;
    record(deed, () => {
      if (output !== null && !place.move(found, "rejected")) judge(found);
    });
  };
  return {
    orders,
    read,
    process(found) {
      if (output !== null && !place.move(found, "processed")) judge(found);
    },
    reject,
    rejectEarly(order, end) {
      const found = read(order);
      if (found !== null) reject(found, earlyAck(found), end);
    },
    close() {
      place.close();
      if (output !== null && isChanged) writeJudgedAcks(output, judged);
    },
  };
}

/** The one in the output directory is made by the first run; any other has to be made by the administrator. */
function noPlace(path: string, job: Job, output: Output | null): PassAcks | null {
  if (job.config.settings.acksDirectory === null) {
    if (output !== null) createAcks(path);
    return null;
  }
  addProblem(job, {
    code: "acks-unusable",
    field: "acks_directory",
    message: `${path} does not exist; no answers are read`,
    hint: "create it for the user of the provisioner: install -d -m 2770 -o USER -g GROUP DIR",
  });
  return null;
}

function earlyAck({ order, name }: FoundAck): AckProblem {
  return {
    code: "ack-early",
    message: `the ack ${name} is older than the published file of order ${order}; it does not count`,
    hint: "answer again once the storage is as specified in the order's file",
  };
}

const KEPT_DAYS = 90;

/** Removes what was processed long ago. */
export function expireAcks(job: Job): void {
  const place = openAcks(acksDirectory(job.config.settings), optionsOf(job));
  if (place === null || "fault" in place) return;
  place.expire(KEPT_DAYS);
  place.close();
}

function optionsOf({ now, config }: Job): AckOptions {
  return { now, allowShared: config.settings.allowSharedDirectory };
}
