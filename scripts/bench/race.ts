// Contestants run one after the other, round after round, so that whatever else the machine does hits all of them
// alike. The least time is what a thing costs; the median shows how quiet the machine was.

export type Timing = { min: number; median: number };

/** Each contestant runs once and returns its milliseconds. Returns how to look a timing up by name. */
export async function race<Name extends string>(
  contestants: Readonly<Record<Name, () => number | Promise<number>>>,
  rounds: number,
): Promise<(name: Name) => Timing> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries<() => number | Promise<number>>(contestants))
      times.set(name, [...(times.get(name) ?? []), await run()]);
  }
  return (name) => timingOf(times.get(name) ?? []);
}

/** Of at least one value. */
export function timingOf(values: readonly number[]): Timing {
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? Number.NaN, median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN };
}
