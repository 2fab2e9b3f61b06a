// The tree of commands: citty's root with its subcommands, each loaded only when it is asked for. Dispatch, help,
// completions and the man page are made from it; a new command is a file of its own and a line here.

import { type Called, type Command, defineGroup, everyNode } from "./command.ts";
import { commonFlags, PROGRAM } from "./common.ts";

export const root: Command = defineGroup(
  {
    meta: {
      name: PROGRAM,
      description: "Turns Waldur storage orders and resources into JSON files.",
    },
    args: commonFlags,
    examples: [
      { about: "see both modes work, no account needed", command: `${PROGRAM} demo` },
      {
        about: "show what would be published",
        command: `${PROGRAM} sync -c /etc/waldur/config.yaml --dry-run`,
      },
      { about: "one pass, for cron", command: `${PROGRAM} orders -c /etc/waldur/config.yaml` },
      { about: "the options of a command", command: `${PROGRAM} help sync` },
    ],
  },
  [
    {
      name: "orders",
      group: "Runs",
      summary: "Publish open storage orders and report them back to Waldur.",
      load: () => import("./orders.ts"),
    },
    {
      name: "sync",
      group: "Runs",
      summary: "Publish a snapshot (*-all.json) of all storage resources.",
      load: () => import("./sync.ts"),
    },
    {
      name: "ack",
      group: "Inspect and correct",
      summary: "Answer an order: it is done, or it failed.",
      load: () => import("./ack.ts"),
    },
    {
      name: "check",
      group: "Inspect and correct",
      summary: "Check whether both modes would succeed, and change nothing.",
      load: () => import("./check.ts"),
    },
    {
      name: "status",
      group: "Inspect and correct",
      summary: "Show the last runs, open orders and problems.",
      load: () => import("./status.ts"),
    },
    {
      name: "show",
      group: "Inspect and correct",
      summary: "Show everything that is known of an order, a resource or a mount point.",
      load: () => import("./show.ts"),
    },
    {
      name: "history",
      group: "Inspect and correct",
      summary: "Show what was sent to Waldur and which files were published.",
      load: () => import("./history.ts"),
    },
    {
      name: "claims",
      group: "Inspect and correct",
      summary: "Show which resource holds which mount point, and release one.",
      load: () => import("./claims.ts"),
    },
    {
      name: "components",
      group: "Inspect and correct",
      summary: "Create and update the offering's components in Waldur.",
      load: () => import("./components.ts"),
    },
    {
      name: "diff",
      group: "Inspect and correct",
      summary: "Show the differences between two snapshots.",
      load: () => import("./diff.ts"),
    },
    {
      name: "validate",
      group: "Inspect and correct",
      summary: "Check published files against their schema and their rules.",
      load: () => import("./validate.ts"),
    },
    {
      name: "page",
      group: "Inspect and correct",
      summary: "Write an HTML page with quotas, changes, orders and problems.",
      load: () => import("./page.ts"),
    },
    {
      name: "schema",
      group: "Inspect and correct",
      summary: "Print the JSON Schema of a file of this program.",
      load: () => import("./schema.ts"),
    },
    {
      name: "completion",
      group: "Shell and manual",
      summary: "Print completions for a shell.",
      load: async () => ({ command: (await import("./completion.ts")).completionOf(root) }),
    },
    {
      name: "man",
      group: "Shell and manual",
      summary: "Print the manual page.",
      load: async () => ({ command: (await import("./man.ts")).manOf(root) }),
    },
    {
      name: "demo",
      group: "Try out",
      summary: "Run both modes against a built-in simulated Waldur.",
      load: () => import("./demo.ts"),
    },
  ],
);

/** Every command that does something, with the words that call it; loads all of them. */
export async function* everyCommand(): AsyncGenerator<Called> {
  for await (const node of everyNode(root)) if (node.command.subCommands === undefined) yield node;
}
