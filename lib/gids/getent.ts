// Groups of the system, as `getent` finds them: files, LDAP, SSSD, whatever NSS knows. One call asks for many names. It
// runs the system's own program, with an empty environment and in `/`, so that nothing about this process's
// surroundings decides what a GID is.

import { existsSync } from "node:fs";
import { EndpointError, RetryLaterError } from "../errors.ts";
import { mappingProblem, quoted } from "../storage/problems.ts";
import { clean } from "../unsafe-text.ts";
import type { GidSource } from "./source.ts";

const PROGRAMS = ["/usr/bin/getent", "/bin/getent"];
/** Names of at most 255 characters: far below what the kernel takes for the arguments of a program. */
const NAMES_AT_ONCE = 250;
/** Members are part of each line, and may be very many. */
const MOST_BYTES = 32 * 1024 * 1024;
const NAME = /^[\w.-]{1,255}$/;
/** `getent` would look these up as GIDs. */
const NUMBER = /^[+-]?\d+$/;

export type GetentLimits = {
  /** Of one call, in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Only tests have another program. */
  programs?: readonly string[];
};

export function getentSource(template: string, limits: GetentLimits): GidSource {
  const nameOf = (slug: string) => template.replace("{project}", () => slug);
  return {
    id: `getent:${template}`,
    keyOf({ slug }) {
      const name = nameOf(slug);
      return slug !== "" && NAME.test(name) && !NUMBER.test(name) ? name : null;
    },
    isWhole: false,
    async fetch(names) {
      const found = new Map<string, number>();
      for (let at = 0; at < names.length; at += NAMES_AT_ONCE)
        for (const [name, gid] of await callGetent(names.slice(at, at + NAMES_AT_ONCE), limits))
          found.set(name, gid);
      return found;
    },
    field: "project_slug",
    comesWithAcceptance: false,
    lacking: ({ slug }) =>
      mappingProblem("no-gid", {
        field: "project_slug",
        message: `${quoted(slug)} has no GID: the system has no group ${quoted(nameOf(slug))}`,
        hint: NUMBER.test(nameOf(slug))
          ? "a name of digits is looked up as a number: give unix_gid a prefix, as in getent:prj-{project}"
          : "create the group, or check `getent group -- NAME`",
      }),
    lostHint:
      "check the directory service of the system's groups (sssd, LDAP); if these groups no longer exist, remove gids.json of the state directory",
  };
}

async function callGetent(names: readonly string[], limits: GetentLimits): Promise<Map<string, number>> {
  const { timeoutMs, signal, programs = PROGRAMS } = limits;
  signal.throwIfAborted();
  const program = programs.find((path) => existsSync(path));
  if (program === undefined)
    throw new EndpointError(`there is no ${PROGRAMS.join(" and no ")}`, { hint: NO_PROGRAM });
  const child = Bun.spawn([program, "group", "--", ...names], {
    cwd: "/",
    env: { LC_ALL: "C" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let isLate = false;
  const kill = () => child.kill("SIGKILL");
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, timeoutMs);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const text = await readUpTo(child.stdout, kill);
    const code = await child.exited;
    signal.throwIfAborted();
    if (isLate) throw unavailable(`did not answer within ${timeoutMs / 1000} s`);
    // 2: some of the names are not there.
    if (code !== 0 && code !== 2) throw unavailable(`ended with ${code === null ? "a signal" : code}`);
    return groupsIn(text, new Set(names));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
    kill();
  }
}

async function readUpTo(stream: ReadableStream<Uint8Array>, kill: () => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) {
      kill();
      throw unavailable(`gave more than ${MOST_BYTES / 1024 / 1024} MiB`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** `name:password:gid:members`; a name in other letters than those asked for is another group. */
function groupsIn(text: string, names: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name = "", , gid = ""] = line.split(":", 3);
    if (!names.has(name) || found.has(name)) continue;
    if (!/^\d{1,10}$/.test(gid))
      throw unavailable(
        `gave ${JSON.stringify(clean(name))} the GID ${JSON.stringify(clean(gid).slice(0, 20))}`,
      );
    found.set(name, Number(gid));
  }
  return found;
}

const NO_PROGRAM = "install it (package libc-bin or glibc-common), or set unix_gid to another source";

function unavailable(what: string): RetryLaterError {
  return new RetryLaterError(`the groups of the system cannot be read: getent ${what}`, {
    code: "gids",
    hint: "try `getent group -- NAME` by hand, and check group in /etc/nsswitch.conf; the next run tries again",
  });
}
