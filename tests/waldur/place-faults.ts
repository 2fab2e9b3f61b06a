// What can be wrong with the place that a run publishes to, one by one, each of which ends a run of both modes with 73.

import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Stage } from "../stage.ts";
import { rewrite } from "./check-faults.ts";

const MODES = ["sync", "orders"] as const;
const OTHER = 4242;
const stateOf = ({ out }: Stage) => join(out, ".waldur-cscs-storage");

function set(stage: Stage, line: string): void {
  rewrite(stage, /( +)output_directory:/, `$1${line}\n$1output_directory:`);
}

function replace(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true, force: true });
  make(path);
}

/** Whatever is missing above it is made. */
export function makeState(stage: Stage): string {
  mkdirSync(stateOf(stage), { recursive: true, mode: 0o700 });
  return stateOf(stage);
}

/** What spoils the place, what the real run says of it, and where that depends on what only a real run finds out. */
type PlaceFault = [spoil: (stage: Stage) => void, says: RegExp, would?: "may"];

export const PLACE_FAULTS: Readonly<Record<string, PlaceFault>> = {
  "no directory above it": [
    (stage) => rewrite(stage, /(output_directory: ).*/, "$1/nonexistent/a/b"),
    /does not exist, and neither does \/nonexistent\/a above it/,
  ],
  "a file in its place": [
    ({ out }) => replace(out, (path) => writeFileSync(path, "")),
    /\/out is not a directory/,
  ],
  "a file in the place of the directory above it": [
    (stage) => {
      replace(stage.out, (path) => writeFileSync(path, ""));
      rewrite(stage, /(output_directory: .*)/, "$1/below");
    },
    /not a directory/,
  ],
  "a link to nothing in its place": [
    ({ out, directory }) => replace(out, (path) => symlinkSync(join(directory, "nothing"), path)),
    /\/out is a symbolic link to something that does not exist/,
  ],
  "a link that leads to itself": [
    ({ out }) => replace(out, (path) => symlinkSync(path, path)),
    /symbolic link, or too many of them/,
  ],
  "a mount that is missing": [
    (stage) => set(stage, `require_mount: ${JSON.stringify(stage.directory)}`),
    /nothing is mounted at .* \(require_mount\)/,
  ],
  "a mount that is missing, and no directory yet": [
    (stage) => {
      set(stage, `require_mount: ${JSON.stringify(stage.directory)}`);
      rmSync(stage.out, { recursive: true });
    },
    /nothing is mounted at .* \(require_mount\)/,
  ],
  "another file system than the required one": [
    (stage) => set(stage, "require_mount: /proc"),
    /is not on the file system at \/proc/,
  ],
  "a directory that everybody can write": [
    ({ out }) => chmodSync(out, 0o777),
    /everybody on this machine can write to the output directory/,
  ],
  "a directory of another user": [({ out }) => chownSync(out, OTHER, OTHER), /belongs to uid 4242/, "may"],
  "a directory that is yet to be made where others can replace it": [
    ({ directory, out }) => {
      rmSync(out, { recursive: true });
      chmodSync(directory, 0o777);
    },
    /everybody on this machine can write to .*, on the way to the output directory/,
  ],
  "a file as state directory": [
    (stage) => replace(stateOf(stage), (path) => writeFileSync(path, "")),
    /\.waldur-cscs-storage is not a directory/,
  ],
  "a link as state directory": [
    (stage) => {
      const elsewhere = join(stage.directory, "elsewhere");
      mkdirSync(elsewhere);
      replace(stateOf(stage), (path) => symlinkSync(elsewhere, path));
    },
    /\.waldur-cscs-storage is not a directory/,
  ],
  "a link to nothing as state directory": [
    (stage) => replace(stateOf(stage), (path) => symlinkSync("/nonexistent", path)),
    /\.waldur-cscs-storage is not a directory/,
  ],
  "a state directory of another user": [
    (stage) => chownSync(makeState(stage), OTHER, OTHER),
    /\.waldur-cscs-storage belongs to uid 4242/,
    "may",
  ],
  "directories as locks": [
    (stage) => {
      for (const mode of MODES) mkdirSync(join(makeState(stage), `lock-${mode}`));
    },
    /lock-(sync|orders): it is not a regular file/,
  ],
  "garbage in the locks": [
    (stage) => {
      for (const mode of MODES) writeFileSync(join(makeState(stage), `lock-${mode}`), "garbage".repeat(1000));
    },
    /cannot lock .*: file is not a database/,
  ],
  "garbage in the lock of claims": [
    (stage) => writeFileSync(join(makeState(stage), "lock-claims"), "garbage".repeat(1000)),
    /cannot lock .*\/lock-claims: file is not a database/,
    "may",
  ],
  "locks of another user": [
    (stage) => {
      for (const mode of MODES) {
        const path = join(makeState(stage), `lock-${mode}`);
        writeFileSync(path, "");
        chownSync(path, OTHER, OTHER);
      }
    },
    /lock-(sync|orders) belongs to uid 4242/,
  ],
};
