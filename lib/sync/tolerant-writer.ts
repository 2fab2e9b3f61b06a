// Writing the memory of rows: a disk that does not take it costs the next run a full reading, and this run nothing.

import { OutputError } from "../errors.ts";
import { createMemoryWriter, type MemorySubject, type MemoryWriter } from "../memory/file.ts";
import type { Temporary } from "../output/durable.ts";
import type { Job } from "../run/job.ts";

/** @param createFile null where nothing may be written */
export function createTolerantWriter(
  job: Job,
  subject: MemorySubject,
  createFile: (() => Temporary) | null,
): MemoryWriter {
  let writer: MemoryWriter | null = null;
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      writer?.discard();
      writer = null;
      job.log.info(`the row cache cannot be written: ${error.message}`, {
        offering: job.config.uuid,
      });
    }
  };
  return {
    restart() {
      attempt(() => {
        if (writer !== null) writer.restart();
        else if (createFile !== null) writer = createMemoryWriter(createFile(), subject);
      });
    },
    add: (rows, pageSize) => attempt(() => writer?.add(rows, pageSize)),
    publish: (now) => attempt(() => writer?.publish(now)),
    discard: () => writer?.discard(),
  };
}
