// The history of a run in one output directory. If it cannot be written, that is one notice of the run, however many of
// its offerings share the directory.

import { type History, openHistory } from "../history/writer.ts";
import type { Output } from "../output/directory.ts";
import type { Ledger } from "../report/ledger.ts";
import { addNotice, type Job } from "./job.ts";

const reported = new WeakSet<Ledger>();

export function historyOf(job: Job, { directory, mode, now }: Output): History {
  return openHistory({
    directory,
    writer: mode,
    now,
    onFailure(failure) {
      if (reported.has(job.ledger)) return;
      reported.add(job.ledger);
      addNotice(job, { code: "history-unwritable", ...failure });
    },
  });
}
