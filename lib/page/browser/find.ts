// Finding rows: every word must be in the path, the names or the uuid. And their order.

import { BITS, type Model, type Scope } from "./model.ts";

export type Which = "all" | "changed" | "new" | "gone";
export type Sorting = { by: SortKey; isDown: boolean };
export type SortKey = "path" | "tenant" | "project" | "system" | "status" | "space" | "inodes" | "change";

export type Query = { text: string; which: Which; scope: Scope };

export function createFinder(model: Model) {
  const { rows, size, data } = model;
  const low = (names: readonly { name: string; key: string }[]) =>
    names.map(({ name, key }) => `${name}\n${key}`.toLowerCase());
  const lists = lazy(() => ({
    tenants: low(data.tenants),
    projects: low(data.projects),
    systems: low(data.systems),
    folders: data.folders.map((folder) => folder.toLowerCase()),
    leaves: rows.leaf.map((leaf) => leaf.toLowerCase()),
  }));
  const ranks = lazy(() => ({
    folder: rankOf(data.folders),
    project: rankOf(data.projects.map(({ name }) => name)),
    tenant: rankOf(data.tenants.map(({ name }) => name)),
    system: rankOf(data.systems.map(({ name }) => name)),
    value: rankOf(data.values.map(String)),
  }));

  const matcher = (word: string): ((row: number) => boolean) => {
    const { tenants, projects, systems, folders, leaves } = lists();
    const has = (names: readonly string[]) => names.map((name) => name.includes(word));
    const inTenant = has(tenants);
    const inProject = projects.map(
      (name, at) => name.includes(word) || inTenant[model.tenantOf(at)] === true,
    );
    const [inSystem, inFolder] = [has(systems), has(folders)];
    const isPath = word.includes("/");
    const byUuid = /^[0-9a-f-]{6,}$/.test(word) ? uuidRows(rows.uuid, word.replaceAll("-", "")) : null;
    return (row) => {
      const folder = rows.folder[row] ?? 0;
      const leaf = leaves[row] ?? "";
      return (
        inProject[rows.project[row] ?? 0] === true ||
        inFolder[folder] === true ||
        inSystem[rows.system[row] ?? 0] === true ||
        leaf.includes(word) ||
        (isPath && `${folders[folder] ?? ""}${leaf}`.includes(word)) ||
        byUuid?.has(row) === true
      );
    };
  };

  return {
    find({ text, which, scope }: Query): Int32Array<ArrayBuffer> {
      const words = text
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== "");
      const matchers = words.map(matcher);
      const found = new Int32Array(size);
      let count = 0;
      for (let row = 0; row < size; row++) {
        if (!isAsked(which, rows.change[row] ?? 0) || !model.isInScope(scope, row)) continue;
        if (matchers.every((matches) => matches(row))) found[count++] = row;
      }
      return found.slice(0, count);
    },
    /** In place; rows without an amount come last, whichever way. */
    sort(found: Int32Array<ArrayBuffer>, { by, isDown }: Sorting): void {
      const { folder, project, tenant, system, value } = ranks();
      const sign = isDown ? -1 : 1;
      const number = (rank: (row: number) => number) => {
        const keys = Float64Array.from({ length: size }, (_, row) => rank(row));
        found.sort((one, other) => {
          const [a, b] = [keys[one] ?? 0, keys[other] ?? 0];
          if (a === b) return one - other;
          if (Number.isNaN(a) || Number.isNaN(b))
            return Number.isNaN(a) ? (Number.isNaN(b) ? one - other : 1) : -1;
          return sign * (a - b);
        });
      };
      if (by === "space" || by === "inodes") number((row) => model.amountOf(row, by, "hard"));
      else if (by === "tenant") number((row) => tenant[model.tenantOf(rows.project[row] ?? 0)] ?? 0);
      else if (by === "project") number((row) => project[rows.project[row] ?? 0] ?? 0);
      else if (by === "system") number((row) => system[rows.system[row] ?? 0] ?? 0);
      else if (by === "status") number((row) => value[rows.status[row] ?? 0] ?? 0);
      else if (by === "change") number((row) => rows.change[row] ?? 0);
      else
        found.sort((one, other) => {
          const byFolder = (folder[rows.folder[one] ?? 0] ?? 0) - (folder[rows.folder[other] ?? 0] ?? 0);
          if (byFolder !== 0) return sign * byFolder;
          const [a, b] = [rows.leaf[one] ?? "", rows.leaf[other] ?? ""];
          return a === b ? one - other : a < b ? -sign : sign;
        });
    },
  };
}

function isAsked(which: Which, change: number): boolean {
  if (which === "all") return (change & BITS.gone) === 0;
  return which === "changed" ? change !== 0 : (change & BITS[which]) !== 0;
}

/** Rows whose uuid begins with it, or has it. */
function uuidRows(uuids: string, word: string): Set<number> {
  const found = new Set<number>();
  for (let at = uuids.indexOf(word); at >= 0; at = uuids.indexOf(word, at + 1))
    if ((at % 32) + word.length <= 32) found.add(Math.floor(at / 32));
  return found;
}

/** The place of each text among all of them, in the order of people. */
function rankOf(texts: readonly string[]): Int32Array {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const order = texts.map((_, at) => at).sort((one, other) => compare(texts[one] ?? "", texts[other] ?? ""));
  const ranks = new Int32Array(texts.length);
  for (const [rank, at] of order.entries()) ranks[at] = rank;
  return ranks;
}

function lazy<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
