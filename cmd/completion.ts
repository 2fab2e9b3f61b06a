// `completion`: what a shell needs to complete commands, options and their values. Made from the tree, as text that the
// shell holds: pressing TAB starts no program.

import { EXIT } from "../lib/errors.ts";
import { type Command, defineCommand, defineGroup } from "./command.ts";
import { commonFlags } from "./common.ts";

/** The command, for the tree that it is part of. */
export function completionOf(root: Command): Command {
  const bash = defineCommand({
    meta: { name: "bash", description: "Print completions for bash." },
    args: commonFlags,
    examples: [
      {
        about: "for every user, in /etc/bash_completion.d",
        command: "waldur-cscs-storage completion bash | tee waldur-cscs-storage >/dev/null",
      },
    ],
    async run(_, shell) {
      const { bashCompletion } = await import("./complete-bash.ts");
      await shell.print(await bashCompletion(root));
      return EXIT.ok;
    },
  });
  const zsh = defineCommand({
    meta: { name: "zsh", description: "Print completions for zsh." },
    args: commonFlags,
    examples: [
      {
        about: "for every user, in /usr/local/share/zsh/site-functions",
        command: "waldur-cscs-storage completion zsh | tee _waldur-cscs-storage >/dev/null",
      },
    ],
    async run(_, shell) {
      const { zshCompletion } = await import("./complete-zsh.ts");
      await shell.print(await zshCompletion(root));
      return EXIT.ok;
    },
  });
  return defineGroup(
    {
      meta: { name: "completion", description: "Print completions for a shell." },
      args: commonFlags,
      examples: [...bash.examples, ...zsh.examples],
    },
    [bash, zsh].map((command) => ({
      name: command.meta.name,
      summary: command.meta.description,
      load: async () => ({ command }),
    })),
  );
}
