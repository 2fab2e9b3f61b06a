// `completion`: what a shell needs to complete commands, options and their values. Made from the tree, as text that the
// shell holds: pressing TAB starts no program.

import { EXIT } from "../lib/errors.ts";
import { type Command, defineCommand, defineGroup, loaded } from "./command.ts";
import { commonFlags } from "./common.ts";
import { PLAIN_ENDS } from "./exit-codes.ts";

type Completion = {
  shell: string;
  /** Where every user's shell looks for it, and the name that it has there. */
  directory: string;
  file: string;
  make: (root: Command) => Promise<string>;
};

const COMPLETIONS: readonly Completion[] = [
  {
    shell: "bash",
    directory: "/etc/bash_completion.d",
    file: "waldur-cscs-storage",
    make: async (root) => (await import("./complete-bash.ts")).bashCompletion(root),
  },
  {
    shell: "zsh",
    directory: "/usr/local/share/zsh/site-functions",
    file: "_waldur-cscs-storage",
    make: async (root) => (await import("./complete-zsh.ts")).zshCompletion(root),
  },
];

/** The command, for the tree that it is part of. */
export function completionOf(root: Command): Command {
  const commands = COMPLETIONS.map(({ shell: name, directory, file, make }) =>
    defineCommand({
      meta: { name, description: `Print completions for ${name}.` },
      args: commonFlags,
      examples: [
        {
          about: `for every user, in ${directory}`,
          command: `waldur-cscs-storage completion ${name} | tee ${file} >/dev/null`,
        },
      ],
      ends: PLAIN_ENDS,
      async run(_, shell) {
        await shell.print(await make(root));
        return EXIT.ok;
      },
    }),
  );
  return defineGroup(
    {
      meta: { name: "completion", description: "Print completions for a shell." },
      args: commonFlags,
      ends: PLAIN_ENDS,
      examples: commands.flatMap(({ examples }) => examples),
    },
    commands.map(loaded),
  );
}
