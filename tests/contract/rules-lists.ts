// Rules about lists: pages, counts, filters and fields, on a crowd of resources in Creating with a pending order each
// (docs/waldur.md, "Lists"). They change nothing.

import { type Answer, listAll, type Query, rowsOf, said, type Table, tableOf, textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import { ORDERS, type Placed, place, RESOURCES, type Site } from "./site.ts";

/** Enough for four pages of ten. */
export const CROWD = 32;

export type Crowd = (site: Site) => Promise<Placed[]>;

/** Orders placed one after another, so that no two of them get the same slug. */
export async function placeCrowd(site: Site): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (let n = 1; n <= CROWD; n++) placed.push(await place(site, `crowd-${n}`));
  return placed;
}

export function listRules(crowd: Crowd): Rule[] {
  const here: Rule[] = [
    ...pageRules(),
    ...walkRules(),
    ...filterRules(),
    ...orderingRules(),
    ...fieldRules(),
    ...slugRules(),
  ];
  return here.map((rule) => ({
    ...rule,
    async see(site) {
      await crowd(site);
      return rule.see(site);
    },
  }));
}

function resources(site: Site, query: Query = {}): Promise<Answer> {
  return site.provider.get(RESOURCES, { offering_uuid: site.variables.offeringUuid, ...query });
}

function orders(site: Site, query: Query = {}): Promise<Answer> {
  return site.provider.get(ORDERS, { offering_uuid: site.variables.offeringUuid, ...query });
}

function pageRules(): Rule[] {
  const rowsWith = async (site: Site, page_size: string) =>
    rowsOf(await resources(site, { page_size })).length;
  return [
    {
      name: "a page has ten rows unless asked otherwise",
      expected: "10 resources, 10 orders",
      see: async (site) =>
        `${rowsOf(await resources(site)).length} resources, ${rowsOf(await orders(site)).length} orders`,
    },
    {
      name: "page_size 0, -1 and abc mean ten",
      expected: "10, 10, 10",
      async see(site) {
        const sizes = [await rowsWith(site, "0"), await rowsWith(site, "-1"), await rowsWith(site, "abc")];
        return sizes.join(", ");
      },
    },
    {
      name: "a page past the end is a 404 in JSON, of resources as of orders",
      expected: "404 Invalid page., 404 Invalid page.",
      async see(site) {
        const page = 100_000;
        return `${said(await resources(site, { page }))}, ${said(await orders(site, { page }))}`;
      },
    },
    {
      name: "there is no page 0",
      expected: "404 Invalid page.",
      see: async (site) => said(await resources(site, { page: 0 })),
    },
    {
      name: "an empty list has one page",
      expected: "200, 0 rows, then 404 Invalid page.",
      async see(site) {
        const none = { offering_uuid: "0".repeat(32) };
        const first = await resources(site, none);
        const second = said(await resources(site, { ...none, page: 2 }));
        return `${first.status}, ${first.count} rows, then ${second}`;
      },
    },
    {
      name: "HEAD gives the count of GET, without a body",
      expected: "the same, no body",
      async see(site) {
        const query = { offering_uuid: site.variables.offeringUuid, page_size: 1 };
        const head = await site.provider.head(RESOURCES, query);
        const got = await site.provider.get(RESOURCES, query);
        return `${head.count === got.count ? "the same" : `${head.count}, ${got.count}`}, ${head.body === "" ? "no body" : "a body"}`;
      },
    },
    {
      name: "a page in the middle links to its neighbours",
      expected: "first, prev, next, last",
      async see(site) {
        const { link } = await resources(site, { page: 2, page_size: 5 });
        return [...link.matchAll(/rel="(\w+)"/g)].map(([, rel]) => rel).join(", ");
      },
    },
  ];
}

function walkRules(): Rule[] {
  return [
    {
      name: `${CROWD} resources in pages of 7 come once each, with one count`,
      expected: `${CROWD} rows, ${CROWD} uuids, count ${CROWD} on 5 pages`,
      see: (site) => walk((page) => resources(site, { ...page, state: "Creating" }), 7),
    },
    {
      name: `${CROWD} orders in pages of 10 come once each, with one count`,
      expected: `${CROWD} rows, ${CROWD} uuids, count ${CROWD} on 4 pages`,
      see: (site) => walk((page) => orders(site, { ...page, state: "pending-provider" }), 10),
    },
    {
      name: "page_size 300 holds them all",
      expected: `${CROWD} rows, ${CROWD} uuids, count ${CROWD} on 1 pages`,
      see: (site) => walk((page) => resources(site, { ...page, state: "Creating" }), 300),
    },
  ];
}

/** Reads page after page until the count says that there is no more. */
async function walk(get: (page: Query) => Promise<Answer>, page_size: number): Promise<string> {
  const rows: Table[] = [];
  const counts = new Set<number | null>();
  let page = 0;
  do {
    const answer = await get({ page: ++page, page_size });
    counts.add(answer.count);
    rows.push(...rowsOf(answer));
  } while (page * page_size < Math.max(...[...counts].map(Number)));
  const uuids = new Set(rows.map((row) => row.uuid));
  return `${rows.length} rows, ${uuids.size} uuids, count ${[...counts].join(" and ")} on ${page} pages`;
}

function filterRules(): Rule[] {
  const countOf = async (site: Site, query: Query) => (await resources(site, query)).count;
  const compared = async (site: Site, query: Query) => {
    const [filtered, plain] = [await countOf(site, query), await countOf(site, {})];
    return filtered === plain ? "the same count" : `${filtered} rows instead of ${plain}`;
  };
  return [
    {
      name: "an unknown filter is ignored without a word",
      expected: "the same count",
      see: (site) => compared(site, { contract_unknown: "1" }),
    },
    {
      name: "a uuid in a filter may have dashes and capitals",
      expected: "the same count",
      see: (site) => compared(site, { offering_uuid: dashed(site.variables.offeringUuid).toUpperCase() }),
    },
    {
      name: "what is no uuid in a filter is refused",
      expected: "400 offering_uuid: Enter a valid UUID.",
      see: async (site) => said(await resources(site, { offering_uuid: "contract" })),
    },
    {
      name: "two offerings with a comma between, on resources",
      expected: { "2024": "400 offering_uuid: Enter a valid UUID.", current: "200" },
      see: async (site) => said(await resources(site, { offering_uuid: twice(site) })),
    },
    {
      name: "two offerings with a comma between, on orders",
      expected: "400 offering_uuid: Enter a valid UUID.",
      see: async (site) => said(await orders(site, { offering_uuid: twice(site) })),
    },
    {
      name: "every row says of which offering it is",
      expected: "1 offering, the asked one",
      async see(site) {
        const field = ["uuid", "offering_uuid"];
        const rows = [
          ...rowsOf(await resources(site, { field, page_size: 300 })),
          ...rowsOf(await orders(site, { field, page_size: 300 })),
        ];
        const uuids = [...new Set(rows.map((row) => row.offering_uuid))];
        return `${uuids.length} offering, ${uuids[0] === site.variables.offeringUuid ? "the asked one" : uuids[0]}`;
      },
    },
    {
      name: "states repeat in a filter, and every row is in one of them",
      expected: "pending-provider",
      async see(site) {
        const state = ["pending-provider", "executing"];
        const rows = rowsOf(await orders(site, { state, field: ["uuid", "state"], page_size: 300 }));
        return [...new Set(rows.map((row) => row.state))].join(", ");
      },
    },
    {
      name: "an unknown state in a filter is refused",
      expected: "400 state: Select a valid choice. contract is not one of the available choices.",
      see: async (site) => said(await resources(site, { state: ["OK", "contract"] })),
    },
    {
      name: "pending-start-date in a filter of orders",
      expected: {
        "2024": "400 state: Select a valid choice. pending-start-date is not one of the available choices.",
        current: "200",
      },
      see: async (site) => said(await orders(site, { state: ["executing", "pending-start-date"] })),
    },
  ];
}

function dashed(uuid: string): string {
  return uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function twice({ variables }: Site): string {
  return `${variables.offeringUuid},${variables.offeringUuid}`;
}

function orderingRules(): Rule[] {
  const sorted = (answers: readonly Answer[], direction: 1 | -1) => {
    const lists = answers.map((answer) => rowsOf(answer).map((row) => textOf(row, "created")));
    const isSorted = lists.every((list) =>
      list.every((created, at) => at === 0 || direction * cmp(list[at - 1] ?? "", created) <= 0),
    );
    return isSorted ? "sorted" : "not sorted";
  };
  const query = { field: ["uuid", "created"], page_size: 300 };
  return [
    {
      name: "lists come oldest first",
      expected: "sorted",
      see: async (site) => sorted([await resources(site, query), await orders(site, query)], 1),
    },
    {
      name: "o=created and o=-created are understood",
      expected: "sorted, sorted",
      async see(site) {
        const up = sorted([await orders(site, { ...query, o: "created" })], 1);
        return `${up}, ${sorted([await orders(site, { ...query, o: "-created" })], -1)}`;
      },
    },
    {
      name: "nothing unique can be sorted by",
      expected: "400 o: Select a valid choice. uuid is not one of the available choices.",
      see: async (site) => said(await resources(site, { o: "uuid" })),
    },
  ];
}

function cmp(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}

function fieldRules(): Rule[] {
  const keysOf = async (answer: Promise<Answer>) => {
    const { body } = await answer;
    const [row = {}] = Array.isArray(body) ? body : [body];
    return Object.keys(row ?? {}).sort();
  };
  const keys = (field: readonly string[]) => async (site: Site) =>
    (await keysOf(resources(site, { field, page_size: 1 }))).join(", ");
  return [
    { name: "field= picks fields", expected: "state, uuid", see: keys(["uuid", "state"]) },
    {
      name: "field= leaves out what the server does not know",
      expected: "uuid",
      see: keys(["uuid", "contract"]),
    },
    {
      name: "field= with nothing that the server knows gives everything",
      expected: "more than 30 fields",
      async see(site) {
        const names = await keysOf(resources(site, { field: ["contract"], page_size: 1 }));
        return names.length > 30 ? "more than 30 fields" : `${names.length} fields`;
      },
    },
    {
      name: "field= works for a single resource",
      expected: "state, uuid",
      async see(site) {
        const [row] = rowsOf(await resources(site, { page_size: 1 }));
        const path = `${RESOURCES}${textOf(row ?? {}, "uuid")}/`;
        return (await keysOf(site.provider.get(path, { field: ["uuid", "state"] }))).join(", ");
      },
    },
    {
      name: "resources carry the slugs of project and customer",
      expected: { "2024": "uuid", current: "customer_slug, project_slug, uuid" },
      see: keys(["uuid", "project_slug", "customer_slug"]),
    },
    {
      name: "orders carry the slugs of project and customer",
      expected: "customer_slug, project_slug, uuid",
      see: async (site) =>
        (await keysOf(orders(site, { field: ["uuid", "project_slug", "customer_slug"], page_size: 1 }))).join(
          ", ",
        ),
    },
  ];
}

function slugRules(): Rule[] {
  return [
    {
      name: "the provider's projects have the slugs of project and customer",
      expected: "the same as on its orders",
      async see(site) {
        const [order = {}] = rowsOf(
          await orders(site, { field: ["customer_slug", "project_slug"], page_size: 1 }),
        );
        const project = await servedProject(site);
        const isSame = project.slug === order.project_slug && project.customer_slug === order.customer_slug;
        return isSame ? "the same as on its orders" : JSON.stringify([project, order]);
      },
    },
  ];
}

/** The consumer's project, as the provider sees it. */
async function servedProject({ provider, variables }: Site): Promise<Table> {
  const offering = await provider.get(`marketplace-public-offerings/${variables.offeringUuid}/`);
  const customer_uuid = textOf(tableOf(offering), "customer_uuid");
  const [serving = {}] = rowsOf(await provider.get("marketplace-service-providers/", { customer_uuid }));
  const path = `marketplace-service-providers/${textOf(serving, "uuid")}/projects/`;
  const projects = await listAll(provider, path, { field: ["uuid", "slug", "customer_slug"] });
  return projects.find(({ uuid }) => uuid === variables.projectUuid) ?? {};
}
