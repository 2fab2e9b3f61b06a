import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseResource } from "../../../lib/waldur/wire-resource.ts";

const UUID = "abcdefabcdefabcdefabcdefabcdef12";

const whole = {
  uuid: UUID,
  slug: "glacier",
  state: "OK",
  limits: { storage: 5 },
  attributes: {},
  options: {},
  backend_id: "",
  backend_metadata: {},
  project_uuid: UUID,
  project_name: "Ice Cores",
  project_slug: "ice-cores",
  customer_uuid: UUID,
  customer_name: "Institute",
  customer_slug: "institute",
};

/** Values of every kind, good for a field or not; `undefined` takes the field away. */
const anyValue = fc.constantFrom<unknown>(
  ...[
    undefined,
    null,
    "",
    "text",
    UUID,
    UUID.toUpperCase(),
    `${UUID}0`,
    0,
    true,
    {},
    { storage: 1 },
    [],
    [1],
  ],
);
const anyChanges = fc.dictionary(fc.constantFrom(...Object.keys(whole)), anyValue, { maxKeys: 3 });

test("a row that can be taken as it is reads as the schema reads it, faults and all", () => {
  fc.assert(
    fc.property(anyChanges, ({ uuid: _kept, ...changes }) => {
      const row = Object.entries({ ...whole, ...changes }).filter(([, value]) => value !== undefined);
      const plain: unknown = Object.fromEntries(row);
      // Capitals are no plain row, so the schema alone reads this one.
      const spelled: unknown = Object.fromEntries([...row, ["uuid", UUID.toUpperCase()]]);
      expect(parseResource(plain)).toEqual(parseResource(spelled));
    }),
    { numRuns: 2000 },
  );
});
