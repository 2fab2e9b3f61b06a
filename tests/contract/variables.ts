// The variables that configure the suite. Everything that is missing is reported at once.

import { ConfigError, type ConfigIssue } from "../../lib/errors.ts";
import { apiUrlProblem, normaliseApiUrl } from "../../lib/keys/url.ts";

export type Variables = {
  /** Ends with `/api/`. */
  apiUrl: string;
  /** Of an owner of the organisation that provides the offering. */
  token: string;
  /** Of an owner of the organisation that the project belongs to. */
  consumerToken: string;
  offeringUuid: string;
  projectUuid: string;
  /** Never given for a real server: rules that need it are proved on the simulator only. */
  staffToken: string | null;
};

/** What each variable holds, for messages. */
export const NAMES = {
  WALDUR_CONTRACT_URL: "the address of Waldur, such as https://waldur.example.org/api/",
  WALDUR_CONTRACT_TOKEN: "the token of an owner of the organisation that provides the offering",
  WALDUR_CONTRACT_CONSUMER_TOKEN: "the token of an owner of another organisation, which orders",
  WALDUR_CONTRACT_OFFERING: "the uuid of an empty test offering with a component of type storage",
  WALDUR_CONTRACT_PROJECT: "the uuid of a project of the consumer's organisation",
} as const;

type Name = keyof typeof NAMES;
type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a `ConfigError` that names every variable that is missing or of a wrong form; never with its value. */
export function readVariables(environment: Environment): Variables {
  const issues: ConfigIssue[] = [];
  const read = (name: Name, problemOf: (text: string) => string | null): string => {
    const text = environment[name]?.trim() ?? "";
    const problem = text === "" ? "is not set" : problemOf(text);
    if (problem !== null) issues.push(issue(name, problem));
    return text;
  };
  const url = read("WALDUR_CONTRACT_URL", (text) => apiUrlProblem(text)?.split("\n", 1)[0] ?? null);
  const token = read("WALDUR_CONTRACT_TOKEN", tokenProblem);
  const consumerToken = read("WALDUR_CONTRACT_CONSUMER_TOKEN", tokenProblem);
  const offeringUuid = hex(read("WALDUR_CONTRACT_OFFERING", uuidProblem));
  const projectUuid = hex(read("WALDUR_CONTRACT_PROJECT", uuidProblem));
  if (token !== "" && token === consumerToken) {
    issues.push(issue("WALDUR_CONTRACT_CONSUMER_TOKEN", "is the same as WALDUR_CONTRACT_TOKEN"));
  }
  if (issues.length > 0) throw new ConfigError(issues);
  const staffToken = environment.WALDUR_CONTRACT_SIMULATOR_STAFF_TOKEN ?? null;
  return { apiUrl: normaliseApiUrl(url), token, consumerToken, offeringUuid, projectUuid, staffToken };
}

function issue(name: Name, message: string): ConfigIssue {
  return { file: "environment", path: name, message, hint: `it is to hold ${NAMES[name]}` };
}

function tokenProblem(text: string): string | null {
  return /^[\x21-\x7e]+$/.test(text) ? null : "holds something that no token can be";
}

function uuidProblem(text: string): string | null {
  return /^[0-9a-f]{32}$/.test(hex(text)) ? null : "is not a uuid";
}

function hex(text: string): string {
  return text.replaceAll("-", "").toLowerCase();
}
