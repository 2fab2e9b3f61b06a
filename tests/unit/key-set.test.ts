import { expect, test } from "bun:test";
import fc from "fast-check";
import { createKeySet, keyAt, uuidKey, uuidText } from "../../lib/key-set.ts";

const key = (number: number) => Int32Array.of(0, 0, 0, number);

test("numbers new keys from 0, and tells the number of one it has", () => {
  const set = createKeySet();
  expect([set.add(key(7)), set.add(key(8)), set.add(key(7)), set.add(key(8))]).toEqual([0, 1, -1, -2]);
  expect([set.has(key(7)), set.has(key(9)), set.size()]).toEqual([true, false, 2]);
  expect(keyAt(new Int32Array(set.bytes().buffer), 1)).toEqual(key(8));
});

test("keeps numbers and keys while it grows", () => {
  const set = createKeySet();
  const count = 20_000;
  for (let at = 0; at < count; at++) expect(set.add(key(at))).toBe(at);
  for (let at = 0; at < count; at += 97) {
    expect(set.add(key(at))).toBe(-1 - at);
    expect(keyAt(new Int32Array(set.bytes().buffer), at)).toEqual(key(at));
  }
  expect([set.size(), set.has(key(count))]).toEqual([count, false]);
});

test("does not hold on to the array it was given", () => {
  const set = createKeySet();
  const given = key(1);
  set.add(given);
  given.fill(9);
  expect([set.has(key(1)), set.has(given)]).toEqual([true, false]);
});

test("cleared it is empty and numbers from 0 again", () => {
  const set = createKeySet();
  for (let at = 0; at < 3000; at++) set.add(key(at));
  set.clear();
  expect([set.size(), set.has(key(5)), set.add(key(5))]).toEqual([0, false, 0]);
});

test("agrees with a Map for any keys", () => {
  const words = fc.int32Array({ minLength: 4, maxLength: 4, min: -1, max: 2 });
  const keys = fc.array(words, { maxLength: 200 });
  fc.assert(
    fc.property(keys, (list) => {
      const set = createKeySet();
      const model = new Map<string, number>();
      for (const words of list) {
        const text = uuidText(words);
        const known = model.get(text);
        expect(set.add(words)).toBe(known === undefined ? model.size : -1 - known);
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
