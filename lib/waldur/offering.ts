// What a run must know of an offering and of the server behind it before it reads lists: the slug, that the type is
// one a site agent serves, and which generation of server answers. The generation is found from answers alone.

import type { OfferingConfig } from "../config/config.ts";
import { AnswerError, AppError, ConfigError } from "../errors.ts";
import type { Reader } from "./client.ts";
import { readList } from "./pages.ts";
import { oneLine } from "./status-errors.ts";
import { OFFERINGS_PATH, PROVIDERS_PATH, RESOURCES_PATH, SITE_AGENT_TYPE } from "./vocabulary.ts";
import { parseRows } from "./wire.ts";
import {
  OFFERING_FIELDS,
  PROBE_FIELDS,
  PROJECT_FIELDS,
  parseOffering,
  parseProbe,
  parseProject,
  parseProvider,
  type WaldurOffering,
  type WaldurProject,
} from "./wire-offering.ts";
import { PROVIDER_FIELDS, type WaldurProvider } from "./wire-resource.ts";

/** The offering, checked. Throws `ConfigError` when Waldur does not know it or it is of another type. */
export async function fetchOffering(
  reader: Reader,
  uuid: string,
  config: OfferingPlace,
): Promise<WaldurOffering> {
  const offering = await findOffering(reader, uuid, config);
  await requireType(offering, config);
  return offering;
}

/** The offering, of whatever type. Throws `ConfigError` when Waldur does not know it. */
export async function findOffering(
  reader: Reader,
  uuid: string,
  config: OfferingPlace,
): Promise<WaldurOffering> {
  return (await findOfferingWith(reader, uuid, { config, more: [] })).offering;
}

/** The same, and the answer with more of its fields. */
export async function findOfferingWith(
  reader: Reader,
  uuid: string,
  { config, more }: { config: OfferingPlace; more: readonly string[] },
): Promise<{ offering: WaldurOffering; body: unknown }> {
  const path = `${OFFERINGS_PATH}${uuid}/`;
  const answer = await reader
    .get(path, { field: [...OFFERING_FIELDS, ...more] })
    .catch(async (error: unknown) => {
      if (error instanceof AnswerError && error.code === "not-found")
        throw await unknownOffering(uuid, config);
      throw error;
    });
  const offering = parseOffering(answer.body);
  if (offering.uuid !== uuid)
    throw new AnswerError(`GET ${path} answered with another offering, ${offering.uuid}`);
  return { offering, body: answer.body };
}

/** @throws ConfigError when Waldur lets no agent move the orders of such an offering */
export async function requireType(offering: WaldurOffering, config: OfferingPlace): Promise<void> {
  if (offering.type !== SITE_AGENT_TYPE) throw await wrongType(offering, config);
}

/** Where the configuration names the offering, for messages. */
export type OfferingPlace = Pick<OfferingConfig, "locate">;

function unknownOffering(uuid: string, place: OfferingPlace): Promise<ConfigError> {
  return configError(place, `offering ${uuid} does not exist in Waldur, or the token has no access to it`, {
    hint: "copy the uuid from the offering's page in Waldur, and use the token of an owner of its organisation",
  });
}

function wrongType(offering: WaldurOffering, place: OfferingPlace): Promise<ConfigError> {
  const type = JSON.stringify(oneLine(offering.type).slice(0, 60));
  return configError(
    place,
    `offering ${offering.uuid} is of type ${type}, whose orders agents cannot process`,
    {
      hint: `create it with type ${SITE_AGENT_TYPE} (called "Waldur site agent" in the portal)`,
    },
  );
}

async function configError(
  { locate }: OfferingPlace,
  message: string,
  { hint }: { hint: string },
): Promise<ConfigError> {
  return new ConfigError([{ ...(await locate(["waldur_offering_uuid"])), message, hint }]);
}

/**
 * `hasSlugs`: null when the offering has no resource at all. `count`: resources in any state. `provider`: whose
 * offering it is, where that was asked and the server says it.
 */
export type Probe = {
  hasSlugs: boolean | null;
  count: number | null;
  provider?: WaldurProvider | undefined;
};

/**
 * Asks for one row of the offering. It shows whether resources carry slugs (servers of 2024 leave them out without a
 * word), and it must belong to the offering, because a server ignores filters that it does not know.
 */
export async function probeResources(
  reader: Reader,
  offeringUuid: string,
  withProvider = false,
): Promise<Probe> {
  const query = {
    offering_uuid: offeringUuid,
    visible_to_providers: "true",
    field: withProvider ? [...PROBE_FIELDS, ...PROVIDER_FIELDS] : PROBE_FIELDS,
    page_size: 1,
  };
  const answer = await reader.get(RESOURCES_PATH, query);
  const [row] = parseRows(answer.body, RESOURCES_PATH);
  if (row === undefined) return { hasSlugs: null, count: answer.count };
  const probe = parseProbe(row);
  if (probe.offeringUuid !== offeringUuid) {
    throw new AnswerError(
      `GET ${RESOURCES_PATH} for offering ${offeringUuid} gave a resource of offering ${probe.offeringUuid}`,
      { hint: "this server seems to ignore the filter by offering, so no list of it can be trusted" },
    );
  }
  return { hasSlugs: probe.hasSlugs, count: answer.count, provider: probe.provider };
}

/** Every project with resources of the provider, by uuid; the place of slugs on servers without them on resources. */
export async function fetchProjects(
  reader: Reader,
  offering: WaldurOffering,
): Promise<ReadonlyMap<string, WaldurProject>> {
  const path = `${PROVIDERS_PATH}${await fetchProviderUuid(reader, offering)}/projects/`;
  return readList(
    reader,
    { path, query: { field: PROJECT_FIELDS }, what: "project", parallel: 1 },
    async (parts) => {
      const projects = new Map<string, WaldurProject>();
      for await (const { rows } of parts)
        for (const project of rows.map(parseProject)) projects.set(project.uuid, project);
      return projects;
    },
  );
}

/**
 * The same, of a server whose rows carry the slugs themselves, so that it can be done without.
 * @returns null when the server does not serve the list, or not for this token
 */
export async function fetchProjectsIfServed(
  reader: Reader,
  offering: WaldurOffering,
): Promise<ReadonlyMap<string, WaldurProject> | null> {
  try {
    return await fetchProjects(reader, offering);
  } catch (error) {
    const isServed =
      !(error instanceof AnswerError) && !(error instanceof AppError && NOT_SERVED.has(error.status));
    if (isServed) throw error;
    reader.note?.(
      `the list of projects cannot be read (${error.message}); slugs are read from the rows of resources`,
    );
    return null;
  }
}

const NOT_SERVED: ReadonlySet<number | undefined> = new Set([403, 404]);

async function fetchProviderUuid(reader: Reader, offering: WaldurOffering): Promise<string> {
  if (offering.customerUuid === null)
    throw new AnswerError(`Waldur does not show the organisation of offering ${offering.uuid}`);
  const answer = await reader.get(PROVIDERS_PATH, {
    customer_uuid: offering.customerUuid,
    field: ["uuid", "customer_uuid"],
  });
  const providers = parseRows(answer.body, PROVIDERS_PATH).map(parseProvider);
  const { customerUuid } = offering;
  const provider = providers.find((one) => (one.customerUuid ?? customerUuid) === customerUuid);
  if (provider === undefined) {
    throw new AnswerError(
      `Waldur knows no service provider for the organisation of offering ${offering.uuid}`,
      {
        hint: "register the organisation as a service provider in Waldur",
      },
    );
  }
  return provider.uuid;
}
