// Names of tenants, projects, systems and directories, each once. They come from people and servers: everything in
// them is kept as text, except for names that are too long to read.

import { isTable } from "../json.ts";
import type { Named } from "./data.ts";

/** The names of the page: what the rows have is a number of one of these lists. */
export type Names = ReturnType<typeof createNames>;

const LONGEST = 200;

export function createNames() {
  const tenants = createList<Named>();
  const projects = createList<Named & { tenant: number }>();
  const systems = createList<Named>();
  const folders = createList<string>();
  return {
    tenants: tenants.all,
    projects: projects.all,
    systems: systems.all,
    folders: folders.all,
    /** The project of an entry, with its tenant: `customer` and `tenant` of the document. */
    project(entry: Readonly<Record<string, unknown>>): number {
      const tenant = tenants.number(identityOf(entry.tenant), () => namedBy(entry.tenant));
      const identity = `${tenant} ${identityOf(entry.customer)}`;
      return projects.number(identity, () => ({ ...namedBy(entry.customer), tenant }));
    },
    tenantOf: (project: number): number => projects.all[project]?.tenant ?? 0,
    system: (item: unknown): number => systems.number(identityOf(item), () => namedBy(item)),
    folder: (path: string): number => folders.number(path, () => path),
  };
}

function createList<T>() {
  const all: T[] = [];
  const known = new Map<string, number>();
  return {
    all,
    number(identity: string, make: () => T): number {
      const found = known.get(identity);
      if (found !== undefined) return found;
      known.set(identity, all.length);
      return all.push(make()) - 1;
    },
  };
}

/** Two of one name are two; metadata may hold anything in their place. */
function identityOf(item: unknown): string {
  if (!isTable(item)) return "";
  const { itemId, key, name } = item;
  return [itemId, key, name].find((one): one is string => typeof one === "string" && one !== "") ?? "";
}

function namedBy(item: unknown): Named {
  const { name, key } = isTable(item) ? item : {};
  const [shownName, shownKey] = [name, key].map((one) => (typeof one === "string" ? shorten(one) : ""));
  return { name: shownName || shownKey || "(without a name)", key: shownKey ?? "" };
}

/** Not between the halves of a character. */
export function shorten(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
