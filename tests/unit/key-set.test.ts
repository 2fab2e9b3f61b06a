import { expect, test } from "bun:test";
import fc from "fast-check";
import { createKeySet, createUuidSet, keyAt, uuidKey, uuidText } from "../../lib/key-set.ts";

const key = (number: number) => Int32Array.of(0, 0, 0, number);

test("numbers new keys from 0, and gives the number of one it has", () => {
  const set = createKeySet();
  expect([set.add(key(7)), set.add(key(8)), set.add(key(7)), set.add(key(8))]).toEqual([0, 1, -1, -2]);
  expect([set.find(key(7)), set.find(key(9)), set.size()]).toEqual([0, -1, 2]);
  expect(keyAt(set.words(), 1)).toEqual(key(8));
});

test("keeps numbers and keys while it grows", () => {
  const set = createKeySet();
  const count = 20_000;
  for (let at = 0; at < count; at++) expect(set.add(key(at))).toBe(at);
  for (let at = 0; at < count; at += 97) {
    expect(set.add(key(at))).toBe(-1 - at);
    expect(keyAt(set.words(), at)).toEqual(key(at));
  }
  expect([set.size(), set.find(key(count))]).toEqual([count, -1]);
});

test("does not hold on to the array it was given", () => {
  const set = createKeySet();
  const given = key(1);
  set.add(given);
  given.fill(9);
  expect([set.find(key(1)), set.find(given)]).toEqual([0, -1]);
});

test("cleared it is empty and numbers from 0 again", () => {
  const set = createKeySet();
  for (let at = 0; at < 3000; at++) set.add(key(at));
  set.clear();
  expect([set.size(), set.find(key(5)), set.add(key(5))]).toEqual([0, -1, 0]);
});

test("agrees with a Map for any keys, restored ones among them", () => {
  const words = fc.int32Array({ minLength: 4, maxLength: 4, min: -1, max: 2 });
  const lists = fc.record({
    stored: fc.uniqueArray(words, { maxLength: 50, selector: uuidText }),
    added: fc.array(words, { maxLength: 200 }),
    /** How many of the stored ones are asked for in their order, and from which on. */
    inOrder: fc.record({ from: fc.nat(50), count: fc.nat(50) }),
  });
  fc.assert(
    fc.property(lists, ({ stored, added, inOrder: { from, count } }) => {
      const set = createKeySet();
      set.restore(Int32Array.from(stored.flatMap((key) => [...key])), stored.length);
      const model = new Map(stored.map((key, at) => [uuidText(key), at]));
      for (const key of stored.slice(from, from + count)) {
        expect(set.find(key)).toBe(model.get(uuidText(key)) ?? Number.NaN);
      }
      for (const key of added) {
        const text = uuidText(key);
        const known = model.get(text);
        expect(set.find(key)).toBe(known ?? -1);
        expect(set.add(key)).toBe(known === undefined ? model.size : -1 - known);
        if (known === undefined) model.set(text, model.size);
      }
      expect(set.size()).toBe(model.size);
    }),
  );
});

test("a uuid becomes a key and comes back", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), (uuid) => {
      expect(uuidText(uuidKey(uuid))).toBe(uuid);
    }),
  );
});

test("a set of uuids has those that were added, and nothing that is not a uuid", () => {
  const set = createUuidSet();
  const [one, other] = ["1".repeat(32), "2".repeat(32)];
  for (const uuid of [one, one]) set.add(uuid);
  expect([set.size, set.has(one), set.has(other)]).toEqual([1, true, false]);
  // The bytes of the last key still stand where a text without any would have left them.
  set.add(other);
  expect(["", "x", "2".repeat(30)].map((text) => set.has(text))).toEqual([false, false, false]);
  set.clear();
  expect([set.size, set.has(one)]).toEqual([0, false]);
});
