// The service that knows the GIDs of projects by their slugs (the "HPC user API" of the Python plugin): a token for the
// client secret, then a GET for a hundred slugs at a time. Slugs that it does not know are absent from its answer.

import * as v from "valibot";
import { type GidService, type Secret, secret } from "../config/config.ts";
import { AnswerError, AppError, InterruptedError, RefusedError, RetryLaterError } from "../errors.ts";
import { mappingProblem, quoted } from "../storage/problems.ts";
import type { Peer } from "../waldur/exchange-name.ts";
import { getWithRetries } from "../waldur/get.ts";
import { type Connection, createSender, type Exchange, type RequestLimits } from "../waldur/send.ts";
import { faultOf } from "../waldur/wire.ts";
import { sourceUnavailable } from "./book.ts";
import type { GidSource } from "./source.ts";

/** More in one address are refused. */
const SLUGS_AT_ONCE = 100;
const LIMIT_BYTES = 1024 * 1024;
/** A token is not used so shortly before its end. */
const MARGIN_MS = 30_000;
const PROJECTS_PATH = "api/v1/export/waldur/projects";

const TokenAnswer = v.object({
  access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, "is not a token")),
  expires_in: v.optional(v.number(), 60),
});
const ProjectsAnswer = v.object({
  projects: v.array(
    v.object({ posixName: v.string(), unixGid: v.nullish(v.pipe(v.number(), v.integer()), null) }),
  ),
});

/** The connection to an address, with that as its only one. */
export type ConnectTo = (url: string) => Omit<Connection, "token" | "tokenFrom" | "scheme">;

export function httpSource(service: GidService, connect: ConnectTo, requestLimits: RequestLimits): GidSource {
  const client = createClient(service, connect, requestLimits);
  return {
    id: `http:${service.apiUrl}`,
    keyOf: ({ slug }) => (slug === "" ? null : slug),
    isWhole: false,
    async fetch(slugs) {
      const found = new Map<string, number | null>();
      try {
        for (let at = 0; at < slugs.length; at += SLUGS_AT_ONCE)
          for (const [slug, gid] of await client.gidsOf(slugs.slice(at, at + SLUGS_AT_ONCE)))
            found.set(slug, gid);
      } catch (error) {
        throw isOfService(error) ? sourceUnavailable(error) : error;
      }
      return found;
    },
    field: "project_slug",
    comesWithAcceptance: false,
    lacking: ({ slug }) =>
      mappingProblem("no-gid", {
        field: "project_slug",
        message: `${quoted(slug)} has no GID in the service of hpc_user_api_url`,
        hint: "register the project there; the next run asks again",
      }),
    lostHint:
      "ask the operators of the service; if these projects no longer exist, remove gids.json of the state directory",
  };
}

/** Whatever it answers or fails to answer; the end of the run is another thing. */
function isOfService(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error instanceof InterruptedError) return false;
  return !(error instanceof RetryLaterError) || error.code === "unavailable";
}

function parse<Schema extends v.GenericSchema>(schema: Schema, body: unknown, what: string) {
  const parsed = v.safeParse(schema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { fault } = faultOf(parsed.issues[0]);
  throw new AnswerError(`the answer about ${what} is unusable: ${fault.field} ${fault.message}`, {
    hint: "check hpc_user_api_url and hpc_user_oidc_token_url",
  });
}

function createClient(service: GidService, connect: ConnectTo, requestLimits: RequestLimits) {
  const { secretFrom: tokenFrom } = service;
  let token: { value: Secret; until: number } | null = null;

  const ask = async (
    connection: Connection,
    {
      name,
      urlKey,
      ...exchange
    }: Pick<Exchange, "method" | "path" | "query" | "form"> & Omit<Peer, "refused">,
  ) => {
    const { proxyFrom, apiUrl } = connection;
    const refused = `check hpc_user_client_id, the client secret (${tokenFrom}), and their permissions`;
    const asked = {
      ...{ shown: exchange.path === "" ? new URL(apiUrl).pathname : exchange.path, tries: 1 },
      ...{ origin: new URL(apiUrl).origin, proxyFrom, tokenFrom, peer: { name, urlKey, refused } },
    };
    const limits = { ...asked, limitBytes: LIMIT_BYTES };
    return (
      await getWithRetries({ ...exchange, ...limits }, createSender(connection, requestLimits), requestLimits)
    ).body;
  };
  const fetchToken = async (): Promise<Secret> => {
    if (token !== null && requestLimits.now().getTime() < token.until) return token.value;
    const { clientId, scope, tokenUrl } = service;
    const askedAt = requestLimits.now().getTime();
    const body = await ask(
      { ...connect(tokenUrl), token: service.secret, tokenFrom, scheme: "none" },
      {
        ...{ name: "the token service", urlKey: "hpc_user_oidc_token_url", method: "POST", path: "" },
        form: {
          ...{ grant_type: "client_credentials", client_id: clientId, scope },
          client_secret: service.secret.reveal(),
        },
      },
    );
    const answer = parse(TokenAnswer, body, "a token");
    token = { value: secret(answer.access_token), until: askedAt + answer.expires_in * 1000 - MARGIN_MS };
    return token.value;
  };
  const fetchProjects = async (slugs: readonly string[]) =>
    ask(
      { ...connect(service.apiUrl), token: await fetchToken(), tokenFrom, scheme: "Bearer" },
      {
        ...{ name: "the service of GIDs", urlKey: "hpc_user_api_url", method: "GET", path: PROJECTS_PATH },
        query: { projects: slugs },
      },
    );
  return {
    async gidsOf(slugs: readonly string[]): Promise<Map<string, number | null>> {
      const body = await fetchProjects(slugs).catch((error: unknown) => {
        if (!(error instanceof RefusedError) || error.status !== 401 || token === null) throw error;
        // It may have been revoked; with a new one there is no third try.
        token = null;
        return fetchProjects(slugs);
      });
      const { projects } = parse(ProjectsAnswer, body, "projects");
      const gids = new Map<string, number | null>();
      for (const { posixName, unixGid } of projects) {
        const before = gids.get(posixName) ?? null;
        if (before !== null && unixGid !== null && before !== unixGid)
          throw new AnswerError(
            `the service gives project ${quoted(posixName)} two GIDs, ${before} and ${unixGid}`,
          );
        gids.set(posixName, unixGid ?? before);
      }
      return gids;
    },
  };
}
