// What is reported of a path that a resource cannot have, in both modes: who holds it, and what to do about it.

import type { MappingProblem } from "../storage/document.ts";
import type { Place } from "../storage/place.ts";
import { quoted } from "../storage/problems.ts";
import type { Contender } from "./contenders.ts";

/** A resource as messages name it. */
export type Named = { uuid: string; name?: string | undefined; project?: string | undefined };

export function showResource({ uuid, name, project }: Named): string {
  const words = [...(name ? [quoted(name)] : []), ...(project ? [`project ${quoted(project)}`] : [])];
  return words.length === 0 ? uuid : `${uuid} (${words.join(", ")})`;
}

/** A resource that wants a path, and another one whose claim is in the way. */
export type Contest = {
  wants: Named;
  path: string;
  /** The wanted path is an absolute backend id. */
  isExplicit: boolean;
  holder: Named;
  /** The path that the holder claims. */
  held: string;
  relation: Contender["relation"];
};

export type ClaimFinding = { code: string; field: string; message: string; hint?: string };

/** A backend id that looks like a path, of a resource that files name already. */
function suspectKept(path: string, suspect: MappingProblem): ClaimFinding {
  const { code, field, message, hint } = suspect;
  return {
    code,
    field,
    message: `${message}; the resource keeps ${path}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/**
 * What is to be said of a resource that stays at its published path: a problem where its backend id asks for another.
 */
export function keptFinding(
  { suspect, outside, isExplicit }: Place,
  path: string,
): { finding: ClaimFinding; isProblem: boolean } | null {
  if (suspect === undefined) return null;
  const isMove = suspect.code === "mount-outside";
  if (isMove && (outside === path || !isExplicit)) return null;
  return { finding: suspectKept(path, suspect), isProblem: isMove };
}

/** A path that is kept though no resource could get it as a new one. */
export function keptOutside(path: string): ClaimFinding {
  return {
    code: "mounts-outside",
    field: "mount_point",
    message: `the published mount point ${path} is outside mount_roots; it is kept`,
    hint: "add the directory above it to mount_roots; new mount points there are refused",
  };
}

/** The holder is live, or is not known to have ended. */
export function pathHeld(contest: Contest): ClaimFinding {
  const { wants, path, isExplicit, relation } = contest;
  const field = isExplicit ? "backend_id" : "slug";
  const subject = `resource ${showResource(wants)} cannot have the mount point ${path}`;
  if (relation === "same") {
    return {
      code: "mount-clash",
      field,
      message: `${subject}: ${heldBy(contest)}`,
      hint: adviceFor(contest),
    };
  }
  const where = relation === "outer" ? "it is inside" : "it is above";
  return {
    code: "mount-nested",
    field,
    message: `${subject}: ${where} ${contest.held}, which ${heldBy(contest).replace("it is ", "is ")}`,
    hint: `${adviceFor(contest)}; \`nested_mounts: allow\` allows mounts inside others`,
  };
}

/** The holder is terminated, and its days are not over. */
export function pathWaits(contest: Contest, until: number): ClaimFinding {
  const { wants, path, held, holder } = contest;
  const from = new Date(until).toISOString().slice(0, 16).replace("T", " ");
  return {
    code: "mount-waiting",
    field: contest.isExplicit ? "backend_id" : "slug",
    message:
      `resource ${showResource(wants)} waits for the mount point ${path} until ${from} UTC: ` +
      `${held} was that of resource ${showResource(holder)}, which is terminated`,
    hint: `if its data is already removed: waldur-cscs-storage claims release ${held} --resource ${holder.uuid}`,
  };
}

/** A path that two live resources have by earlier files. */
export function pathDoubled(path: string, holders: readonly string[]): ClaimFinding {
  return {
    code: "mount-doubled",
    field: "mount_point",
    message: `the files give ${holders.length} live resources the mount point ${path}: ${holders.join(", ")}`,
    hint: `find out which one has its data there, then: waldur-cscs-storage claims release ${path} --resource UUID (of the other one)`,
  };
}

function heldBy({ holder }: Contest): string {
  return `it is held by resource ${showResource(holder)}`;
}

/** The holder keeps its path whatever its slug becomes, so it is the other one that has to change. */
function adviceFor({ wants, isExplicit, held, holder }: Contest): string {
  const change = isExplicit
    ? `set the backend id of ${wants.uuid} to another path`
    : `give ${wants.uuid} another slug, or set its backend id to another path`;
  return `${change}; if the holder no longer exists in Waldur: waldur-cscs-storage claims release ${held} --resource ${holder.uuid}`;
}
