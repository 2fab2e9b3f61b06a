// What each alias of a YAML tree stands for, found in one pass over the document, and what is wrong with its aliases and
// keys. The parser's own checks take quadratic time for both, or give no place.

import { isAlias, isMap, isNode, isPair, isSeq, type Node, type Pair } from "yaml";
import { isKnownKey } from "./known-keys.ts";
import { isMergeKey, keyText, startOf } from "./yaml-nodes.ts";

export type TreeProblem = { offset: number; message: string; hint?: string };

/** An alias may stand for this many values, itself containing aliases; more is an alias bomb. */
const MAX_ALIAS_VALUES = 100_000;

export type Links = { targets: Map<Node, Node>; problems: TreeProblem[] };

/** Follows every alias; an alias with a problem has no target. */
export function linkTree(root: Node): Links {
  const links: Links = { targets: new Map(), problems: [] };
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  const weights = new Map<Node, number>();

  const weighAlias = (alias: Node, anchor: string): number => {
    const target = anchors.get(anchor);
    const weight = target === undefined ? 1 : (weights.get(target) ?? 1);
    const problem = aliasProblem({ target, weight, open });
    if (problem !== null) links.problems.push({ offset: startOf(alias), message: problem });
    if (problem !== null || target === undefined) return 1;
    links.targets.set(alias, target);
    return weight;
  };

  const weigh = (node: Node): number => {
    if (isAlias(node)) return weighAlias(node, node.source);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    open.add(node);
    let weight = 1;
    for (const child of childrenOf(node)) weight += weigh(child);
    open.delete(node);
    weights.set(node, weight);
    if (isMap(node)) links.problems = links.problems.concat(keyProblems(node.items, links));
    return weight;
  };

  weigh(root);
  return links;
}

function aliasProblem(alias: {
  target: Node | undefined;
  weight: number;
  open: ReadonlySet<Node>;
}): string | null {
  if (alias.target === undefined) return "this alias (`*…`) has no anchor (`&…`) before it";
  if (alias.open.has(alias.target)) return "this alias (`*…`) contains itself";
  if (alias.weight <= MAX_ALIAS_VALUES) return null;
  return `this alias (\`*…\`) stands for more than ${MAX_ALIAS_VALUES} values`;
}

function childrenOf(node: Node): Node[] {
  if (isSeq(node)) return node.items.flatMap((item) => (isPair(item) ? pairNodes(item) : nodesOf(item)));
  if (isMap(node)) return node.items.flatMap(pairNodes);
  return [];
}

function pairNodes(pair: Pair): Node[] {
  return [...nodesOf(pair.key), ...nodesOf(pair.value)];
}

function nodesOf(value: unknown): Node[] {
  return isNode(value) ? [value] : [];
}

function keyProblems(pairs: readonly Pair[], { targets }: Links): TreeProblem[] {
  const seen = new Set<string>();
  return pairs.flatMap(({ key, value }) => {
    const offset = isNode(key) ? startOf(key) : 0;
    if (isMergeKey(key)) return mergesMaps(value, targets) ? [] : [{ offset, message: "`<<` needs a map" }];
    const text = keyText(key);
    if (text === null) return [{ offset, message: "a key must be plain text" }];
    const isNew = !seen.has(text);
    seen.add(text);
    if (isNew) return [];
    return [{ offset, message: `${isKnownKey(text) ? `the key ${text}` : "this key"} is there twice` }];
  });
}

function mergesMaps(value: unknown, targets: ReadonlyMap<Node, Node>): boolean {
  if (!isNode(value)) return false;
  const target = targets.get(value) ?? value;
  if (isSeq(target)) return target.items.every((item) => isNode(item) && isMap(targets.get(item) ?? item));
  return isMap(target);
}
