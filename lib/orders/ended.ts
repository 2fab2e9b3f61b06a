// What is reported of an order that is no longer open, and the end of its receipt.

import { isTable } from "../json.ts";
import type { OrderEnd, Receipt } from "../output/receipt.ts";
import type { OrderOutcome, Problem } from "../report/report.ts";
import { addProblem, type Job } from "../run/job.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { OrderRun } from "./order-run.ts";
import { isPublished } from "./past.ts";
import { hasEnded } from "./steps.ts";

/** Done in Waldur before a file was published: the file is owed. */
export function isOwed(order: WaldurOrder | null, receipt: Receipt, directory: string): boolean {
  return order?.state === "done" && !isPublished(receipt, directory);
}

/** Reports an unexpected end of the order, and closes the receipt. null: it no longer exists. */
export function noteEnded(
  order: WaldurOrder | null,
  receipt: Receipt,
  { job, end, line }: OrderRun,
): OrderOutcome {
  const { outputDirectory, completion } = job.config.settings;
  const state = order?.state ?? "gone";
  line.state = state;
  const published = isPublished(receipt, outputDirectory);
  // Text of a server is never written to a receipt, and an order that has not ended keeps its path.
  if (order === null || hasEnded(order)) end.close({ ...receipt, published }, endOf(receipt, state, job));
  const isAnswered = receipt.answer?.result === state;
  const byProvisioner = completion !== "on-publish" && published && (state === "done" || state === "erred");
  if (isAnswered)
    job.log.info(`the order is ${state}, as the provisioner answered`, { order: receipt.order });
  else if (receipt.answer !== undefined) addProblem(job, overtakenProblem(receipt, state));
  else if (order !== null && byProvisioner) noteByOthers(order, job);
  else if (state !== "done") addProblem(job, endedProblem(receipt, state));
  if (state === "erred" && (isAnswered || byProvisioner)) return "erred";
  return state === "done" ? "done" : "failed";
}

/** Who ended an order that this program leaves executing: Waldur itself, where only options change. */
function noteByOthers(order: WaldurOrder, { log, config }: Job): void {
  const other = config.settings.completion === "external" ? "the provisioner" : "another agent";
  const who = order.state === "done" && changesOnlyOptions(order) ? "Waldur itself" : other;
  log.info(`${who} has set the order ${order.state}`, { order: order.uuid });
}

/** docs/waldur.md, "Orders". */
function changesOnlyOptions({ type, limits, attributes }: WaldurOrder): boolean {
  if (type !== "Update" || !isTable(attributes.new_options)) return false;
  return Object.keys(limits).length === 0 || Bun.deepEquals(limits, attributes.old_limits);
}

/** The order was done in Waldur before it had a file, which it has now. */
export function closeOwed(receipt: Receipt, { job, end, line }: OrderRun): OrderOutcome {
  line.state = "done";
  job.log.info("the order was already done by Waldur; its file is published", { order: receipt.order });
  end.close({ ...receipt, published: true }, endOf(receipt, "done", job));
  return "done";
}

/** The days of the path of a resource run from when its terminate order is found done, as the setting is then. */
function endOf({ type }: Receipt, state: string, job: Job): OrderEnd {
  if (type !== "terminate" || state !== "done") return { state };
  return { state, reuseAfterDays: job.config.settings.pathReuseAfterDays };
}

function overtakenProblem({ order, answer }: Receipt, state: string): Omit<Problem, "offering"> {
  return {
    code: "answer-overtaken",
    order,
    field: "state",
    message: `the provisioner answered ${answer?.result} to order ${order}, which another agent set ${state.slice(0, 40)} in Waldur`,
    hint: "find out who ended it, and compare the storage with the resource in Waldur",
  };
}

function endedProblem({ order, file }: Receipt, state: string): Omit<Problem, "offering"> {
  if (state === "gone") {
    return {
      code: "order-vanished",
      order,
      message: `order ${order} no longer exists in Waldur; its file, if published, stays`,
      hint: "a consumer can delete a pending order; if the provisioner has already handled the file, undo that",
    };
  }
  return {
    code: "order-ended",
    order,
    field: "state",
    message: `order ${order} was set ${state.slice(0, 40)} by another agent; its file ${file}, if published, stays`,
    hint: "find out who ended it; if the storage must not exist, undo it and remove the file",
  };
}
