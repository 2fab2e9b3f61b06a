// The plan for components over any file and any Waldur: what it sends is in the file and differs, and once it is sent
// there is nothing left to do.

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ComponentDefinition } from "../../../lib/components/definitions.ts";
import { fieldsOf, planComponents } from "../../../lib/components/plan.ts";

const AMOUNT = fc.constantFrom(0, 1, 5, 0.5, 0.25, 100);
const FIELDS = {
  name: fc.constantFrom("Storage", "Space"),
  billing_type: fc.constantFrom("limit", "usage", "one"),
  measured_unit: fc.constantFrom("TB", "k"),
  limit_amount: AMOUNT,
  max_value: AMOUNT,
  limit_decimal_places: fc.constantFrom(0, 1, 2),
  is_boolean: fc.boolean(),
};
const TYPE = fc.constantFrom("storage", "inodes", "files");

const file: fc.Arbitrary<ComponentDefinition[]> = fc.uniqueArray(
  fc.record({ type: TYPE, fields: fc.record(FIELDS, { requiredKeys: [] }) }),
  { selector: ({ type }) => type },
);
const nothing = fc.constantFrom(null, "");
/** Newer servers show each field, older ones lack some; any may be null. */
const waldur = fc.boolean().chain((isOld) =>
  fc.uniqueArray(
    fc
      .tuple(TYPE, fc.record(FIELDS), fc.dictionary(fc.constantFrom(...Object.keys(FIELDS)), nothing))
      .map(([type, fields, empty]) => {
        const { limit_decimal_places: places, ...older } = { ...fields, ...empty };
        return { uuid: type, type, shown: isOld ? older : { ...older, limit_decimal_places: places } };
      }),
    { selector: ({ type }) => type },
  ),
);

test("sends only what the file has and Waldur shows otherwise, and nothing twice", () => {
  fc.assert(
    fc.property(file, waldur, fc.boolean(), (wanted, components, billingChange) => {
      const allowed = { billingChange };
      const steps = planComponents(wanted, { isArchived: false, components }, allowed);
      expect(steps.map(({ type }) => type)).toEqual(wanted.map(({ type }) => type));
      const after: { uuid: string; type: string; shown: Record<string, unknown> }[] = components.map(
        (one) => ({ ...one, shown: { ...one.shown } }),
      );
      for (const [at, step] of steps.entries()) {
        const present = components.find(({ type }) => type === step.type);
        const fields = wanted[at]?.fields ?? {};
        for (const [field, to] of Object.entries(fieldsOf(step))) {
          expect([field, to]).toEqual([field, Reflect.get(fields, field)]);
          expect(to).not.toBeNull();
          if (present !== undefined) expect(Reflect.get(present.shown, field)).not.toEqual(to);
        }
        if (!billingChange && present !== undefined && "billing_type" in fieldsOf(step))
          expect(step.problems.map(({ code }) => code)).toContain("billing-change");
        if (step.problems.length > 0 || step.action === "unchanged") continue;
        const shown = after.find(({ type }) => type === step.type);
        if (shown !== undefined) Object.assign(shown.shown, fieldsOf(step));
        else after.push({ uuid: step.type, type: step.type, shown: { ...fields } });
      }
      const left = planComponents(wanted, { isArchived: false, components: after }, allowed);
      for (const [at, step] of left.entries())
        if (steps[at]?.problems.length === 0) expect(step.action).toBe("unchanged");
    }),
    { numRuns: 2000 },
  );
});
