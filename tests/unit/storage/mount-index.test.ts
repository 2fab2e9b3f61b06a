import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createMountIndex, mountIndexFromBytes } from "../../../lib/storage/mount-index.ts";

const uuid = (number: number) => number.toString(16).padStart(32, "0");

test("the first to claim a mount point keeps it", () => {
  const index = createMountIndex();
  expect(index.holder("/a")).toBeNull();
  expect(index.claim("/a", uuid(1))).toBeNull();
  expect(index.claim("/a", uuid(1))).toBeNull();
  expect(index.claim("/a", uuid(2))).toBe(uuid(1));
  expect(index.claim("/b", uuid(2))).toBeNull();
  expect([index.holder("/a"), index.holder("/b"), index.holder("/c")]).toEqual([uuid(1), uuid(2), null]);
  expect(index.size()).toBe(2);
});

test("cleared it holds nothing and can be used again", () => {
  const index = createMountIndex();
  for (let at = 0; at < 2000; at++) index.claim(`/${at}`, uuid(at));
  index.clear();
  expect([index.size(), index.holder("/7"), Buffer.concat(index.columns()).length]).toEqual([0, null, 0]);
  expect(index.claim("/7", uuid(8))).toBeNull();
  expect(index.holder("/7")).toBe(uuid(8));
});

test("asking for a holder takes nothing", () => {
  const index = createMountIndex();
  index.holder("/a");
  expect(index.size()).toBe(0);
  expect(index.claim("/a", uuid(1))).toBeNull();
});

test("agrees with a map for any claims, and after a round trip through its bytes", () => {
  const claims = fc.array(fc.tuple(fc.string({ unit: "binary", maxLength: 4 }), fc.nat(5)), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(claims, (list) => {
      const index = createMountIndex();
      const model = new Map<string, string>();
      for (const [name, number] of list) {
        // Halves of characters cannot be told apart in UTF-8; no mount point has them.
        const path = `/${name.toWellFormed()}`;
        const holder = model.get(path);
        const clash = holder === undefined || holder === uuid(number) ? null : holder;
        expect(index.claim(path, uuid(number))).toBe(clash);
        if (holder === undefined) model.set(path, uuid(number));
      }
      const inTheMiddle = Buffer.concat([Buffer.of(1), ...index.columns(), Buffer.of(1)]).subarray(1, -1);
      const again = mountIndexFromBytes(inTheMiddle);
      for (const one of [index, again]) {
        expect(one?.size()).toBe(model.size);
        for (const [path, holder] of model) expect(one?.holder(path)).toBe(holder);
      }
    }),
  );
});

describe("its bytes", () => {
  test("are the hashes, then the uuids, 16 bytes each", () => {
    const index = createMountIndex();
    index.claim("/a", "0123456789abcdef0123456789abcdef");
    index.claim("/b", uuid(255));
    const bytes = Buffer.concat(index.columns());
    expect(bytes.length).toBe(64);
    // The first half of `printf /a | sha256sum`: the file outlives the program that wrote it.
    expect(bytes.toString("hex", 0, 16)).toBe("6a50dc8584134c7de537c0052ff6d236");
    expect(bytes.toString("hex", 32, 48)).toBe("0123456789abcdef0123456789abcdef");
    expect(bytes.toString("hex", 48, 64)).toBe(uuid(255));
  });

  test("of another length are no index", () => {
    expect(mountIndexFromBytes(new Uint8Array(33))).toBeNull();
    expect(mountIndexFromBytes(new Uint8Array(0))?.size()).toBe(0);
  });
});
