// When a long list is read, what is read and done with is garbage at once. Left to itself the collector lets the heap
// grow to twice its size before it looks, so it is called along the way: for what is young after each bit of work,
// which is cheap, and for the whole heap when it has grown. `Bun.gc` would also hand pages of memory back to the kernel
// each time, only to take them again for the next rows: twice the time for a full collection.

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
