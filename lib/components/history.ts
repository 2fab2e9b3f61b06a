// What the command sends is recorded in the history of the output directory, where a run of that user was before: the
// command itself makes no directory, and that it cannot record is a notice, which changes nothing else.

import type { OfferingConfig } from "../config/config.ts";
import { AppError } from "../errors.ts";
import { type History, openHistory } from "../history/writer.ts";
import { openStateThatIs } from "../output/directory.ts";
import { underLock } from "../output/lock.ts";
import type { TouchLimits } from "../places/answers.ts";
import { outputPlace } from "../run/place.ts";
import type { ReportedProblem } from "./report.ts";

export type Post = History["post"];

/** Histories of the directories that something is sent for, each opened once. */
export type Histories = {
  /** Records what it sends, if it can. */
  postFor(offering: OfferingConfig): Promise<Post>;
  close(): void;
};

type Opened = { post: Post; close: () => void };

const NOWHERE: Opened = { post: (_, send) => send(), close: () => undefined };

/** @param notice called once at most for each directory */
export function createHistories(limits: TouchLimits, notice: (found: ReportedProblem) => void): Histories {
  const opened = new Map<string, Opened>();
  const open = async ({ uuid, settings }: OfferingConfig): Promise<Opened> => {
    const onFailure = ({ message, hint }: { message: string; hint: string | undefined }) =>
      notice({ code: "history-unwritable", message, offering: uuid, ...(hint !== undefined && { hint }) });
    try {
      await outputPlace(settings.outputDirectory, limits).look();
      return openIn(settings, onFailure);
    } catch (error) {
      // A command that is over reports that, and sends nothing.
      limits.signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      onFailure({ message: `requests are not recorded: ${error.message}`, hint: error.hint });
      return NOWHERE;
    }
  };
  return {
    async postFor(offering) {
      const { outputDirectory: directory } = offering.settings;
      const known = opened.get(directory) ?? (await open(offering));
      opened.set(directory, known);
      return known.post;
    },
    close() {
      for (const { close } of opened.values()) close();
    },
  };
}

function openIn(
  { outputDirectory, requireMount, allowSharedDirectory }: OfferingConfig["settings"],
  onFailure: (failure: { message: string; hint: string }) => void,
): Opened {
  const place = openStateThatIs({
    directory: outputDirectory,
    requireMount,
    allowShared: allowSharedDirectory,
  });
  if (place === null) return NOWHERE;
  const { post, close } = openHistory({
    directory: place.directory,
    writer: "components",
    now: () => new Date(),
    alone: (act) => underLock(place, "components", act),
    onFailure,
  });
  return {
    post,
    close() {
      close();
      place.close();
    },
  };
}
