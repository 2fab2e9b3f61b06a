// A page of the documentation as tests read it: what it shows is run, and its tables are compared with the code.

import { readFileSync } from "node:fs";
import { join, resolve } from "pathe";

export const ROOT = resolve(import.meta.dir, "..");

/** A command of a `console` block. `#` before it means root, as in a manual. */
export type ShownCommand = {
  line: string;
  asRoot: boolean;
  /** What it ends with; other than 0 where a comment behind it says `# ends with N …`. */
  code: number;
};

export type Page = ReturnType<typeof readPage>;

export function readPage(path: string) {
  const text = readFileSync(join(ROOT, path), "utf8");
  /** The fenced blocks of a language. */
  const blocks = (language: string): string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
      ([, body = ""]) => body,
    );
  return {
    path,
    text,
    blocks,
    /** Rows of the first table below a line of text, as cells without back-quotes. */
    table: (above: string) => rowsBelow(text, above),
    /** Without those that are part of an output, with `DIR` for a directory. */
    commands: () =>
      blocks("console")
        .flatMap(commandsIn)
        .filter(({ line }) => !line.includes("DIR/")),
  };
}

function rowsBelow(text: string, above: string): string[][] {
  const [, section = ""] = text.split(`${above}\n`);
  const lines = section.split("\n");
  const start = lines.findIndex((line) => line.startsWith("| "));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").replaceAll("\\|", "|").trim()),
  );
}

/** Lines that begin with `$ ` or `# `, with those that are indented by four below them. Other lines are output. */
function commandsIn(block: string): ShownCommand[] {
  return [...block.matchAll(/^([$#]) (.*(?:\n {4,}.*)*)$/gm)].map(([, sign, shown = ""]) => {
    const [, line = "", code = "0"] = /^([\s\S]*?)(?: +# ends with (\d+).*)?$/.exec(shown) ?? [];
    return { line, asRoot: sign === "#", code: Number(code) };
  });
}
