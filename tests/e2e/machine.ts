// A copy of this machine that may be spoilt: an overlay over all its files, in a mount namespace of its own. Commands
// of a page run there as they stand, as root, with the real useradd and systemctl; outside nothing changes.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "pathe";
import { ROOT, type ShownCommand } from "../pages.ts";
import { type Ran, runCommand } from "../stage.ts";

/** The copy: makes it, goes into it, and runs one command file after the other. */
const COPY = `set -e
home=$1 root=$2 shared=$3 layers=$1/layers
mount --make-rprivate /
mount -t tmpfs tmpfs "$layers"
mkdir "$layers/upper" "$layers/work" "$layers/machine"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$layers/machine"
mkdir -p "$layers/machine$root" "$layers/machine$shared"
if [ ! -e "$layers/machine$root/package.json" ]; then
  mkdir "$layers/root" "$layers/root-work"
  mount -t overlay overlay -o "lowerdir=$root,upperdir=$layers/root,workdir=$layers/root-work" "$layers/machine$root"
fi
mount --bind "$shared" "$layers/machine$shared"
mount --rbind /proc "$layers/machine/proc"
mount --rbind /dev "$layers/machine/dev"
cp -r "$home/files/." "$layers/machine/"
exec chroot "$layers/machine" env SYSTEMD_OFFLINE=1 PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \\
  bash -c '
    cd "$2"
    for ((number = 0; ; number++)); do
      [ -e "$1/$number.sh" ] || exit 0
      code=0
      # In this shell, for the variables that a command sets.
      { set -o pipefail; . "$1/$number.sh"; } >"$1/$number.out" 2>"$1/$number.err" </dev/null || code=$?
      echo $code >"$1/$number.code"
      [ $code = "$(cat "$1/$number.expected")" ] || exit 0
    done' copy "$home" "$root"
`;

/** Whether this machine can be copied: root, and the right to mount. */
export const CAN_COPY = process.getuid?.() === 0 && (await tryCopy());

/** Appended to the name of a test that is skipped. */
export const NEEDS_COPY = CAN_COPY ? "" : " (skipped: needs root, overlay mounts, useradd and systemctl)";

export type Step = Ran & { line: string; expected: number };

export type Machine = {
  /** Directory that is the same inside and outside. */
  shared: string;
  /** Files that are there before the first command, by absolute path. */
  files: Readonly<Record<string, string>>;
};

/** Runs the commands one after the other in the root of the project, to the first that does not end as it says. */
export async function runOnCopy(commands: readonly ShownCommand[], machine: Machine): Promise<Step[]> {
  const home = mkdtempSync(join(machine.shared, "copy-"));
  for (const [path, text] of Object.entries(machine.files)) {
    const file = join(home, "files", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  mkdirSync(join(home, "files"), { recursive: true });
  mkdirSync(join(home, "layers"));
  commands.forEach(({ line, code }, number) => {
    writeFileSync(join(home, `${number}.sh`), `${onlyOffline(line)}\n`);
    writeFileSync(join(home, `${number}.expected`), `${code}\n`);
  });
  const played = await runCommand(
    ["unshare", "-m", "bash", "-c", COPY, "copy", home, ROOT, machine.shared],
    {},
  );
  if (played.code !== 0) throw new Error(`the copy of the machine failed: ${played.stderr}`);
  const steps = commands.flatMap(({ line, code }, number) => {
    const read = (kind: string) => readIfThere(join(home, `${number}.${kind}`));
    const ended = read("code");
    if (ended === null) return [];
    return [
      { line, expected: code, code: Number(ended), stdout: read("out") ?? "", stderr: read("err") ?? "" },
    ];
  });
  rmSync(join(home, "layers"), { recursive: true, force: true });
  return steps;
}

/** No systemd runs in the copy: units are enabled and disabled in its files, none is started. */
function onlyOffline(line: string): string {
  return line.replace(/^(systemctl .*)--now /, "$1");
}

async function tryCopy(): Promise<boolean> {
  if (Bun.which("useradd") === null || Bun.which("systemctl") === null) return false;
  const shared = mkdtempSync(join(tmpdir(), "machine-"));
  try {
    const steps = await runOnCopy([{ line: "true", asRoot: true, code: 0 }], { shared, files: {} });
    return steps.length === 1;
  } catch {
    return false;
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
