// A history in words, so that a failure can be read.

import type { AnswerStep } from "./answers.ts";
import type { Change } from "./changes.ts";
import type { History, Run, Step } from "./history.ts";
import type { Intervention } from "./interventions.ts";

export function describeSetup({ setup }: History): string {
  const { generation, timezone, resources, repaired, completion, acceptance, backendId, ...rest } = setup;
  const words = [
    `a ${generation} server`,
    ...(rest.pageSize === null ? [] : [`pages of ${rest.pageSize} rows`]),
    `${resources} resources${rest.published ? " in a snapshot" : ""}`,
    `timezone ${timezone ?? "of the process"}`,
    `completion ${completion}`,
    `acceptance ${acceptance}`,
    `backend_id ${backendId}`,
    ...(rest.latestLink ? ["latest_link"] : []),
    `keep_snapshots ${rest.keepSnapshots}`,
    ...(rest.reuseDays === null ? [] : [`path_reuse_after_days ${rest.reuseDays}`]),
    ...(rest.nestedMounts === null ? [] : [`nested_mounts ${rest.nestedMounts}`]),
    `document_profile ${rest.profile}`,
    ...(rest.hasSecondOffering ? ["orders of a second offering in the same directory"] : []),
    ...(rest.endsFull ? ["at last a full reading"] : []),
    ...(repaired ? ["repaired before the end"] : []),
  ];
  return words.join(", ");
}

export function describeStep(step: Step): string {
  if ("place" in step) {
    const { place, resource, bad, scene, elsewhere } = step;
    const words = [
      `a ${bad ? "bad " : ""}${place} order is placed${place === "Create" ? "" : ` for resource #${resource}`}`,
    ];
    if (scene !== undefined) words.push(`${scene} (#${resource})`);
    if (elsewhere === true) words.push("of the second offering");
    return words.join(", ");
  }
  if ("runs" in step) return tellRun(step);
  if ("lose" in step) return `${step.lose} are lost`;
  if ("waitHours" in step) return `${step.waitHours} hours go by`;
  if ("waitDays" in step) return `${step.waitDays} days go by`;
  if ("litter" in step) return `${step.litter} lies in the output directory`;
  if ("profile" in step) return `document_profile becomes ${step.profile}`;
  if ("replace" in step) return `${step.replace} resources go, and as many come`;
  if ("waitMinutes" in step) return `${step.waitMinutes} minutes go by`;
  return tellDeed(step);
}

function tellDeed(deed: Intervention | Change | AnswerStep): string {
  if ("answer" in deed)
    return `the provisioner: ${deed.answer} to ${deed.isDue ? "waiting" : "whatever"} order #${deed.order}`;
  return "does" in deed
    ? `somebody else: ${deed.does} open order #${deed.order}`
    : `resource #${deed.resource} ${deed.change}`;
}

function tellRun({ runs, zone, clock, faults, struck, meanwhile, kill }: Run): string {
  const words = [`run ${runs.join(" and at once ")}, TZ=${zone}, clock ${clock}`];
  if (faults.length > 0) words.push(`faults ${faults.join(" ")}`);
  for (const [at, name] of struck) words.push(`${name} at request ${at}`);
  for (const [at, deed] of meanwhile) words.push(`before request ${at} ${tellDeed(deed)}`);
  if (kill !== null) {
    const late = kill.lateMs === 0 ? "" : ` ${kill.lateMs} ms after`;
    words.push(`killed${late} at request ${kill.at}, which the server ${kill.seen ? "saw" : "never saw"}`);
  }
  return words.join("; ");
}
