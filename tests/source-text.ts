// The program's own source, read by tests that hold it to rules the compiler does not know.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "pathe";

const root = resolve(import.meta.dir, "..");

/** Files below a directory of the project, by their path in it. */
export function filesIn(directory: string, ending: RegExp = /\.ts$/): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** Without lines that are comments. */
export function codeIn(source: string): string {
  return source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
}

/** What a file of source imports; `isType` where nothing of it is there at run time. */
export type Imported = { path: string; isType: boolean };

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** What stands before the path of an import, of values and of types; the transpiler leaves out the latter. */
const MENTIONED = /\b(?:from|import|require)(?:\s|\(|\/\*.*?\*\/)*(["'`])([^"'`\n]+)\1/g;

export function importsIn(source: string): Imported[] {
  const values = new Set(transpiler.scanImports(source).map(({ path }) => path));
  const mentioned = [...codeIn(source).matchAll(MENTIONED)].map(([, , path = ""]) => path);
  return [...new Set([...values, ...mentioned])].map((path) => ({ path, isType: !values.has(path) }));
}

/** How a file reaches the process, its environment, or what the runtime calls unsafe; in the words of the code. */
export function processUsesIn(source: string): string[] {
  const code = codeIn(source);
  const members = code.matchAll(/(?<![.\w$-])process\s*(?:\?\.|\.)\s*([a-zA-Z]\w*)/g);
  const runtime = code.matchAll(/\bBun\s*(?:\?\.|\.)\s*(env|argv|unsafe)\b/g);
  const whole = [
    /\bprocess\s*\[/,
    /[=(,:]\s*process\s*[;,)}\n]/,
    /\b(?:globalThis|global|self)\s*(?:\?\.|\.)\s*(?:process|Bun)\b/,
    /(?:globalThis|global|self)\s*\[/,
    /["'`](?:node:)?process["'`]/,
    /\bBun\s*\[/,
    /[=(,:]\s*Bun\s*[;,)}\n]/,
    /\bfrom\s*["']bun["']/,
    /import\.meta\.env\b/,
  ].flatMap((pattern) => pattern.exec(code)?.[0].trim() ?? []);
  return [
    ...new Set([
      ...[...members].map(([, name]) => `process.${name}`),
      ...[...runtime].map(([, name]) => `Bun.${name}`),
      ...whole,
    ]),
  ].toSorted();
}
