// Project groups of Waldur, 8.1.3 and later: a project gets its group, and with it a GID, once the order for its first
// resource is past approval. The list is read whole, and joined by the project's uuid, for slugs and names change.
// Members are part of each row: nothing of a row is kept or shown but the two fields that are read.

import * as v from "valibot";
import { AnswerError, EndpointError } from "../errors.ts";
import { mappingProblem, quoted } from "../storage/problems.ts";
import type { Reader } from "../waldur/client.ts";
import { readList } from "../waldur/pages.ts";
import { GROUPS_PATH } from "../waldur/vocabulary.ts";
import { parseOrThrow, Uuid } from "../waldur/wire.ts";
import type { GidSource } from "./source.ts";

/** The project is null when it is gone. */
const Row = v.object({
  gid: v.nullable(v.pipe(v.number(), v.integer())),
  project_uuid: v.nullable(Uuid),
});

const field = "project_slug";

export function waldurSource(reader: Reader, offering: string): GidSource {
  return {
    id: "waldur",
    keyOf: ({ uuid }) => uuid,
    isWhole: true,
    fetch: () => fetchGroups(reader, offering),
    field,
    comesWithAcceptance: true,
    lacking({ slug }, { entry, isEmpty }) {
      if (isEmpty) return OFF;
      if (entry) return NO_RANGE;
      const message = `${quoted(slug)} has no project group in Waldur`;
      const hint =
        "Waldur creates it when the order for the project's first resource is accepted; check it there";
      return mappingProblem("no-gid", { field, message, hint });
    },
    lostHint: SWITCH,
  };
}

const SWITCH =
  "set project_groups_enabled of the service provider in Waldur, and check that the token's user may list its project groups";
const OFF = mappingProblem("project-groups-off", {
  field: "unix_gid",
  message: "is waldur, but Waldur lists no project group: project_groups_enabled seems to be off",
  hint: SWITCH,
});
const NO_RANGE = mappingProblem("gid-pool-empty", {
  field: "unix_gid",
  message: "is waldur, but the project groups have no GID: their pool has no range, or is used up",
  hint: "set a range for the pool of GIDs in Waldur",
});

/** By the uuid of the project; complete, or an error. */
function fetchGroups(reader: Reader, offering: string): Promise<Map<string, number | null>> {
  const query = { provider_offering_uuid: offering, o: "created" };
  return readList(reader, { path: GROUPS_PATH, query, what: "project group", parallel: 1 }, async (parts) => {
    const gids = new Map<string, number | null>();
    for await (const { rows } of parts) {
      for (const row of rows) {
        const { project_uuid: project, gid } = parseOrThrow(Row, row, "a project group");
        if (project !== null) add(gids, project, gid);
      }
    }
    return gids;
  }).catch((error: unknown) => {
    if (error instanceof EndpointError && error.status === 404) throw tooOld(error);
    throw error;
  });
}

/** Of several groups of a project one may have no GID; two that differ leave nothing to choose by. */
function add(gids: Map<string, number | null>, project: string, gid: number | null): void {
  const before = gids.get(project) ?? null;
  if (before !== null && gid !== null && before !== gid)
    throw new AnswerError(
      `project ${project} has two project groups in Waldur, with GIDs ${before} and ${gid}`,
      {
        hint: "remove one of them in Waldur",
      },
    );
  gids.set(project, gid ?? before);
}

function tooOld(cause: EndpointError): EndpointError {
  return new EndpointError(
    "unix_gid: waldur needs Waldur 8.1.3 or later: this server has no project groups",
    {
      cause,
      status: 404,
      hint: "upgrade Waldur, or set unix_gid to getent, http, metadata or file:PATH",
    },
  );
}
