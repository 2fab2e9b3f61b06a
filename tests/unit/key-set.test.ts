import { expect, test } from "bun:test";
import fc from "fast-check";
import { createKeySet, uuidBytes, uuidText } from "../../lib/key-set.ts";

const key = (number: number) => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, number);
  return bytes;
};

test("numbers new keys from 0, and tells the number of one it has", () => {
  const set = createKeySet();
  expect([set.add(key(7)), set.add(key(8)), set.add(key(7)), set.add(key(8))]).toEqual([0, 1, -1, -2]);
  expect([set.has(key(7)), set.has(key(9)), set.size()]).toEqual([true, false, 2]);
  expect(set.at(1)).toEqual(key(8));
});

test("keeps numbers and keys while it grows", () => {
  const set = createKeySet();
  const count = 20_000;
  for (let at = 0; at < count; at++) expect(set.add(key(at))).toBe(at);
  for (let at = 0; at < count; at += 97) {
    expect(set.add(key(at))).toBe(-1 - at);
    expect(set.at(at)).toEqual(key(at));
  }
  expect([set.size(), set.has(key(count))]).toEqual([count, false]);
});

test("does not hold on to the array it was given", () => {
  const set = createKeySet();
  const bytes = key(1);
  set.add(bytes);
  bytes.fill(9);
  expect([set.has(key(1)), set.has(bytes)]).toEqual([true, false]);
});

test("cleared it is empty and numbers from 0 again", () => {
  const set = createKeySet();
  for (let at = 0; at < 3000; at++) set.add(key(at));
  set.clear();
  expect([set.size(), set.has(key(5)), set.add(key(5))]).toEqual([0, false, 0]);
});

test("agrees with a Map for any keys", () => {
  const keys = fc.array(fc.uint8Array({ minLength: 16, maxLength: 16, max: 2 }), { maxLength: 200 });
  fc.assert(
    fc.property(keys, (list) => {
      const set = createKeySet();
      const model = new Map<string, number>();
      for (const bytes of list) {
        const text = uuidText(bytes);
        const known = model.get(text);
        expect(set.add(bytes)).toBe(known === undefined ? model.size : -1 - known);
        if (known === undefined) model.set(text, model.size);
      }
      expect(set.size()).toBe(model.size);
    }),
  );
});

test("a uuid goes to bytes and back", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), (uuid) => {
      expect(uuidText(uuidBytes(uuid))).toBe(uuid);
    }),
  );
});
