// The configuration file as values, and the position of each of them.

import type { Path, Places } from "./map.ts";
import { quickValues } from "./quick.ts";

export type Document = {
  /** null for an empty file. */
  root: unknown;
  isAnchored(path: Path): boolean;
  places(): Promise<Places>;
};

/** Reads the text; throws ConfigError with every syntax problem. `isNamed` says which keys a message may repeat. */
export async function openDocument(
  text: string,
  file: string,
  isNamed: (key: string) => boolean,
): Promise<Document> {
  const parse = async () => (await import("./parse.ts")).parseYaml(text, file, isNamed);
  const root = quickValues(text);
  // Such a file has no anchors.
  if (root !== undefined) return { root, isAnchored: () => false, places: parse };
  const parsed = await parse();
  const isAnchored = (path: Path) => parsed.placeOf(path).isAnchored;
  return { root: parsed.root, isAnchored, places: async () => parsed };
}
