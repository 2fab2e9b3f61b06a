// The values of `unix_gid`, and the source that each of them names.

import { nearestWord } from "../nearest.ts";
import { notHome } from "./kinds.ts";

const WORDS = ["metadata", "waldur", "getent", "http"] as const;
const INSTEAD = "`schema config` describes each; file:PATH is a map of project slug to GID";

/** `path` as it is written: relative to the configuration file. */
export type GidSource =
  | { kind: "metadata" | "waldur" | "http" }
  | { kind: "getent"; template: string }
  | { kind: "file"; path: string };

/** What is wrong with one of the words, `getent:TEMPLATE` or `file:PATH` (docs/contract.md, "Configuration"). */
export function unixGidProblem(text: string): string | null {
  const path = pathIn(text);
  if (path === "") return "needs a path after `file:`";
  if (path !== null) return notHome(path);
  if (text.startsWith(GETENT)) return templateProblem(text.slice(GETENT.length));
  if (WORDS.some((word) => word === text)) return null;
  const near = nearestWord(text, WORDS);
  return `must be one of ${WORDS.join(", ")}, getent:TEMPLATE, file:PATH\n${near === null ? INSTEAD : `did you mean ${near}?`}`;
}

const GETENT = "getent:";
/** Where the slug of the project is in the name of its group. */
const PROJECT = "{project}";

function templateProblem(template: string): string | null {
  const parts = template.split(PROJECT);
  return parts.length === 2 && parts.every((part) => /^[\w.-]*$/.test(part))
    ? null
    : "needs the name of a group that contains {project} after `getent:`\nfor example getent:prj-{project}";
}

export function gidSource(text: string): GidSource {
  const path = pathIn(text);
  if (path !== null) return { kind: "file", path };
  if (text.startsWith(GETENT)) return { kind: "getent", template: text.slice(GETENT.length) };
  if (text === "getent") return { kind: "getent", template: PROJECT };
  return { kind: text === "waldur" || text === "http" ? text : "metadata" };
}

function pathIn(text: string): string | null {
  return text.startsWith("file:") ? text.slice("file:".length).trim() : null;
}
