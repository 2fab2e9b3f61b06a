// Two documents compared: against a naive comparison and against jq, whatever the order of the entries; and a document
// of the Python plugin against ours, where each row that is named is in docs/migration.md.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { type Difference, diffDocuments } from "../../../lib/documents/diff.ts";
import { DiffOutput } from "../../../lib/documents/diff-schema.ts";
import { diffJson, diffText } from "../../../lib/documents/diff-text.ts";
import { ROWS } from "../../../lib/documents/explained.ts";
import type { StorageResource } from "../../../lib/storage/document.ts";
import { readPage } from "../../pages.ts";
import { runCommand } from "../../stage.ts";
import { vectorNames } from "../storage/support.ts";
import { documentOf, entry, fileOf, textOf, vectorDocuments } from "./support.ts";

const jsonOf = (difference: Difference) =>
  v.parse(DiffOutput, JSON.parse([...diffJson(difference)].join("")));
const linesOf = (difference: Difference, columns = 80) =>
  [...diffText(difference, columns)].join("").split("\n");
const diffOf = (old: StorageResource[], next: StorageResource[]) =>
  diffDocuments(fileOf(textOf(old)), fileOf(textOf(next)));

/** Few resources and few values, so that both documents have much in common. */
const anyEntry = fc
  .record({
    number: fc.nat(8),
    path: fc.constantFrom("/a", "/b", "/ä/c"),
    status: fc.constantFrom("active" as const, "updating" as const),
    permission: fc.constantFrom(null, "775", "770"),
    space: fc.constantFrom(null, 1, 1.5),
    unixGid: fc.constantFrom(null, 30001, 30002),
  })
  .map(({ number, path, status, permission, space, unixGid }) => {
    const { quotas } = entry(number);
    return entry(number, {
      mountPoint: { default: path },
      status,
      permission: permission === null ? null : { permissionType: "octal", value: permission },
      quotas: space === null || quotas === null ? null : quotas.map((one) => ({ ...one, quota: space })),
      target: { targetType: "project", targetItem: { unixGid } },
    });
  });
const anyList = fc.uniqueArray(anyEntry, { selector: ({ itemId }) => itemId });

test("finds what a naive comparison finds, whatever the order and the layout", () => {
  fc.assert(
    fc.property(anyList, anyList, fc.boolean(), (old, next, isCompact) => {
      const shuffled = next.toReversed();
      const text = isCompact ? JSON.stringify(documentOf(shuffled)) : textOf(shuffled);
      const difference = diffDocuments(fileOf(textOf(old)), fileOf(text));
      const { added, gone, changed, isEqual } = jsonOf(difference);
      const ids = (list: readonly { itemId: string }[]) => list.map(({ itemId }) => itemId).sort();
      const of = (list: StorageResource[], id: string) => list.find(({ itemId }) => itemId === id);
      expect(ids(added)).toEqual(ids(next.filter(({ itemId }) => of(old, itemId) === undefined)));
      expect(ids(gone)).toEqual(ids(old.filter(({ itemId }) => of(next, itemId) === undefined)));
      const differing = next.flatMap((one) => {
        const before = of(old, one.itemId);
        const fields = before === undefined ? [] : fieldsOf(before, one);
        return fields.length === 0 ? [] : [[one.itemId, fields] as const];
      });
      const found = changed.map(
        ({ itemId, changes }) => [itemId, changes.map(({ field }) => field)] as const,
      );
      expect(new Map(found)).toEqual(new Map(differing));
      expect(isEqual).toBe(added.length + gone.length + changed.length === 0);
      expect(linesOf(difference).filter((line) => line.length > 80)).toEqual([]);
      const same = diffDocuments(fileOf(textOf(old.toReversed())), fileOf(textOf(next)));
      expect({ ...jsonOf(same), old: null, new: null }).toEqual({
        ...jsonOf(difference),
        old: null,
        new: null,
      });
    }),
    { numRuns: 150 },
  );
}, 20_000);

function fieldsOf(one: StorageResource, other: StorageResource) {
  const values = ({ mountPoint, quotas, permission, target, status }: StorageResource) => ({
    path: mountPoint.default,
    quotas: quotas?.map(({ quota }) => quota),
    permission: permission?.value,
    gid: target.targetItem.unixGid,
    status,
  });
  const [was, is] = [values(one), values(other)];
  const names = ["path", "quotas", "permission", "gid", "status"] as const;
  return names.filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
}

/** By itemId: lists of who is new, who is gone, and whose values differ. */
const JQ = `
  def entries: .result.storageResources | map({key: .itemId, value: {
    path: .mountPoint.default, quotas: (.quotas // [] | map(.quota)), permission: .permission.value,
    gid: .target.targetItem.unixGid, status}}) | from_entries;
  ($old[0] | entries) as $old | ($new[0] | entries) as $new | {
    added: ($new | keys - ($old | keys)), gone: ($old | keys - ($new | keys)),
    changed: [$new | to_entries[] | select($old[.key] != null and $old[.key] != .value) | .key] | sort}`;

test.skipIf(Bun.which("jq") === null)("finds what jq finds in 1 000 entries (needs jq)", async () => {
  const old = Array.from({ length: 1000 }, (_, n) => entry(n));
  const next = old
    .slice(17)
    .map((one, at) => (at % 5 === 0 ? { ...one, status: "updating" as const } : one))
    .map((one, at) => (at % 7 === 0 ? { ...one, mountPoint: { default: `/moved/${at}` } } : one))
    .concat(Array.from({ length: 9 }, (_, n) => entry(2000 + n)))
    .toReversed();
  const paths = [fileOf(textOf(old)), fileOf(textOf(next))] as const;
  const command = ["jq", "-n", "--slurpfile", "old", paths[0], "--slurpfile", "new", paths[1], JQ];
  const { stdout } = await runCommand(command, {});
  const { added, gone, changed } = jsonOf(diffDocuments(...paths));
  const ids = (list: readonly { itemId: string }[]) => list.map(({ itemId }) => itemId).sort();
  expect({ added: ids(added), gone: ids(gone), changed: ids(changed) }).toEqual(JSON.parse(stdout));
  expect([added.length, gone.length, changed.length]).toEqual([9, 17, 309]);
});

test("shows paths and values, by path, and control characters never", () => {
  const [one, other] = [entry(1), entry(2)];
  const changed = {
    ...one,
    quotas: null,
    permission: { permissionType: "octal" as const, value: "7\u009b0" },
  };
  const difference = diffOf([one, other], [changed, entry(3)]);
  expect(linesOf(difference).slice(4)).toEqual([
    "",
    "NEW",
    "/capstor/store/university/physics-dept/data-3",
    `  ${entry(3).itemId}  active`,
    "",
    "GONE",
    "/capstor/store/university/physics-dept/data-2",
    `  ${other.itemId}  active`,
    "",
    "CHANGED",
    "/capstor/store/university/physics-dept/data-1",
    `  ${one.itemId}`,
    "  soft space   10 TB → none",
    "  hard space   10 TB → none",
    "  soft inodes  13300000 → none",
    "  hard inodes  20000000 → none",
    "  permission   775 → 7 0",
    "",
    "1 new, 1 gone, 1 changed",
    "",
  ]);
  expect([...diffJson(difference)].join("")).not.toMatch(/\u009b/);
});

test("a long path loses its middle, and more of it is seen on a wide terminal", () => {
  const long = entry(1, { mountPoint: { default: `/${"a".repeat(100)}/end` } });
  expect(linesOf(diffOf([], [long]))).toContain(`/${"a".repeat(26)}…${"a".repeat(48)}/end`);
  expect(linesOf(diffOf([], [long]), 200)).toContain(long.mountPoint.default);
});

describe("entries that cannot be compared", () => {
  test("make documents unequal, and are counted", () => {
    const twice = diffOf([entry(1)], [entry(1), entry(1, { status: "error" })]);
    expect([twice.isEqual, twice.new.repeated, twice.counts.changed]).toEqual([false, 1, 0]);
    expect(linesOf(twice)).toContain("     not compared: 1 with the same resource as an earlier entry");
    const nameless = diffDocuments(fileOf(JSON.stringify(documentOf([3, {}]))), fileOf(textOf([])));
    expect([nameless.isEqual, nameless.old.nameless]).toEqual([false, 2]);
  });

  test("uuids are the same in every spelling", () => {
    const { itemId, ...rest } = entry(0xabc);
    const dashed = itemId.toUpperCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    const other = fileOf(JSON.stringify(documentOf([{ ...rest, itemId: dashed }])));
    expect(diffDocuments(other, fileOf(textOf([entry(0xabc)]))).isEqual).toBe(true);
  });

  test("what is not a document is refused, and so is the report of a dry run, with a hint", () => {
    const report = fileOf(JSON.stringify({ files: [{ document: documentOf([]) }] }));
    expect(() => diffDocuments(report, fileOf(textOf([])))).toThrow("result.storageResources is missing");
    expect(() => diffDocuments(fileOf("{"), fileOf(textOf([])))).toThrow("ends too early");
  });
});

describe("a document of the plugin", () => {
  const rows = readPage("docs/migration.md")
    .table("## Differences")
    .map(([first]) => first);

  test("is explained by rows that docs/migration.md has", () => {
    for (const row of Object.values(ROWS)) expect(rows).toContain(row.replaceAll("`", ""));
  });

  /** What the rows explain, and what is left: fields that changed, who is gone or new. */
  const compared = (name: string) => {
    const { plugin, ours } = vectorDocuments(name);
    const output = jsonOf(diffDocuments(fileOf(plugin), fileOf(ours)));
    const changes = output.changed.flatMap(({ changes }) => changes);
    const rowsOf = new Set(changes.flatMap(({ explained }) => explained ?? []));
    return {
      writers: [output.old.writer, output.new.writer],
      rows: [...rowsOf].sort(),
      left: [
        ...changes.filter(({ explained }) => explained === null).map(({ field }) => field as string),
        ...output.gone.map(({ perhaps }) => `gone, perhaps ${perhaps}`),
        ...output.added.map(({ perhaps }) => `new, perhaps ${perhaps}`),
        ...(output.old.nameless > 0 ? ["nameless"] : []),
      ],
    };
  };
  const { status, invented, wholeTb, mock, terminated, empty } = ROWS;
  const gone = `gone, perhaps ${terminated}`;

  test.each([
    ["01-normal", [status, invented], []],
    ["02-three-resources-order-kept", [status, invented], []],
    ["07-fractional-half", [status, invented, wholeTb], []],
    ["09-negative-limit", [], [gone]],
    ["12-limit-null-value", [], [`new, perhaps ${empty}`, `new, perhaps ${empty}`]],
    ["18-components-empty-config", [status, invented], ["quotas"]],
    ["19-unit-factor-ignored", [status, invented], ["quotas"]],
    ["24-attributes-permissions-null", [status, invented], ["permission"]],
    ["27-metadata-project-item", [status], []],
    ["33-mock-true-no-metadata", [status, mock], []],
    ["48-uuid-upper", [status, invented], []],
    ["42-customer-slug-absent", [], [gone]],
  ])("%s: what is explained, and what is not explained away", (name, explained, left) => {
    expect(compared(name)).toEqual({ writers: ["plugin", "ours"], rows: explained.toSorted(), left });
  });

  test("every vector can be compared, both ways", () => {
    for (const name of vectorNames("sync")) {
      const { plugin, ours } = vectorDocuments(name);
      const [one, other] = [fileOf(plugin), fileOf(ours)];
      const [there, back] = [jsonOf(diffDocuments(one, other)), jsonOf(diffDocuments(other, one))];
      expect([name, back.added, back.gone.length]).toEqual([name, there.gone, there.added.length]);
      const explained = ({ changed }: typeof there) =>
        changed.flatMap(({ changes }) => changes.map((c) => c.explained));
      expect(explained(back)).toEqual(explained(there));
    }
  });

  test("lines show what is left, and count what is explained", () => {
    const { plugin, ours } = vectorDocuments("19-unit-factor-ignored");
    const lines = linesOf(diffDocuments(fileOf(plugin), fileOf(ours)));
    expect(lines).toContain("     1 entry, 2026-11-23T06:11:45.066586, of the Python plugin");
    expect(lines).toContain("  soft space   3 TB → 3072 TB");
    expect(lines.join("\n")).not.toContain("pending →");
    expect(lines).toContain(`      1  ${status}`);
  });

  test("a GID that was not invented, a path and a status other than pending are never explained", () => {
    const meta = { date: "2026-11-23T06:11:45", appVersion: "1.4.0" };
    const theirs = (changes: Partial<StorageResource>) =>
      fileOf(JSON.stringify(documentOf([entry(1, changes)], meta)));
    const fields = (changes: Partial<StorageResource>) =>
      jsonOf(diffDocuments(theirs(changes), fileOf(textOf([entry(1)])))).changed.flatMap(({ changes: all }) =>
        all.map(({ field, explained }) => [field, explained]),
      );
    const { itemId } = entry(1);
    const target = (item: Readonly<Record<string, unknown>>) => ({
      target: { targetType: "project" as const, targetItem: item },
    });
    expect(fields(target({ itemId: "p-1", unixGid: 31234 }))).toEqual([["gid", null]]);
    expect(fields(target({ itemId, unixGid: 1234 }))).toEqual([["gid", null]]);
    expect(fields(target({ itemId, unixGid: 31234 }))).toEqual([["gid", invented]]);
    expect(fields({ mountPoint: { default: "/a" } })).toEqual([["path", null]]);
    expect(fields({ status: "error" })).toEqual([["status", null]]);
  });
});
