// What is wrong with a value, and what to do. Never repeats the value: it may be a secret in the wrong place.

export type Problem = { problem: string; hint?: string };

/** What is wrong with a text, or null. */
export type Check = (text: string) => Problem | null;

/** The one message that a schema can carry: the problem in its first line, the hint in the second. */
export function say({ problem, hint }: Problem): string {
  return hint === undefined ? problem : `${problem}\n${hint}`;
}

export function unsay(message: string): Problem {
  const [problem = "", hint] = message.split("\n", 2);
  return { problem, ...(hint !== undefined && { hint }) };
}
