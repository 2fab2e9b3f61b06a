// The rules of published files that a schema cannot say: what must be unique, what must agree within an entry, and what
// file name, head and entries have to do with each other (docs/contract.md, "The document"). Looks at values of any
// shape, because what the schema refuses may still break a rule.

import { createPathStore } from "../claims/paths.ts";
import { isTable } from "../json.ts";
import { createKeySet, keyAt, uuidKey, uuidText } from "../key-set.ts";
import { LARGEST_ENTRY_BYTES } from "../storage/entry-size.ts";
import { faultOfPath } from "../storage/mount-point.ts";
import { isDirectory } from "../storage/text.ts";
import { isPlainUuid } from "../uuid.ts";
import { type EntryFacts, factsOf, rulesOfFile } from "./file-rules.ts";
import type { Fault } from "./finding.ts";
import { createParentRules } from "./parent-rules.ts";
import type { ReadEntry } from "./read.ts";

export type Rules = {
  /** What is wrong with the entry, also beside the earlier ones. */
  entry(read: ReadEntry): Iterable<Fault>;
  /** Of an entry that was seen; null where it has no uuid. */
  itemId(entry: number | null): string | null;
  /** What can be said when all entries were seen. */
  end(frame: unknown): Iterable<Fault>;
};

/** @param name of the file, without its directory */
export function createRules(name: string): Rules {
  const ids = createKeySet();
  /** Of each id, the number of its first entry. */
  const entriesOfIds: number[] = [];
  /** Of each entry, the number of its id, or -1. */
  const idsOfEntries: number[] = [];
  const mounts = createMounts();
  const parents = createParentRules();
  const facts: EntryFacts[] = [];
  /** Of resources. */
  let count = 0;
  return {
    *entry({ value, text, number }) {
      idsOfEntries.push(-1);
      if (!isTable(value)) return;
      if (Buffer.byteLength(text) > LARGEST_ENTRY_BYTES)
        yield { code: "size", field: "", message: `has more than ${LARGEST_ENTRY_BYTES / 1024} KiB` };
      if (isDirectory(value)) {
        yield* parents.directory(value, number);
        yield* mounts.add(value, { number, isDirectory: true });
        return;
      }
      count++;
      yield* parents.resource(value, number);
      const { itemId } = value;
      if (isPlainUuid(itemId)) {
        const id = ids.add(uuidKey(itemId));
        idsOfEntries[number - 1] = id >= 0 ? id : -1 - id;
        if (id >= 0) entriesOfIds.push(number);
        else yield repeatedId(entriesOfIds[-1 - id] ?? 0);
      }
      yield* mounts.add(value, { number, isDirectory: false });
      yield* quotaFaults(value);
      // Only the first entries can matter: what a snapshot may not have is reported once, with the first that has it.
      const seen = factsOf(value, number);
      if (facts.length === 0 || (facts.length < 3 && seen.isOfOrder)) facts.push(seen);
    },
    itemId(entry) {
      const id = entry === null ? -1 : (idsOfEntries[entry - 1] ?? -1);
      return id < 0 ? parents.itemId(entry) : uuidText(keyAt(ids.words(), id));
    },
    *end(frame) {
      yield* mounts.nested();
      yield* parents.end((id) => isPlainUuid(id) && ids.find(uuidKey(id)) >= 0);
      yield* rulesOfFile(name, frame, { count, facts });
    },
  };
}

function repeatedId(first: number): Fault {
  return { code: "duplicate-id", field: "itemId", message: `is that of entry ${first} too` };
}

/** Which entry has which mount point. Nothing is mounted at directories, but no path has two entries. */
function createMounts() {
  const paths = createPathStore();
  /** Of each path, the number of its first entry. */
  const entries: number[] = [];
  const directories = new Map<string, number>();
  const field = "mountPoint.default";
  return {
    *add(
      { mountPoint }: Readonly<Record<string, unknown>>,
      { number, isDirectory }: { number: number; isDirectory: boolean },
    ): Generator<Fault> {
      const path = isTable(mountPoint) ? mountPoint.default : undefined;
      if (typeof path !== "string") return;
      const fault = faultOfPath(path);
      if (fault !== null) {
        yield { code: "path", field, message: fault };
        return;
      }
      const key = directories.size > 0 || isDirectory ? path.normalize("NFC") : "";
      const [mount] = paths.find(path);
      const first = mount === undefined ? directories.get(key) : entries[mount];
      if (first !== undefined) {
        yield { code: "duplicate-mount", field, message: `is that of entry ${first} too` };
      } else if (isDirectory) directories.set(key, number);
      else entries[paths.add(path)] = number;
    },
    *nested(): Generator<Fault> {
      if (!paths.hasDepths()) return;
      for (const [path, entry] of entries.entries()) {
        for (const outer of paths.above(paths.text(path))) {
          const message = `is inside the mount point of entry ${entries[outer]}`;
          yield { code: "nested-mount", level: "warning", entry, field, message };
        }
      }
    },
  };
}

function* quotaFaults(entry: Readonly<Record<string, unknown>>): Generator<Fault> {
  for (const field of ["quotas", "oldQuotas", "newQuotas"]) {
    const quotas = entry[field];
    if (!Array.isArray(quotas)) continue;
    for (const type of ["space", "inodes"]) {
      const [soft, hard] = ["soft", "hard"].map((enforcement) => amountOf(quotas, type, enforcement));
      if (soft === undefined || hard === undefined || hard >= soft) continue;
      yield {
        code: "quotas",
        field,
        message: `has a hard ${type} quota of ${hard} below the soft one of ${soft}`,
      };
    }
  }
}

function amountOf(quotas: readonly unknown[], type: string, enforcement: string): number | undefined {
  for (const one of quotas) {
    if (!isTable(one) || one.type !== type || one.enforcementType !== enforcement) continue;
    if (typeof one.quota === "number") return one.quota;
  }
  return undefined;
}
