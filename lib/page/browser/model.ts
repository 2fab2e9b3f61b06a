// The data of the page, and questions to it: sums by group, what a search finds, and an order for each column.

import type { PageData } from "../data.ts";
import type { Measure } from "./numbers.ts";

export type Limit = "soft" | "hard";
export type Level = "tenant" | "project" | "system" | "resource";

export type Shown = { measure: Measure; limit: Limit };

export type Model = ReturnType<typeof createModel>;

/** Which part of the whole is looked at; -1 for everything. */
export type Scope = { tenant: number; project: number; system: number };
export const EVERYTHING: Scope = { tenant: -1, project: -1, system: -1 };

export const BITS = { new: 1, gone: 2, quotas: 4, path: 8, status: 16, permission: 32, gid: 64 } as const;

/** `before`: the amount in the last snapshot but one. */
export type Group = { id: number; amount: number; before: number; resources: number };

export function createModel(data: PageData) {
  const { rows, tenants, projects, systems, folders } = data;
  const size = rows.leaf.length;
  const column = (values: readonly (number | null)[]) =>
    Float64Array.from(values, (value) => value ?? Number.NaN);
  const amounts = {
    space: { soft: column(rows.softSpace), hard: column(rows.hardSpace) },
    inodes: { soft: column(rows.softInodes), hard: column(rows.hardInodes) },
  };
  const before = new Map(data.before.map((one) => [one[0], one]));
  const tenantOf = (project: number) => projects[project]?.tenant ?? 0;
  const isGone = (row: number) => ((rows.change[row] ?? 0) & BITS.gone) !== 0;
  const amountOf = (row: number, measure: Measure, limit: Limit) =>
    amounts[measure][limit][row] ?? Number.NaN;
  const idOf = (level: Level, row: number): number => {
    if (level === "resource") return row;
    const project = rows.project[row] ?? 0;
    return level === "project" ? project : level === "tenant" ? tenantOf(project) : (rows.system[row] ?? 0);
  };
  const isIn = (scope: Scope, project: number, system: number) =>
    (scope.project < 0 || project === scope.project) &&
    (scope.tenant < 0 || tenantOf(project) === scope.tenant) &&
    (scope.system < 0 || system === scope.system);
  const isRowIn = (scope: Scope, row: number) => isIn(scope, rows.project[row] ?? 0, rows.system[row] ?? 0);

  return {
    ...{ data, rows, size, before, isGone, amountOf, idOf, tenantOf },
    isInScope: isRowIn,
    path: (row: number) => `${folders[rows.folder[row] ?? 0] ?? ""}${rows.leaf[row] ?? ""}`,
    uuid: (row: number) => rows.uuid.slice(row * 32, row * 32 + 32),
    tenant: (row: number) => tenants[tenantOf(rows.project[row] ?? 0)]?.name ?? "",
    project: (row: number) => projects[rows.project[row] ?? 0]?.name ?? "",
    system: (row: number) => systems[rows.system[row] ?? 0]?.name ?? "",
    value: (name: "status" | "type" | "permission" | "gid", row: number) =>
      data.values[rows[name][row] ?? 0] ?? null,
    /** The groups of a level within a scope, the largest first. */
    groups(level: Level, scope: Scope, { measure, limit }: Shown): Group[] {
      const groups = new Map<number, Group>();
      const groupOf = (id: number): Group => {
        const found = groups.get(id);
        if (found !== undefined) return found;
        const made = { id, amount: 0, before: 0, resources: 0 };
        groups.set(id, made);
        return made;
      };
      const column = amounts[measure][limit];
      const oldAt = 3 + (measure === "space" ? 0 : 2) + (limit === "soft" ? 0 : 1);
      for (let row = 0; row < size; row++) {
        const old = before.get(row);
        const change = rows.change[row] ?? 0;
        const now = column[row] ?? 0;
        const value = Number.isNaN(now) ? 0 : now;
        if (isRowIn(scope, row)) {
          const group = groupOf(idOf(level, row));
          if ((change & BITS.gone) === 0) {
            group.amount += value;
            group.resources++;
          }
          if (old === undefined && (change & BITS.new) === 0) group.before += value;
        }
        if (old === undefined) continue;
        const [, project, system] = old;
        if (!isIn(scope, project, system)) continue;
        const ids = { resource: row, project, system, tenant: tenantOf(project) };
        groupOf(ids[level]).before += old[oldAt] ?? 0;
      }
      return [...groups.values()].sort((one, other) => other.amount - one.amount || one.id - other.id);
    },
    /** The amounts of the parts of each group, the largest first. */
    parts(
      levels: { of: Level; below: Level },
      scope: Scope,
      { measure, limit }: Shown,
    ): Map<number, number[]> {
      const groups = new Map<number, Map<number, number>>();
      const column = amounts[measure][limit];
      for (let row = 0; row < size; row++) {
        const value = column[row] ?? 0;
        if (isGone(row) || !(value > 0) || !isRowIn(scope, row)) continue;
        const id = idOf(levels.of, row);
        const group = groups.get(id) ?? new Map<number, number>();
        groups.set(id, group);
        const part = idOf(levels.below, row);
        group.set(part, (group.get(part) ?? 0) + value);
      }
      return new Map([...groups].map(([id, parts]) => [id, [...parts.values()].sort((a, b) => b - a)]));
    },
    nameOf(level: Level, id: number): string {
      if (level === "resource") return rows.leaf[id] ?? "";
      const list = level === "tenant" ? tenants : level === "project" ? projects : systems;
      return list[id]?.name ?? "";
    },
  };
}

/** What a scope is divided into. */
export function levelBelow({ tenant, project, system }: Scope, systems: number): Level {
  if (project >= 0) return system < 0 && systems > 1 ? "system" : "resource";
  return tenant >= 0 ? "project" : "tenant";
}

export function scopeOf(scope: Scope, level: Level, id: number): Scope {
  return level === "resource" ? scope : { ...scope, [level]: id };
}
