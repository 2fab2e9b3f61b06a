// A server between the program and the simulated Waldur: it gives smaller pages than are asked for, or changes the text
// of an answer on its way.

import { afterEach } from "bun:test";
import { configText, type Stage, type StageOptions } from "../stage.ts";
import { open } from "./sync-stage.ts";

export type Edits = {
  /** Most rows that a page has. */
  clamp?: number;
  /** The text of an answer as the program gets it. */
  edit?: (text: string, url: URL) => string;
};

const servers: { stop(force: boolean): unknown }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(true)));
});

/** A stage whose program talks to the simulated Waldur through such a server; `edits` may change between runs. */
export function openEdited(options: StageOptions, edits: Edits): Promise<Stage> {
  return open({
    ...options,
    config: (place) => configText({ ...place, url: serve(new URL(place.url), edits) }),
  });
}

function serve(waldur: URL, edits: Edits): string {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const url = new URL(request.url);
      const { clamp, edit } = edits;
      if (clamp !== undefined && Number(url.searchParams.get("page_size")) > clamp)
        url.searchParams.set("page_size", String(clamp));
      const { method, headers } = request;
      const answer = await fetch(new URL(`${url.pathname}${url.search}`, waldur), { method, headers });
      const kept = new Headers(answer.headers);
      for (const name of ["content-encoding", "content-length", "link"]) kept.delete(name);
      const text = await answer.text();
      return new Response(edit?.(text, url) ?? text, { status: answer.status, headers: kept });
    },
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}${waldur.pathname}`;
}
