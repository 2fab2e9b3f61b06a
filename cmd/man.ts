// `man`: the manual page, for packages and for anybody who wants it in a MANPATH.

import { EXIT } from "../lib/errors.ts";
import { type Command, defineCommand } from "./command.ts";
import { commonFlags } from "./common.ts";
import { PLAIN_ENDS } from "./exit-codes.ts";

/** The command, for the tree that it is part of. */
export function manOf(root: Command): Command {
  return defineCommand({
    meta: { name: "man", description: "Print the manual page." },
    about: "The page is in the mdoc format, generated from the commands of this program.",
    args: commonFlags,
    examples: [
      { about: "read it", command: "waldur-cscs-storage man | man -l -" },
      {
        about: "install it, in /usr/local/share/man/man1",
        command: "waldur-cscs-storage man | tee waldur-cscs-storage.1 >/dev/null",
      },
    ],
    ends: PLAIN_ENDS,
    async run(_, shell) {
      const { manualOf } = await import("./manual.ts");
      await shell.print(await manualOf(root));
      return EXIT.ok;
    },
  });
}
