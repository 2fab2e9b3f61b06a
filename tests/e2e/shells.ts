// Real shells, asked what they would complete: bash by calling the function that it has registered, as bash itself
// does; zsh on a terminal, where TAB is pressed and what its completion system is given is written down.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { runCommand } from "../stage.ts";
import { until } from "./program.ts";

/** Sets what bash sets before it calls the function. */
const BASH = `
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(( $# - 1 ))
registered=$(complete -p waldur-cscs-storage)
called=\${registered#complete -F }
"\${called%% *}" waldur-cscs-storage "$2" "$3"
(( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** What bash offers after these words, of which the last is the one under the cursor. */
export async function offeredByBash(
  script: string,
  cwd: string,
  words: readonly string[],
): Promise<string[]> {
  const command = ["bash", "--norc", "-c", BASH, "bash", script, "waldur-cscs-storage", ...words];
  const { code, stdout, stderr } = await runCommand(command, { cwd });
  if (code !== 0 || stderr !== "") throw new Error(`bash ended with ${code}: ${stderr}`);
  return linesOf(stdout);
}

/** Every match is written down on its way to the list; calls that only compare matches are none. */
const ZSH = `
PROMPT=
unsetopt auto_list list_ambiguous
[[ $SCRIPT == */_* ]] && fpath=($SCRIPT:h $fpath)
autoload -Uz compinit
compinit -u -D
[[ $SCRIPT == */_* ]] || source "$SCRIPT"
compadd() {
  if [[ $@[1,(i)(-|--)] == *-(O|A|D)\\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- "$hits[@]" >>$OFFERED
  builtin compadd "$@"
}
# It is forgotten after each completion.
finish() { print -r -- done >>$FINISHED; comppostfuncs=(finish) }
comppostfuncs=(finish)
zle -C offer complete-word _main_complete
bindkey '^I' offer
bindkey '^U' kill-whole-line
print -r -- ready >>$FINISHED
`;

export type Zsh = {
  /** What is offered at the end of the line. */
  offered(line: string): Promise<string[]>;
  close(): Promise<void>;
};

/** An interactive zsh. A script whose name begins with an underscore it has to find by itself, another one is read. */
export async function openZsh(
  script: string,
  { cwd, scratch }: { cwd: string; scratch: string },
): Promise<Zsh> {
  const inside = join(scratch, "zsh-inside");
  const offered = join(scratch, "zsh-offered");
  const finished = join(scratch, "zsh-finished");
  rmSync(finished, { force: true });
  writeFileSync(inside, ZSH);
  const child = Bun.spawn(["zsh", "-f", "-i"], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH ?? "", HOME: cwd, TERM: "dumb" },
      ...{ SCRIPT: script, OFFERED: offered, FINISHED: finished },
    },
    terminal: { cols: 200, rows: 50, data: () => undefined },
  });
  const type = (keys: string) => child.terminal?.write(keys);
  const read = (path: string) => (existsSync(path) ? linesOf(readFileSync(path, "utf8")) : []);
  type(`source ${inside}\n`);
  await until(() => read(finished).includes("ready"));
  return {
    async offered(line) {
      rmSync(offered, { force: true });
      const before = read(finished).length;
      type(`\x15waldur-cscs-storage ${line}\t`);
      await until(() => read(finished).length > before);
      return [...new Set(read(offered))];
    },
    async close() {
      child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
    },
  };
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
