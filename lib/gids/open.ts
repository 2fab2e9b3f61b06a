// Opens the source that the configuration names, with what earlier runs know of it.

import type { LiveGidSource } from "../config/config.ts";
import { readGidMemory } from "../output/gid-memory.ts";
import type { Reader } from "../waldur/client.ts";
import type { RequestLimits } from "../waldur/send.ts";
import { type GidBook, openBook } from "./book.ts";
import type { ConnectTo } from "./http.ts";
import type { GidSource } from "./source.ts";

export type Asking = {
  source: LiveGidSource;
  offering: string;
  /** The output directory, whose state says what was known. */
  directory: string;
  reader: Reader;
  limits: RequestLimits;
  connect: ConnectTo;
};

export type OpenBook = { book: GidBook; id: string };

export async function openGids(asking: Asking): Promise<OpenBook> {
  const source = await sourceOf(asking);
  const { id } = source;
  return { id, book: openBook(source, readGidMemory(asking.directory, { offering: asking.offering, id })) };
}

/** Each is loaded only where it is used. */
async function sourceOf({ source, offering, reader, limits, connect }: Asking): Promise<GidSource> {
  switch (source.kind) {
    case "waldur":
      return (await import("./waldur.ts")).waldurSource(reader, offering);
    case "getent": {
      const { silenceMs: timeoutMs, signal } = limits;
      return (await import("./getent.ts")).getentSource(source.template, { timeoutMs, signal });
    }
    case "http":
      return (await import("./http.ts")).httpSource(source, connect, limits);
  }
}
