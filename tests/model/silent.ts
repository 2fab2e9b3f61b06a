// Changes behind `modified`, as no server that is known makes them: a row is another one, and nothing shows it. What is
// remembered of it may be published for a day (docs/contract.md, "Sync").

import type { SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";
import { tableOf } from "./expected.ts";
import type { History } from "./history.ts";

type About = { nth: number; world: World };

export const SILENT_ACTS = {
  "gets another permission silently": (resource, { nth, world }) => {
    permit(world, resource, permissionOf(nth));
  },
  "and all others silently get another permission": (_, { nth, world }) => {
    for (const { uuid } of world.resources()) permit(world, world.resource(uuid), permissionOf(nth));
  },
  "silently gets a permission that is none": (resource, { world }) => {
    permit(world, resource, "rwx");
  },
  "gets into another project silently": ({ uuid }, { nth, world }) => {
    const project = world.projects[nth % world.projects.length] ?? null;
    world.rows.changeSilently(uuid, { project });
    for (const order of world.orders) if (order.resourceUuid === uuid) order.project = project;
  },
  "is in a project that gets another name": ({ project }, { nth }) => {
    if (project !== null) project.name = `Renamed ${nth}`;
  },
} as const satisfies Readonly<Record<string, (resource: SimResource, about: About) => undefined>>;

export const SILENT_CHANGES = Object.keys(SILENT_ACTS).filter(isSilent);

function isSilent(name: string): name is keyof typeof SILENT_ACTS {
  return Object.hasOwn(SILENT_ACTS, name);
}

/** Whether one of its steps, or somebody during one, changes something behind `modified`. */
export function hasSilentChange({ steps }: Pick<History, "steps">): boolean {
  const isSilent = (step: object) => "change" in step && SILENT_CHANGES.some((name) => name === step.change);
  return steps.some(
    (step) => isSilent(step) || ("runs" in step && step.meanwhile.some(([, deed]) => isSilent(deed))),
  );
}

/** One that is allowed, and seldom the one before. */
function permissionOf(nth: number): string {
  return `7${nth % 8}${nth % 2 === 0 ? 0 : 5}`;
}

function permit(world: World, { uuid, attributes }: SimResource, permissions: string): void {
  world.rows.changeSilently(uuid, { attributes: { ...tableOf(attributes), permissions } });
}
