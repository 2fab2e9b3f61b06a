// Rules about the slugs that Waldur makes of names, which become parts of paths (docs/waldur.md, "Lists").

import { type Table, textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import { place, readResource } from "./site.ts";

/** Rules that leave pending orders behind. */
export function slugRules(): Rule[] {
  return [
    {
      name: "of a name with letters of another script only the others are in the slug",
      expected: "contract…",
      async see(site) {
        const { resource } = await place(site, "slug", { name: "contract-日本語" });
        const slug = slugOf(await readResource(site, resource));
        return /^contract[-\da-z]*$/.test(slug) ? "contract…" : slug;
      },
    },
    {
      name: "a name that is all in another script gives a slug that is a number",
      expected: "-N",
      staffOn: ["2024", "current"],
      async see(site) {
        const { resource } = await place(site, "", { name: "日本語" });
        const slug = slugOf(await readResource(site, resource));
        return /^-\d+$/.test(slug) ? "-N" : slug;
      },
    },
    {
      name: "two resources of one name have two slugs",
      expected: "different",
      async see(site) {
        const [one, other] = [await place(site, "twin"), await place(site, "twin")];
        const [first, second] = [
          await readResource(site, one.resource),
          await readResource(site, other.resource),
        ];
        return slugOf(first) === slugOf(second) ? `both ${slugOf(first)}` : "different";
      },
    },
  ];
}

function slugOf(resource: Table): string {
  return textOf(resource, "slug");
}
