// While a long list is read, most of what was read is soon garbage. By itself the collector waits until the heap has
// twice its size, so it is called along the way: for young objects after each bit of work, and for the whole heap when
// it has grown. A sync of 100 000 resources then has a peak of 126 MB instead of 168, and takes 2.0 s instead of 1.8.
// `Bun.gc` would also return memory to the kernel each time, which doubles the time of a full collection.

import { edenGC, fullGC, heapSize } from "bun:jsc";

/** By how much the heap may grow, in bytes, before it is collected as a whole. */
const GROWTH = 8 * 1024 * 1024;

/**
 * @param young after how much work the young objects are collected; in any unit, such as rows or bytes
 * @returns to be called with how much was done since the last call
 */
export function createCollector(young: number): (done: number) => void {
  let sinceYoung = 0;
  let lastFull: number | null = null;
  return (done) => {
    sinceYoung += done;
    if (sinceYoung < young) return;
    edenGC();
    sinceYoung = 0;
    lastFull ??= heapSize();
    if (heapSize() <= lastFull + GROWTH) return;
    fullGC();
    lastFull = heapSize();
  };
}
