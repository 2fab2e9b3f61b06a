// Reading an answer's body with a cap on its decoded size, and watching that a request keeps moving.

import { AnswerError } from "../errors.ts";

/** 300 times what 14 valid rows take; parsed, the worst text of this size is 70 MB of memory. */
export const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

/** An answer that is more than is read. Of a list, fewer rows at once may be read all the same. */
export class TooLarge extends AnswerError {
  /** Goes on after what is too large: `is larger than 4 MiB`. */
  readonly what: string;

  constructor(what: string, asked?: string) {
    super(`${asked === undefined ? "" : `${asked}: `}an answer ${what}`, {
      code: "too-large",
      hint: "Waldur does not answer like that: check waldur_api_url, and what is in front of Waldur",
    });
    this.what = what;
  }
}

/** Ends a request that receives no data for too long or takes too long as a whole. */
export type Watch = {
  signal: AbortSignal;
  /** Call when data arrives. */
  progress(): void;
  /** Why the watch ended the request, if it did. */
  reason(): Error | null;
  end(): void;
};

const WHOLE_PER_SILENCE = 4;

/** The server sent nothing for `silenceMs`, or had not finished after four times that. */
export class TimeoutError extends Error {}

/** Starts watching; `signals` end the request too, with their own reason. */
export function watchProgress(silenceMs: number, signals: readonly AbortSignal[]): Watch {
  const controller = new AbortController();
  let reason: Error | null = null;
  const stop = (error: Error) => {
    reason ??= error;
    controller.abort(error);
  };
  const startedAt = performance.now();
  let movedAt = startedAt;
  const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
  const check = () => {
    const now = performance.now();
    if (now - startedAt >= silenceMs * WHOLE_PER_SILENCE)
      return stop(new TimeoutError(`no complete answer within ${seconds(silenceMs * WHOLE_PER_SILENCE)}`));
    const quietMs = now - movedAt;
    if (quietMs >= silenceMs) return stop(new TimeoutError(`no data received for ${seconds(silenceMs)}`));
    timer = setTimeout(
      check,
      Math.min(silenceMs - quietMs, silenceMs * WHOLE_PER_SILENCE - (now - startedAt)) + 1,
    );
  };
  let timer = setTimeout(check, silenceMs);
  const aborts = signals.map((signal) => ({ signal, abort: () => stop(signal.reason) }));
  for (const { signal, abort } of aborts) {
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }
  return {
    signal: controller.signal,
    progress: () => {
      movedAt = performance.now();
    },
    reason: () => reason,
    end: () => {
      clearTimeout(timer);
      for (const { signal, abort } of aborts) signal.removeEventListener("abort", abort);
    },
  };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The whole body as text. Throws `TooLarge` beyond `limitBytes` of decoded bytes, `AnswerError` when it is not UTF-8,
 * and what zlib throws for an invalid gzip body.
 */
export async function readBody(
  { body, headers }: Pick<Response, "body" | "headers">,
  limitBytes: number,
  watch: Watch,
): Promise<string> {
  const encoding = headers.get("content-encoding") ?? "identity";
  const bytes = await readBytes(body, limitBytes, watch);
  if (encoding === "identity" || bytes.length === 0) return decodeUtf8(bytes);
  if (encoding !== "gzip") throw new AnswerError("an answer has a content encoding that was not requested");
  return decodeUtf8(await unzip(bytes, limitBytes));
}

async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
  watch: Watch,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    watch.progress();
    size += value.byteLength;
    if (size > limitBytes) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(limitBytes);
    }
    chunks.push(value);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const MIB = 1024 * 1024;

function tooLarge(limitBytes: number): TooLarge {
  const inMib = limitBytes / MIB;
  return new TooLarge(
    `is larger than ${Number.isInteger(inMib) ? `${inMib} MiB` : `${Math.round(limitBytes / 1024)} KiB`}`,
  );
}

async function unzip(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  const { gunzipSync } = await import("node:zlib");
  try {
    return gunzipSync(bytes, { maxOutputLength: limitBytes });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(limitBytes);
    }
    throw error;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new AnswerError("an answer is not UTF-8 text", { cause });
  }
}
