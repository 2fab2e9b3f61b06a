// The errors for an output directory that does not exist and cannot be created, which say more than "permission
// denied".

import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { ownUser, showUser, userArgument } from "../places/owners.ts";
import { attemptIfExists } from "./failure.ts";

/**
 * The directory above one that has to be created, without links.
 * @throws OutputError when it does not exist: a typing error or a missing mount
 */
export function realParent(directory: string): string {
  const parent = dirname(directory);
  const real = attemptIfExists("find", parent, () => realpathSync(parent));
  if (real !== null) return real;
  throw new OutputError(
    `the output directory ${directory} does not exist, and neither does ${parent} above it`,
    {
      hint: "correct `output_directory`, or create or mount the directory above it: this program creates only the last part",
    },
  );
}

/** Nothing is created through a link: its target may be on a file system that is not mounted. */
export function linkToNothing(directory: string): OutputError {
  return new OutputError(`${directory} is a symbolic link to something that does not exist`, {
    hint: `create or mount what it leads to (\`readlink ${directory}\`), or correct \`output_directory\``,
  });
}

/** @throws OutputError when this user may not create it */
export function makeHere<Made>(directory: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "EACCES" && errno !== "EPERM") throw error;
    const user = ownUser();
    const message = `the output directory ${directory} does not exist, and ${showUser(user)} cannot create it in ${dirname(directory)} (${errno})`;
    const hint = `create it as root: install -d -o ${userArgument(user, "chown")} ${directory}`;
    throw new OutputError(message, { hint, cause: error });
  }
}
