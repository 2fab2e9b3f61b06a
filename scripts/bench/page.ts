// docs/benchmark.md: prose written by hand, and between markers what was measured last.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";

const PAGE = join(import.meta.dir, "../../docs/benchmark.md");

/** Replaces what is between the markers of this name. */
export function replaceOnPage(name: string, text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [open, close] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close);
  if (from < 0 || to < from) throw new Error(`${PAGE} has no place for ${name}`);
  writeFileSync(PAGE, `${page.slice(0, from + open.length)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}
