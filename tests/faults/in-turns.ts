/**
 * Does something for each of many, three at a time: two runs on the processors while a third waits. Keeps their order.
 */
export async function inTurns<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = all.entries();
  const work = async () => {
    for (const [index, one] of queue) results[index] = await act(one);
  };
  await Promise.all([work(), work(), work()]);
  return results;
}
