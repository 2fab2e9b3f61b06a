// From the text of an answer to what it says: JSON of a size and a depth that can be worked with, or an error.

import { AnswerError, type AppError } from "../errors.ts";
import { TooLarge } from "./body.ts";
import { isDeeper, MOST_BRACKETS, MOST_LEVELS, opensMore } from "./depth.ts";
import { byWhom, type ExchangeName } from "./exchange-name.ts";
import { oneLine } from "./status-errors.ts";

export type Answer = {
  body: unknown;
  /** `X-Result-Count`: rows of the whole list; null when the header is missing or no number. */
  count: number | null;
  /** Characters of the text. */
  length: number;
};

export type Received = { status: number; headers: Headers; text: string };

/** A failure that may pass with another attempt, and how long the server asked us to wait. */
export type Failed = { failure: AppError; retryAfterMs: number | null };

/** @throws TooLarge, and AnswerError for what is not JSON at all */
export function parseAnswer(received: Received, exchange: ExchangeName): Answer | Failed {
  const type = received.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) throw notJson(received.text, type, exchange);
  const asked = `${exchange.method} ${exchange.shown}`;
  if (opensMore(received.text, MOST_BRACKETS))
    throw new TooLarge(`has more than ${MOST_BRACKETS} objects and lists`, asked);
  try {
    const count = received.headers.get("x-result-count");
    const body: unknown = JSON.parse(received.text);
    if (isDeeper(body, MOST_LEVELS))
      throw new TooLarge(`is nested more than ${MOST_LEVELS} levels deep`, asked);
    return {
      body,
      length: received.text.length,
      count: count !== null && /^\d{1,15}$/.test(count) ? Number(count) : null,
    };
  } catch (error) {
    if (error instanceof TooLarge) throw error;
    // The parser's own message quotes the body, so it is not kept as a cause.
    const what = received.text === "" ? "an empty answer" : "broken JSON";
    const failure = new AnswerError(
      `${exchange.method} ${exchange.shown} was answered with ${what}${byWhom(exchange)}`,
      {
        hint: `a proxy between here and ${exchange.peer?.name ?? "Waldur"} may truncate answers; check its log`,
      },
    );
    return { failure, retryAfterMs: null };
  }
}

function notJson(text: string, type: string, exchange: ExchangeName): AnswerError {
  const title = /<title[^>]*>\s*([^<]{1,80})/i.exec(text)?.[1]?.trim();
  const what =
    type === "" ? "an answer without a content type" : type.replace(/[^\x20-\x7e]/g, "?").slice(0, 60);
  const shown = title === undefined ? "" : ` (a page titled ${JSON.stringify(oneLine(title))})`;
  const asked = `${exchange.method} ${exchange.shown}`;
  return new AnswerError(`${asked} was answered with ${what} instead of JSON${shown}${byWhom(exchange)}`, {
    hint: `is ${exchange.peer?.urlKey ?? "waldur_api_url"} right, and is a login page or a maintenance page in front of ${exchange.peer?.name ?? "Waldur"}?`,
  });
}
