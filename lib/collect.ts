// When a long list is read, what is read and done with is garbage at once. Left to itself the collector lets the heap
// grow to twice its size before it looks, so it is called along the way: often for what is young, which is cheap, and
// now and then for the whole heap. `Bun.gc` would also hand pages of memory back to the kernel each time, only to take
// them again for the next rows: twice the time for a full collection.

import { edenGC, fullGC } from "bun:jsc";

/** After how much work the young objects, and the whole heap, are collected; in any unit, such as rows or bytes. */
export type Pace = { young: number; full: number };

/** @returns to be called with how much was done since the last call */
export function createCollector({ young, full }: Pace): (done: number) => void {
  let sinceYoung = 0;
  let sinceFull = 0;
  return (done) => {
    sinceYoung += done;
    sinceFull += done;
    if (sinceFull >= full) {
      fullGC();
      sinceFull = 0;
      sinceYoung = 0;
    } else if (sinceYoung >= young) {
      edenGC();
      sinceYoung = 0;
    }
  };
}
