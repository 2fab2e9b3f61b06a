// Faults that are switched on and off while a simulated Waldur serves, by a path of its own beside the API: GET lists
// them, POST replaces those that are on by the names in its body, none switching all off. For rehearsals; tests call
// the simulator itself.

import { FAULTS } from "./faults.ts";

export const CONTROL_PATH = "/faults";

export type Control = {
  faults(): readonly string[];
  /** Throws an `Error` that lists the names when one is unknown. */
  setFaults(names: readonly string[]): void;
};

/** The answer to a request of that path; null for every other. */
export async function answerControl(request: Request, control: Control): Promise<Response | null> {
  if (new URL(request.url).pathname !== CONTROL_PATH) return null;
  if (request.method !== "POST") return text(200, `${shownOf(control)}${knownFaults()}`);
  try {
    control.setFaults((await request.text()).split(/\s+/).filter((name) => name !== ""));
    return text(200, shownOf(control));
  } catch (error) {
    return text(400, `${error instanceof Error ? error.message : error}\n`);
  }
}

function shownOf(control: Control): string {
  const names = control.faults();
  return names.length === 0 ? "no fault is on\n" : `on: ${names.join(" ")}\n`;
}

function knownFaults(): string {
  const lines = Object.entries(FAULTS).map(([name, { summary }]) => `  ${name.padEnd(26)}${summary}\n`);
  return `known, beside any status such as 503; NAME@TEXT*N is for N requests with TEXT in their path:\n${lines.join("")}`;
}

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}
