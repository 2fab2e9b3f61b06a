// Paths to endpoints. What is not here is a 404 page in HTML, as on a server that is too old for it.

import { type Accounts, readMe, readVersion } from "./accounts.ts";
import { OFFERING_ACTIONS } from "./components.ts";
import type { Endpoint } from "./exchange.ts";
import type { Generation } from "./model.ts";
import {
  listPlans,
  listProviderOfferings,
  listPublicOfferings,
  readProviderOffering,
  readPublicOffering,
} from "./offerings.ts";
import { NEWER_ORDER_ACTIONS, orderActions } from "./order-actions.ts";
import { deleteOrder, listOrders, placeOrder, readOrder } from "./orders.ts";
import { listProjectGroups } from "./project-groups.ts";
import {
  CONSUMER_ACTIONS,
  listResources,
  NEWER_CONSUMER_ACTIONS,
  PROVIDER_ACTIONS,
  readResource,
} from "./resources.ts";
import {
  listServedProjects,
  listServiceProviders,
  readProject,
  readServiceProvider,
} from "./service-providers.ts";
import type { Worker } from "./worker.ts";

export type Methods = Readonly<Record<string, Endpoint>>;

/** `uuid` is empty for paths without one. */
export type Routed = { methods: Methods; uuid: string; allow: string };

export type Router = (path: string) => Routed | undefined;

/** What is below one collection. */
type Collection = {
  list?: Methods;
  detail?: Methods;
  /** POSTs below a single object. */
  actions?: Methods;
  /** GETs below a single object. */
  below?: Methods;
};

export function createRouter(generation: Generation, accounts: Accounts, worker: Worker): Router {
  const isCurrent = generation === "current";
  const collections: Readonly<Record<string, Collection>> = {
    "marketplace-orders": {
      list: { GET: listOrders, POST: placeOrder },
      detail: { GET: readOrder, DELETE: deleteOrder },
      actions: { ...orderActions(worker), ...(isCurrent ? NEWER_ORDER_ACTIONS : {}) },
    },
    "marketplace-provider-resources": {
      list: { GET: listResources("provider") },
      detail: { GET: readResource("provider") },
      actions: PROVIDER_ACTIONS,
    },
    "marketplace-resources": {
      list: { GET: listResources("consumer") },
      detail: { GET: readResource("consumer") },
      actions: { ...CONSUMER_ACTIONS, ...(isCurrent ? NEWER_CONSUMER_ACTIONS : {}) },
    },
    "marketplace-provider-offerings": {
      list: { GET: listProviderOfferings },
      detail: { GET: readProviderOffering },
      actions: OFFERING_ACTIONS,
    },
    "marketplace-public-offerings": {
      list: { GET: listPublicOfferings },
      detail: { GET: readPublicOffering },
      below: { plans: listPlans },
    },
    "marketplace-service-providers": {
      list: { GET: listServiceProviders },
      detail: { GET: readServiceProvider },
      below: { projects: listServedProjects },
    },
    ...(isCurrent
      ? { "marketplace-service-provider-project-groups": { list: { GET: listProjectGroups } } }
      : {}),
    projects: { detail: { GET: readProject } },
  };
  const singles: Readonly<Record<string, Routed>> = {
    "users/me/": { methods: { GET: readMe(accounts) }, uuid: "", allow: "GET, HEAD, OPTIONS" },
    "version/": { methods: { GET: readVersion }, uuid: "", allow: "GET, OPTIONS" },
  };
  return (path) => (Object.hasOwn(singles, path) ? singles[path] : inCollection(collections, path));
}

function inCollection(collections: Readonly<Record<string, Collection>>, path: string): Routed | undefined {
  const [name = "", uuid = "", action = "", rest] = path.split("/");
  const collection = Object.hasOwn(collections, name) ? collections[name] : undefined;
  if (collection === undefined || !path.endsWith("/") || (rest !== undefined && rest !== ""))
    return undefined;
  if (path === `${name}/`) return routed(collection.list, "", "GET, POST, HEAD, OPTIONS");
  if (path === `${name}/${uuid}/`)
    return routed(collection.detail, uuid, "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
  const post = own(collection.actions, action);
  if (post !== undefined) return routed({ POST: post }, uuid, "POST, OPTIONS");
  const get = own(collection.below, action);
  return get && routed({ GET: get }, uuid, "GET, HEAD, OPTIONS");
}

function routed(methods: Methods | undefined, uuid: string, allow: string): Routed | undefined {
  return methods && { methods, uuid, allow };
}

function own(methods: Methods | undefined, name: string): Endpoint | undefined {
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
}
