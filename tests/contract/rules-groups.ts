// Rules about project groups, from which GIDs come (docs/waldur.md, "Project groups"). Nothing of a group's members is
// looked at.

import { GROUPS_PATH } from "../../lib/waldur/vocabulary.ts";
import { type Answer, listAll, said, type Table, textOf } from "./api.ts";
import type { Rule, Unproven } from "./rule.ts";
import { happens, makeResource, once, readResource, type Site, WORKER_MS } from "./site.ts";

/** Rules that leave a live resource behind. */
export function groupRules(): Rule[] {
  const resource = once((site) => makeResource(site, "group"));
  return [
    {
      name: "project groups are a list with a count, from 8.1.3 on, and a page of HTML before",
      expected: { "2024": "404 HTML", current: "a list with a count" },
      see: async (site) => {
        const answer = await groupsPage(site);
        if (site.generation === "current" && answer.status === 404) return TOO_OLD;
        return Array.isArray(answer.body) && answer.count !== null ? "a list with a count" : said(answer);
      },
    },
    {
      name: "the project of an accepted Create order has one group, with a GID or null",
      expected: { current: "1 group, its gid is a whole number or null" },
      async see(site) {
        const project = textOf(await readResource(site, await resource(site)), "project_uuid");
        if ((await groupsPage(site)).status === 404) return TOO_OLD;
        let groups: Table[] = [];
        await happens(async () => {
          const all = await listAll(site.provider, GROUPS_PATH, queryOf(site));
          groups = all.filter((group) => textOf(group, "project_uuid") === project);
          return groups.length > 0;
        }, WORKER_MS);
        if (groups.length === 0 && (await groupsPage(site)).count === 0)
          return { unproven: "no project group at all: project_groups_enabled seems to be off" };
        return `${groups.length} group${groups.length === 1 ? "" : "s"}, ${kindOf(groups[0]?.gid)}`;
      },
    },
  ];
}

const TOO_OLD: Unproven = { unproven: "this server has no project groups: it is older than 8.1.3" };

function queryOf({ variables }: Site) {
  return { provider_offering_uuid: variables.offeringUuid, o: "created" };
}

function groupsPage(site: Site): Promise<Answer> {
  return site.provider.get(GROUPS_PATH, { ...queryOf(site), page_size: 1 });
}

function kindOf(gid: unknown): string {
  return gid === null || Number.isSafeInteger(gid)
    ? "its gid is a whole number or null"
    : `its gid is ${typeof gid}`;
}
