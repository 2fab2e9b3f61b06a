// Rules about what Waldur refuses, and in which words: the program tells "no such order" from "an older server", and a
// token that is refused from one that lacks a right, by exactly this.

import { said } from "./api.ts";
import type { Rule } from "./rule.ts";
import { act, ask, CONSUMER_RESOURCES, ORDERS, once, place, RESOURCES, type Site } from "./site.ts";

const NOBODY = "0".repeat(32);

/** Rules that leave at most pending orders behind. */
export function refusalRules(): Rule[] {
  const pending = once((site) => place(site, "refusals"));
  return [...tokenRules(), ...missingRules(pending), ...rightRules(pending), ...wishRules()];
}

type Pending = ReturnType<typeof once<Awaited<ReturnType<typeof place>>>>;

function tokenRules(): Rule[] {
  const withToken = async (site: Site, token: string | null) => said(await site.readsWith(token).get(ORDERS));
  return [
    {
      name: "a request without a token is refused",
      expected: "401 Authentication credentials were not provided.",
      see: (site) => withToken(site, null),
    },
    {
      name: "a wrong token is refused",
      expected: "401 Invalid token.",
      see: (site) => withToken(site, "contract-no-such-token"),
    },
  ];
}

function missingRules(pending: Pending): Rule[] {
  const get = (path: string) => async (site: Site) => said(await site.provider.get(path));
  return [
    {
      name: "an order that is not there is a 404 in JSON",
      expected: "404 No Order matches the given query.",
      see: get(`${ORDERS}${NOBODY}/`),
    },
    {
      name: "a resource that is not there is a 404 in JSON",
      expected: "404 No Resource matches the given query.",
      see: get(`${RESOURCES}${NOBODY}/`),
    },
    {
      name: "a uuid that is none is a 404 in JSON",
      expected: "404 json",
      async see({ provider }) {
        const { status, kind } = await provider.get(`${ORDERS}contract/`);
        return `${status} ${kind}`;
      },
    },
    { name: "an endpoint that is not there is a 404 in HTML", expected: "404 HTML", see: get("contract/") },
    {
      name: "an action that is not there is a 404 in HTML",
      expected: "404 HTML",
      see: async (site) =>
        said(await site.provider.post(`${ORDERS}${(await pending(site)).order}/contract/`)),
    },
    {
      name: "a path without its last slash is redirected",
      expected: "301",
      see: get(ORDERS.slice(0, -1)),
    },
    {
      name: "set_backend_id of an order",
      expected: { "2024": "404 HTML", current: "200" },
      see: async (site) =>
        said(await act(site, (await pending(site)).order, "set_backend_id", { backend_id: "contract" })),
    },
  ];
}

function rightRules(pending: Pending): Rule[] {
  return [
    {
      name: "the consumer may not approve for the provider",
      expected: "403 You do not have permission to perform this action.",
      see: async (site) =>
        said(await site.consumer.post(`${ORDERS}${(await pending(site)).order}/approve_by_provider/`)),
    },
    {
      name: "the consumer does not see the provider's side of a resource",
      expected: "404 No Resource matches the given query.",
      see: async (site) => said(await site.consumer.get(`${RESOURCES}${(await pending(site)).resource}/`)),
    },
    {
      name: "the consumer does not see the provider's side of the offering",
      expected: "404 No Offering matches the given query.",
      see: async (site) =>
        said(await site.consumer.get(`marketplace-provider-offerings/${site.variables.offeringUuid}/`)),
    },
    {
      name: "the consumer's endpoint shows the provider nothing",
      expected: "200, 0 rows",
      see: async (site) => countOf(await site.provider.get(CONSUMER_RESOURCES, own(site))),
    },
    {
      name: "the provider's endpoint shows the consumer nothing",
      expected: "200, 0 rows",
      see: async (site) => countOf(await site.consumer.get(RESOURCES, own(site))),
    },
    {
      name: "an order of this type of offering cannot be cancelled",
      expected:
        '405 Method "The order\'s offering with Marketplace.Slurm type does not support this action" not allowed.',
      see: async (site) => said(await site.consumer.post(`${ORDERS}${(await pending(site)).order}/cancel/`)),
    },
  ];
}

const own = ({ variables }: Site) => ({ offering_uuid: variables.offeringUuid });

function countOf(answer: { status: number; count: number | null }): string {
  return `${answer.status}, ${answer.count} rows`;
}

function wishRules(): Rule[] {
  const order = (wish: Parameters<typeof ask>[2]) => async (site: Site) =>
    said((await ask(site, "wish", wish)).answer);
  return [
    {
      name: "an order with a fraction for a limit is refused",
      expected: "400 limits: storage: A valid integer is required.",
      see: order({ limits: { storage: 0.5 } }),
    },
    {
      name: "an order with an unknown component is refused",
      expected: "400 limits: Invalid types: contract",
      see: order({ limits: { contract: 1 } }),
    },
    {
      name: "an order for a project that is not there is refused",
      expected: "400 project: Invalid hyperlink - Object does not exist.",
      see: async (site) =>
        order({ body: { project: site.ordering.project.replace(site.variables.projectUuid, NOBODY) } })(site),
    },
  ];
}
