// `show WHAT`: everything that is known of one order, resource or mount point.

import type { Config } from "../lib/config/config.ts";
import { type AppError, ConfigError, EXIT, UsageError } from "../lib/errors.ts";
import type { Subject } from "../lib/show/subject.ts";
import { escapeUnsafe } from "../lib/unsafe-text.ts";
import { plainUuid } from "../lib/uuid.ts";
import { defineCommand, type Flags, type Shell } from "./command.ts";
import { commonFlags } from "./common.ts";
import { connectionFlags, offeringFlags, text } from "./flags.ts";
import { loadOfferings } from "./offerings.ts";
import { askingWaldur } from "./waldur.ts";

export const command = defineCommand({
  meta: {
    name: "show",
    description: "Show everything that is known of an order, a resource or a mount point.",
  },
  about:
    "Its entry in the last snapshot, its order files, receipts, claims and history, and its state in Waldur. If Waldur does not answer, the rest is shown.",
  args: {
    what: {
      type: "positional",
      required: true,
      description: "the uuid of an order or a resource, or a mount point in full",
    },
    ...offeringFlags,
    local: { type: "boolean", group: "Run", description: "send no requests to Waldur; needs no token" },
    json: { type: "boolean", group: "Output", description: "print the result as JSON" },
    ...connectionFlags,
    ...commonFlags,
  },
  examples: [
    {
      about: "what an order waits for, and what was sent for it",
      command: "waldur-cscs-storage show 1f5c0a6d-e0b8-4c5c-9b4b-0a0d9c1e2f30",
    },
    {
      about: "which resource has a mount point",
      command: "waldur-cscs-storage show /capstor/store/a/b/c --local",
    },
  ],
  exits: { 10: "nothing is known of it" },
  async run(flags, shell) {
    const subject = subjectOf(text(flags, "what") ?? "");
    const { config, refusal } = await loadForShow(flags, shell);
    const [{ show }, { showText }] = await Promise.all([
      import("../lib/show/show.ts"),
      import("../lib/show/text.ts"),
    ]);
    const shown = await askingWaldur(flags, shell, ({ readerFor }) =>
      show(subject, {
        offerings: config.offerings,
        now: new Date(),
        isLocal: flags.local === true,
        readerFor(offering) {
          if (refusal !== null) throw refusal;
          return readerFor(offering);
        },
      }),
    );
    const layout = { width: await shell.width(), timezone: config.timezone };
    await shell.print(
      flags.json === true ? `${escapeUnsafe(JSON.stringify(shown, null, 2))}\n` : showText(shown, layout),
    );
    return shown.found ? EXIT.ok : EXIT.problems;
  },
});

function subjectOf(given: string): Subject {
  if (given.startsWith("/")) return { path: given.length > 1 ? given.replace(/\/+$/, "") : given };
  const uuid = plainUuid(given);
  if (uuid !== null) return { uuid };
  throw new UsageError(`${JSON.stringify(given)} is neither a uuid nor an absolute path`, {
    hint: "give the uuid of an order or a resource, or a mount point as `claims list` shows it",
  });
}

/** Without a token, what is known locally is shown nevertheless. */
async function loadForShow(
  flags: Flags,
  shell: Shell,
): Promise<{ config: Config; refusal: AppError | null }> {
  if (flags.local === true)
    return { config: await loadOfferings(flags, shell, { needsToken: false }), refusal: null };
  try {
    return { config: await loadOfferings(flags, shell, { needsToken: true }), refusal: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: await loadOfferings(flags, shell, { needsToken: false }), refusal: error };
  }
}
