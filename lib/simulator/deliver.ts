// From an answer to bytes on the wire, whole or spoilt. Bun closes the connection when a body's stream fails; failing
// it with `undefined` keeps Bun from printing anything. A body that is cut this way is a chunked one that never ends:
// Bun gives no way to promise a Content-Length and then break it.

import type { Answer } from "./answers.ts";

const DRIP_MS = 40;

export type DeliverOptions = {
  /** The client takes gzip and we give it. */
  gzip: boolean;
  /** Settles when the simulator stops, and with it every request that hangs. */
  stopped: Promise<void>;
};

export async function deliver(answer: Answer, options: DeliverOptions): Promise<Response> {
  switch (answer.delivery) {
    case "hang":
      await options.stopped;
      return dropped();
    case "drop":
      return dropped();
    case "cut":
      return respond(answer, half(answer.body));
    case "drip":
      return respond(answer, drip(answer.body, options.stopped));
    case "gzip-cut": {
      const bytes = Bun.gzipSync(answer.body);
      return respond(gzipped(answer), bytes.slice(0, Math.ceil(bytes.length / 2)));
    }
    default:
      return options.gzip && answer.body !== ""
        ? respond(gzipped(answer), Bun.gzipSync(answer.body))
        : respond(answer, answer.body);
  }
}

function respond(
  { status, headers }: Answer,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

function gzipped(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, "Content-Encoding": "gzip" } };
}

function dropped(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error(undefined) }));
}

function half(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent) controller.enqueue(bytes.slice(0, Math.ceil(bytes.length / 2)));
      else {
        await Bun.sleep(1);
        controller.error(undefined);
      }
      sent = true;
    },
  });
}

function drip(body: string, stopped: Promise<void>): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      await Promise.race([Bun.sleep(DRIP_MS), stopped]);
      if (next >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(next, ++next));
    },
  });
}
