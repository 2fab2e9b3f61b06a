// What every measure gets, and what it gives back.

export type Bench = {
  /** Fewer rounds and smaller lists, to see that everything works. */
  quick: boolean;
  /** A copy of the compiled binary: a build meanwhile changes nothing. */
  binary: string;
  /** A program that does nothing, compiled with the same flags. */
  empty: string;
  /** The program of bare.ts, compiled with the same flags. */
  bare: string;
  /** An empty directory for each name, below one that goes in the end. */
  directory(name: string): string;
  /** Progress, for whoever waits. */
  say(text: string): void;
};

export type Row = readonly string[];

/** One table, and what must be known to read it. */
export type Finding = { caption: string; columns: readonly string[]; rows: readonly Row[]; note?: string };

export type Measure = (bench: Bench) => Promise<readonly Finding[]>;
