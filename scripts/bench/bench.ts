// What every measure gets, and what it gives back.

import type { Finding } from "./table.ts";

export type Bench = {
  /** Fewer rounds and smaller lists, to see that everything works. */
  quick: boolean;
  /** A copy of the compiled binary: a build meanwhile changes nothing. */
  binary: string;
  /** A program that does nothing, compiled with the same flags. */
  empty: string;
  /** The program of bare.ts, compiled with the same flags. */
  bare: string;
  /** A new directory, below one that goes in the end. */
  directory(): string;
  /** Shows progress. */
  say(text: string): void;
};

export type Measure = (bench: Bench) => Promise<readonly Finding[]>;
