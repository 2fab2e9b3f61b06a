// What happens at a site between two runs: orders are placed, things change, get lost or are put there, and time goes
// by.

import { replaceMany } from "./changes.ts";
import { switchTo } from "./directories.ts";
import type { Run, Step } from "./history.ts";
import type { Placing } from "./interventions.ts";
import { putLitter } from "./litter.ts";
import { lose } from "./loss.ts";
import { act } from "./runs.ts";
import { letTimePass, type Site } from "./site.ts";

export function playDeed(site: Site, step: Exclude<Step, Run>): void {
  if ("place" in step) placeOrder(site, step);
  else if ("lose" in step) {
    lose(site, step);
    site.seen.outcomes.add(`${step.lose} lost`);
  } else if ("waitMinutes" in step) letTimePass(site, step.waitMinutes);
  else if ("waitDays" in step) {
    if (site.clock.pass(step.waitDays * 24)) site.seen.outcomes.add(`${step.waitDays} days go by`);
  } else if ("waitHours" in step) {
    if (site.clock.pass(step.waitHours)) site.seen.outcomes.add("hours go by");
  } else if ("litter" in step) {
    const { name, text } = putLitter(site.stage.out, site.stage.world, step);
    site.seen.litter.set(name, text);
    site.seen.outcomes.add(`${step.litter} in the output directory`);
  } else if ("profile" in step) {
    if (site.profile !== step.profile) site.seen.outcomes.add("the profile changes");
    site.profile = step.profile;
    switchTo(site.stage, step.profile);
  } else if ("replace" in step) replace(site, step.replace);
  else act(site, step);
}

function placeOrder({ book, seen, stage, setup }: Site, step: Placing): void {
  const scene = book.place({ ...step, elsewhere: step.elsewhere === true && setup.hasSecondOffering });
  const order = book.placed.at(-1);
  if (order === undefined) return;
  seen.placedAt.set(order.uuid, seen.step);
  if (scene !== null) seen.outcomes.add(scene);
  if (order.offeringUuid === stage.world.otherOffering.uuid)
    seen.outcomes.add("an order of the second offering");
  seen.wants.note(stage.world);
  seen.wants.noteOrder(order.resourceUuid ?? "");
}

function replace({ stage, seen }: Site, count: number): void {
  const replaced = replaceMany(stage.world, { nth: seen.changes++, count });
  if (replaced > 0)
    seen.outcomes.add(replaced > 2 ? "many resources are replaced" : "a resource is replaced");
}
