// What `status` must say after a run that nothing befell: the open orders that Waldur has, why each is not through, and
// the problems of the last run of each mode.

import type { Report } from "../../lib/report/report.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { OrderStatus, Status } from "../../lib/status/report.ts";
import { askStatus } from "../status.ts";
import { cannotErr, waitsForAnswer, wouldRevive } from "./answers.ts";
import { LOSSES } from "./history.ts";
import { isOpen } from "./interventions.ts";
import { complaintsOfLines, complaintsOfProblems } from "./problems.ts";
import { orderFilesOf, type Site } from "./site.ts";

type Waits = OrderStatus["waits"]["for"];

/** `isAtRest`: what is open has a reason to stay so. */
export async function complaintsOfStatus(
  site: Site,
  { stdout, stderr = "", isAtRest = false }: { stdout: string; stderr?: string; isAtRest?: boolean },
): Promise<string[]> {
  const status = await askStatus(site.stage, { now: site.clock.now() });
  const report: Report = JSON.parse(stdout);
  return [
    ...ofOrders(site, status),
    ...(report.mode === "orders" ? ofReasons(site, status, report) : []),
    ...(isAtRest ? ofRest(status) : []),
    ...ofProblems(status, report),
    ...complaintsOfLines(stderr, report.problems),
    ...ofRuns(status, report),
  ].map((complaint) => `STATUS: ${complaint}`);
}

function openOrders({ book }: Site): SimOrder[] {
  return book.placed.filter((order) => isOpen(order) && !book.deleted.has(order));
}

function ordersOf({ offerings }: Status): OrderStatus[] {
  return offerings.flatMap(({ orders }) => orders);
}

function ofOrders(site: Site, status: Status): string[] {
  const line = ({ uuid, type, state }: { uuid: string; type: string; state: string | null }) =>
    `${type} ${uuid} ${state}`;
  const [shown, open] = [ordersOf(status).map(line).sort(), openOrders(site).map(line).sort()];
  return shown.join() === open.join() ? [] : [`open are ${open.join()}, and shown ${shown.join()}`];
}

/**
 * Behind an older one, and published for the provisioner, is what the model knows; the rest is what the run decided.
 */
function ofReasons(site: Site, status: Status, report: Report): string[] {
  const older = new Set<string | null>();
  const shown = new Map(ordersOf(status).map(({ uuid, waits }) => [uuid, waits.for]));
  const outcomes = new Map(report.orders.map(({ uuid, outcome }) => [uuid, outcome]));
  // Without its receipt an order is handled once more, and may meet a problem then.
  const isLost = LOSSES.some((loss) => site.seen.outcomes.has(`${loss} lost`));
  return openOrders(site).flatMap((order) => {
    const { uuid, resourceUuid, state } = order;
    const isBehind = resourceUuid !== null && older.has(resourceUuid);
    older.add(resourceUuid);
    const isTheirs =
      site.setup.completion === "external" && state === "executing" && orderFilesOf(site, order).length === 1;
    const possible: readonly Waits[] = isBehind
      ? ["behind"]
      : waitsForAnswer(site, order)
        ? isLost || cannotErr(site, order) || wouldRevive(site, order)
          ? ["provisioner", "problem"]
          : ["provisioner"]
        : isTheirs
          ? isLost
            ? ["provisioner", "problem"]
            : ["provisioner"]
          : outcomes.get(uuid) === "waiting"
            ? ["path", "worker", "next-pass"]
            : ["problem"];
    const found = shown.get(uuid);
    return found !== undefined && possible.includes(found)
      ? []
      : [`order ${uuid} waits for ${found}, not ${possible.join(" or ")} (${outcomes.get(uuid)})`];
  });
}

function ofRest(status: Status): string[] {
  const reasons: readonly Waits[] = ["behind", "provisioner", "problem", "path"];
  return ordersOf(status)
    .filter(({ waits }) => !reasons.includes(waits.for))
    .map(({ uuid, waits }) => `order ${uuid} waits for ${waits.for}, and nothing moves any more`);
}

function ofProblems({ offerings }: Status, { mode, problems: met }: Report): string[] {
  const shown = offerings.map(({ uuid, problems }) => ({
    uuid,
    problems: problems.filter((problem) => problem.mode === mode),
  }));
  return complaintsOfProblems(shown, met);
}

function ofRuns(status: Status, report: Report): string[] {
  return status.offerings.flatMap(({ uuid, runs }) =>
    runs
      .filter(({ mode }) => mode === report.mode)
      .filter(({ lastGood, isLate, failed }) => lastGood === null || isLate || failed !== null)
      .map(({ mode }) => `the last run of ${mode} went well, and is not shown so for ${uuid}`),
  );
}
