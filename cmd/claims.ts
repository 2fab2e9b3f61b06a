// `claims`: which resource holds which mount point, and releasing one by hand.

import { EXIT, UsageError } from "../lib/errors.ts";
import { clean, escapeUnsafe } from "../lib/unsafe-text.ts";
import { defineCommand, defineGroup, loaded } from "./command.ts";
import { commonFlags } from "./common.ts";
import { LOCAL_ENDS } from "./exit-codes.ts";
import { connectionFlags, offeringFlags, parseUuid, runOptions, text } from "./flags.ts";
import { loadOfferings } from "./offerings.ts";
import { askingWaldur } from "./waldur.ts";

const list = defineCommand({
  meta: { name: "list", description: "Show which resource holds which mount point." },
  about: "Reads the claims in the state directory; sends no requests to Waldur and writes nothing.",
  args: {
    ...offeringFlags,
    json: { type: "boolean", group: "Output", description: "print the claims as JSON" },
    ...commonFlags,
  },
  examples: [
    { about: "as a table", command: "waldur-cscs-storage claims list -c /etc/waldur/config.yaml" },
    {
      about: "paths that will be free",
      command: "waldur-cscs-storage claims list --json | jq -r '.[] | select(.freeFrom) | .path'",
    },
  ],
  ends: LOCAL_ENDS,
  async run(flags, shell) {
    const { claimsTable, listClaims } = await import("../lib/claims/list.ts");
    const only = runOptions("orders", flags).offeringUuids;
    const { offerings } = await loadOfferings(flags, shell, { needsToken: false });
    const claims = listClaims(offerings, { now: new Date(), only });
    await shell.print(
      flags.json === true ? `${escapeUnsafe(JSON.stringify(claims, null, 2))}\n` : claimsTable(claims),
    );
    return EXIT.ok;
  },
});

const release = defineCommand({
  meta: {
    name: "release",
    description: "Release a claim, so that another resource can have the mount point.",
  },
  args: {
    path: {
      type: "positional",
      required: true,
      description: "the mount point in full, as `claims list` shows it",
    },
    ...offeringFlags,
    resource: {
      type: "string",
      valueHint: "UUID",
      group: "Run",
      description: "whose claim to release, if several resources hold the path",
    },
    force: {
      type: "boolean",
      group: "Run",
      description: "also if the resource is live and the only holder",
    },
    ...connectionFlags,
    ...commonFlags,
  },
  examples: [
    {
      about: "the path of a resource that no longer exists",
      command: "waldur-cscs-storage claims release /capstor/store/a/b/c -c /etc/waldur/config.yaml",
    },
    {
      about: "one of several holders",
      command:
        "waldur-cscs-storage claims release /capstor/store/a/b/c --resource 1f5c0a6de0b84c5c9b4b0a0d9c1e2f30",
    },
  ],
  exits: { 10: "the claim stays; the message says why" },
  async run(flags, shell) {
    const path = text(flags, "path") ?? "";
    if (!path.startsWith("/")) throw new UsageError(`${JSON.stringify(path)} is not an absolute path`);
    const resource = text(flags, "resource");
    const request = {
      path,
      resource: resource === undefined ? null : parseUuid("resource", resource),
      force: flags.force === true,
    };
    const { offerings } = await loadOfferings(flags, shell, { needsToken: true });
    const { releaseClaim } = await import("../lib/claims/release.ts");
    const released = await askingWaldur(flags, shell, ({ readerFor, signal }) =>
      releaseClaim(request, {
        offerings,
        readerFor,
        now: () => new Date(),
        throwIfOver: () => signal.throwIfAborted(),
        warn: (message) => shell.writeError(`waldur-cscs-storage: warning: ${clean(message)}\n`),
      }),
    );
    shell.writeError(`waldur-cscs-storage: ${clean(released)}\n`);
    return EXIT.ok;
  },
});

const commands = [list, release];

export const command = defineGroup(
  {
    meta: { name: "claims", description: "Show which resource holds which mount point, and release one." },
    args: commonFlags,
    examples: commands.flatMap(({ examples }) => examples),
  },
  commands.map(loaded),
);
