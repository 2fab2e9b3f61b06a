// What runs of `sync` could read of each row while its `modified` stood as it does now: they may remember only that,
// and only for a day by their own clocks. Fed with the world at every request.

import type { SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";
import { DAY_MS } from "./lives.ts";
import { everyResource } from "./paths.ts";

/** The columns that are remembered. */
type Columns = Pick<SimResource, "attributes" | "project">;
type Said = Columns & {
  modified: string;
  /** Clocks of the runs that could read it, in milliseconds. */
  readAt: Set<number>;
};

/** A run begins to read some moments after its clock was looked at. */
const GRACE_MS = 60_000;

export class Remembered {
  readonly #rows = new Map<string, Said[]>();
  readonly #silent = new Set<string>();

  /** Looks at the world; `now` is the clock of the run of `sync` that is under way, null where there is none. */
  note(world: World, now: number | null): void {
    for (const { uuid, modified, attributes, project } of everyResource(world)) {
      const known = (this.#rows.get(uuid) ?? []).filter((said) => said.modified === modified);
      const last = known.at(-1);
      const said =
        last !== undefined && isSame(last, { attributes, project })
          ? last
          : { modified, attributes, project, readAt: new Set<number>() };
      if (now !== null) said.readAt.add(now);
      if (last !== undefined && textOf(last.attributes) !== textOf(attributes)) this.#silent.add(uuid);
      this.#rows.set(uuid, said === last ? known : [...known, said]);
    }
  }

  /** The row as a run may still take it to be that begins now, though Waldur says something else of it by now. */
  olderOf(row: SimResource, now: number): SimResource[] {
    const isBelieved = (at: number) => now - at <= DAY_MS + GRACE_MS && at - now <= GRACE_MS;
    return (this.#rows.get(row.uuid) ?? [])
      .filter((said) => said.modified === row.modified && !isSame(said, row))
      .filter(({ readAt }) => [...readAt].some(isBelieved))
      .map(({ attributes, project }) => ({ ...row, attributes, project }));
  }

  /** A run has published it as it is now, and so remembers it. */
  settle({ uuid }: SimResource): void {
    this.#rows.set(uuid, (this.#rows.get(uuid) ?? []).slice(-1));
  }

  /** Its attributes were changed without a new `modified` at some time. */
  wasSilent(uuid: string): boolean {
    return this.#silent.has(uuid);
  }
}

export type Late = { modified: string; permission: string };

/** What the last run of `sync` has shown. */
export class Silence {
  /** Resources that it published as they were before a silent change, so that it surely remembers them so. */
  late: ReadonlyMap<string, Late> = new Map();
  /** `modified` of each row that it surely remembers as it is; null where something befell it, or its memory. */
  settled: ReadonlyMap<string, string> | null = null;

  forget(): void {
    this.late = new Map();
    this.settled = null;
  }
}

function isSame(a: Columns, b: Columns): boolean {
  return a.project?.uuid === b.project?.uuid && textOf(a.attributes) === textOf(b.attributes);
}

function textOf(attributes: unknown): string {
  return JSON.stringify(attributes) ?? "";
}
