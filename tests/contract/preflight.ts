// What must be so before the suite may change anything: it gets clients that can only read. A site that is not fit for
// it (a wrong address, tokens without rights or swapped, an offering in use) ends here, with a message that says what
// is missing.

import { ConfigError, EndpointError, RefusedError } from "../../lib/errors.ts";
import { describeStatus } from "../../lib/waldur/status-errors.ts";
import { type Answer, isTable, listAll, type Reads, said, type Table, tableOf, textOf } from "./api.ts";
import { ORDERS, type Ordering, PREFIX, RESOURCES } from "./site.ts";
import { NAMES, type Variables } from "./variables.ts";

type Name = keyof typeof NAMES;
type Clients = { provider: Reads; consumer: Reads };

/** The addresses that orders name. Throws an `AppError` when the suite must not run here. */
export async function inspectSite(variables: Variables, clients: Clients): Promise<Ordering> {
  const provider = await readUser("WALDUR_CONTRACT_TOKEN", clients.provider);
  const consumer = await readUser("WALDUR_CONTRACT_CONSUMER_TOKEN", clients.consumer);
  const offering = await readPublicOffering(variables, clients.consumer);
  const organisation = textOf(offering, "customer_uuid");
  checkRoles({ provider, consumer, organisation, name: textOf(offering, "customer_name") });
  await checkOffering(variables, clients.provider);
  const project = await readProject(variables, { clients, consumer });
  await refuseForeign(variables, clients.provider);
  return { offering: textOf(offering, "url"), plan: planOf(offering), project: textOf(project, "url") };
}

/** The user behind a token. */
async function readUser(name: Name, reads: Reads): Promise<Table> {
  const path = "users/me/";
  const answer = await reads.get(path);
  if (answer.status === 401) {
    const hint = `it is to hold ${NAMES[name]}`;
    throw new RefusedError(`${name}: Waldur refused the token: ${said(answer)}`, { status: 401, hint });
  }
  const user = tableOf(answer);
  if (answer.status === 200 && textOf(user, "uuid") !== "") return user;
  throw noWaldur(answer, path);
}

function noWaldur(answer: Answer, path: string): Error {
  if (answer.status >= 429) {
    return describeStatus(
      { status: answer.status, headers: new Headers(), text: "" },
      { method: "GET", shown: path, origin: "Waldur", proxyFrom: null, tokenFrom: "", tries: 1 },
    );
  }
  return new EndpointError(
    `WALDUR_CONTRACT_URL: there is no Waldur: GET ${path} was answered with ${said(answer)} of kind ${answer.kind}`,
    { hint: `it is to hold ${NAMES.WALDUR_CONTRACT_URL}` },
  );
}

async function readPublicOffering({ offeringUuid }: Variables, reads: Reads): Promise<Table> {
  const answer = await reads.get(`marketplace-public-offerings/${offeringUuid}/`);
  if (answer.status === 404) {
    throw wrong("WALDUR_CONTRACT_OFFERING", "the consumer sees no offering with this uuid");
  }
  const offering = offeringIn(answer);
  if (planOf(offering) === "") {
    throw wrong("WALDUR_CONTRACT_OFFERING", "the offering has no plan that the consumer could order");
  }
  return offering;
}

function offeringIn(answer: Answer): Table {
  const offering = tableOf(answer);
  if (answer.status === 200 && textOf(offering, "url") !== "") return offering;
  throw wrong("WALDUR_CONTRACT_OFFERING", `the offering cannot be read: ${said(answer)}`);
}

function planOf({ plans }: Table): string {
  const [plan] = Array.isArray(plans) ? plans.filter(isTable) : [];
  return plan === undefined ? "" : textOf(plan, "url");
}

type Roles = { provider: Table; consumer: Table; organisation: string; name: string };

/** Rules about who may do what need two people, each with exactly their own rights. */
function checkRoles({ provider, consumer, organisation, name }: Roles): void {
  const users = { WALDUR_CONTRACT_TOKEN: provider, WALDUR_CONTRACT_CONSUMER_TOKEN: consumer } as const;
  for (const [variable, user] of Object.entries(users)) {
    if (user.is_staff === true || user.is_support === true)
      throw refused(`${variable}: is a token of staff, who may do everything; it would prove nothing`);
  }
  const isProvider = owns(provider, organisation);
  const isSwapped = owns(consumer, organisation);
  if (isSwapped && !isProvider)
    throw refused("WALDUR_CONTRACT_TOKEN and WALDUR_CONTRACT_CONSUMER_TOKEN are swapped");
  if (isSwapped) {
    throw refused(
      `WALDUR_CONTRACT_CONSUMER_TOKEN: its user owns the provider ${JSON.stringify(name)} too; it must be another's`,
    );
  }
  if (!isProvider) {
    throw refused(
      `WALDUR_CONTRACT_TOKEN: its user lacks the role CUSTOMER.OWNER in the organisation ${JSON.stringify(name)}, which provides the offering`,
    );
  }
}

function owns({ permissions }: Table, organisation: string): boolean {
  return (Array.isArray(permissions) ? permissions.filter(isTable) : []).some(
    (one) => one.role_name === "CUSTOMER.OWNER" && textOf(one, "scope_uuid") === organisation,
  );
}

async function checkOffering({ offeringUuid }: Variables, provider: Reads): Promise<void> {
  const offering = offeringIn(await provider.get(`marketplace-provider-offerings/${offeringUuid}/`));
  const { type, state, components } = offering;
  const complain = (message: string) => wrong("WALDUR_CONTRACT_OFFERING", message);
  if (type !== "Marketplace.Slurm")
    throw complain(`the offering is of type ${JSON.stringify(type)} instead of Marketplace.Slurm`);
  if (state !== "Active") throw complain(`the offering is ${String(state)} instead of Active`);
  const storage = (Array.isArray(components) ? components.filter(isTable) : []).find(
    (one) => one.type === "storage",
  );
  if (storage?.billing_type !== "limit")
    throw complain("the offering has no component of type storage that is billed by limit");
}

/** The consumer's project, which is the consumer's alone. */
async function readProject(
  { projectUuid }: Variables,
  { clients, consumer }: { clients: Clients; consumer: Table },
): Promise<Table> {
  const path = `projects/${projectUuid}/`;
  const answer = await clients.consumer.get(path);
  const project = tableOf(answer);
  if (answer.status !== 200 || textOf(project, "url") === "") {
    throw wrong("WALDUR_CONTRACT_PROJECT", `the consumer sees no such project: ${said(answer)}`);
  }
  if (!owns(consumer, textOf(project, "customer_uuid"))) {
    throw refused(
      "WALDUR_CONTRACT_CONSUMER_TOKEN: its user lacks the role CUSTOMER.OWNER in the organisation of WALDUR_CONTRACT_PROJECT, so orders would wait for its approval",
    );
  }
  if ((await clients.provider.get(path)).status === 200)
    throw refused("WALDUR_CONTRACT_TOKEN: its user sees the consumer's project; it must be another's");
  return project;
}

/** A production offering has resources and orders of others. */
async function refuseForeign({ offeringUuid }: Variables, provider: Reads): Promise<void> {
  const resources = await listAll(provider, RESOURCES, {
    offering_uuid: offeringUuid,
    field: ["uuid", "name", "state", "offering_uuid"],
  });
  if (resources.some((row) => row.offering_uuid !== offeringUuid))
    throw wrong("WALDUR_CONTRACT_OFFERING", "the list of its resources holds resources of other offerings");
  const live = resources.filter(({ state, name }) => state !== "Terminated" && !isOwn(name));
  const orders = await listAll(provider, ORDERS, {
    offering_uuid: offeringUuid,
    state: ["pending-provider", "pending-consumer", "executing"],
    field: ["uuid", "resource_name"],
  });
  const open = orders.filter(({ resource_name }) => !isOwn(resource_name));
  if (live.length === 0 && open.length === 0) return;
  throw wrong(
    "WALDUR_CONTRACT_OFFERING",
    `the offering is in use: ${live.length} live resources and ${open.length} open orders have names without ${PREFIX}`,
  );
}

function isOwn(name: unknown): boolean {
  return typeof name === "string" && name.startsWith(PREFIX);
}

function wrong(name: Name, message: string): ConfigError {
  return new ConfigError([
    { file: "environment", path: name, message, hint: `it is to hold ${NAMES[name]}` },
  ]);
}

function refused(message: string): RefusedError {
  return new RefusedError(message, {
    status: 403,
    hint: "two users are needed: an owner of the provider's organisation, and an owner of another one",
  });
}
