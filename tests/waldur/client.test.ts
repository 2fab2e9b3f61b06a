// The client over real HTTP: what is tried again and what is not, when it gives up, and what it says.

import { describe, expect, test } from "bun:test";
import { type ExitCode, InterruptedError, RetryLaterError } from "../../lib/errors.ts";
import { clientFor, failureOf, TOKEN, use, wordsOf } from "./connection.ts";
import { answer, head, json, type RawServer, type Script, startMute, startRaw } from "./raw-server.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const HTML_TYPE = { "Content-Type": "text/html" };
const MIB = 1024 * 1024;

const always =
  (bytes: string | Uint8Array): Script =>
  (_request, wire) =>
    wire.end(bytes);

/** A message without the server and the number of tries, which every one has. */
const bare = (message: string) =>
  message.replace(/ by http:\/\/127\.0\.0\.1:\d+/, "").replace(/ after \d tries/, "");

/** Ways an answer can fail that another attempt may heal, and the class and words they end with. */
const HEALABLE: readonly [name: string, script: Script, exitCode: ExitCode, words: RegExp][] = [
  ...[500, 502, 503, 504, 599, 408, 425, 429].map((status): [string, Script, ExitCode, RegExp] => [
    `${status}`,
    always(answer(status, HTML_TYPE, "<h1>Sorry</h1>")),
    75,
    new RegExp(`was answered with ${status}$`),
  ]),
  ["a reset connection", (_, wire) => wire.reset(), 75, /connection was closed.*ECONNRESET/],
  ["a connection closed without an answer", (_, wire) => wire.end(), 75, /connection was closed.*ECONNRESET/],
  ["something that is not HTTP", always("SSH-2.0-OpenSSH_9.2\r\n"), 75, /Malformed_HTTP_Response/],
  [
    "contradictory lengths",
    always(`${head(200, JSON_TYPE).trimEnd()}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]`),
    75,
    /InvalidContentLength/,
  ],
  [
    "a body cut short",
    always(answer(200, { ...JSON_TYPE, "Content-Length": "99" }, "[1,2")),
    75,
    /ECONNRESET/,
  ],
  [
    "a chunked body cut short",
    always(`${head(200, { ...JSON_TYPE, "Transfer-Encoding": "chunked" })}4\r\n[1,2\r\n`),
    75,
    /ECONNRESET/,
  ],
  [
    "broken gzip",
    always(answer(200, { ...JSON_TYPE, "Content-Encoding": "gzip" }, "no gzip at all")),
    75,
    /compressed answer was broken/,
  ],
  [
    "gzip cut short",
    always(answer(200, { ...JSON_TYPE, "Content-Encoding": "gzip" }, Bun.gzipSync("[1,2,3]").slice(0, -9))),
    75,
    /compressed answer was cut short/,
  ],
  [
    "half of the JSON, with no length given",
    always(`${head(200, JSON_TYPE)}[1,2`),
    65,
    /was answered with broken JSON$/,
  ],
  [
    "JSON with something behind it",
    always(answer(200, JSON_TYPE, "[1]\0")),
    65,
    /was answered with broken JSON$/,
  ],
  ["an empty body", always(answer(200, JSON_TYPE)), 65, /was answered with an empty answer$/],
];

describe("a GET is tried again", () => {
  test.each(HEALABLE)(
    "after %s, as often as configured and no oftener",
    async (_name, script, exitCode, words) => {
      const server = await use(startRaw(script));
      const client = clientFor(server.url, { retries: 2 });
      const error = await failureOf(client.get("x/"));
      expect(error.exitCode).toBe(exitCode);
      expect(bare(error.message)).toMatch(words);
      expect(error.message).toStartWith("GET x/ ");
      expect(error.hint).toBeString();
      expect(server.requests).toHaveLength(3);
      expect(error.message).toContain(" after 3 tries");
      const retries = client.retries.map(bare);
      expect(retries).toEqual(Array(2).fill(`${bare(error.message)}; trying again in 0.0 s`));
    },
  );

  test.each(HEALABLE)("after %s, and what comes then counts", async (_name, script) => {
    const server = await use(
      startRaw((request, wire, nth) =>
        nth === 0 ? script(request, wire, nth) : wire.end(json([7], { "X-Result-Count": "1" })),
      ),
    );
    expect(await clientFor(server.url).get("x/")).toEqual({ body: [7], count: 1, length: 3 });
    expect(server.requests).toHaveLength(2);
  });

  test("after a refused connection", async () => {
    const server = await startMute();
    await server.stop();
    const client = clientFor(server.url, { retries: 3 });
    const error = await failureOf(client.get("x/"));
    expect(error.message).toBe(
      `GET x/ failed: Waldur is unreachable at ${server.origin} after 4 tries: the connection was refused (ECONNREFUSED)`,
    );
    expect([error.exitCode, error.hint]).toEqual([
      75,
      "nothing was changed; the next run tries again; if this persists, check that Waldur is up, the port in waldur_api_url, and firewalls",
    ]);
    expect(client.retries).toHaveLength(3);
  });

  test("never with --retries 0", async () => {
    const server = await use(startRaw(always(answer(503))));
    await failureOf(clientFor(server.url, { retries: 0 }).get("x/"));
    expect(server.requests).toHaveLength(1);
  });
});

/** Answers that no repetition heals. */
const FINAL: readonly [name: string, bytes: string | Uint8Array, exitCode: ExitCode, words: RegExp][] = [
  ["a page of HTML with 200", answer(200, HTML_TYPE, "<title>Sign in</title>"), 65, /text\/html instead/],
  ["200 without a content type", answer(200, {}, "[]"), 65, /without a content type instead of JSON/],
  ["204", answer(204), 65, /was answered with 204$/],
  ["206", answer(206, JSON_TYPE, "[]"), 65, /was answered with 206$/],
  ["400", answer(400, JSON_TYPE, '{"state":["Bad."]}'), 65, /was answered with 400 \(Bad\.\)$/],
  ["401", answer(401, JSON_TYPE, '{"detail":"Invalid token."}'), 77, /was answered with 401 \(Invalid token/],
  ["403", answer(403, JSON_TYPE, '{"detail":"No."}'), 77, /was answered with 403 \(No\.\)$/],
  [
    "404 in JSON",
    answer(404, JSON_TYPE, '{"detail":"Not found."}'),
    65,
    /it does not exist, or the token has no access/,
  ],
  ["404 in HTML", answer(404, HTML_TYPE, "<h1>Not Found</h1>"), 69, /this server has no such endpoint$/],
  ["405", answer(405, JSON_TYPE, "{}"), 65, /was answered with 405$/],
  ["409", answer(409, JSON_TYPE, "{}"), 65, /was answered with 409$/],
  ["a body that is not UTF-8", answer(200, JSON_TYPE, new Uint8Array([0x22, 0xff, 0x22])), 65, /not UTF-8/],
  [
    "301",
    answer(301, { Location: "https://elsewhere.example/api/" }),
    69,
    /to https:\/\/elsewhere\.example\/api\/$/,
  ],
  ["302 to a path", answer(302, { Location: "/login/?next=/" }), 69, /to \/login\/ of the same server$/],
  ["302 without a host", answer(302, { Location: "//elsewhere.example/x" }), 69, /to elsewhere\.example\/x$/],
  ["302 to nowhere", answer(302), 69, /to nowhere$/],
  ["302 to no web address", answer(302, { Location: "data:text/plain,x" }), 69, /to nowhere$/],
];

describe("a GET is not tried again", () => {
  test.each(FINAL)("after %s", async (_name, bytes, exitCode, words) => {
    const server = await use(startRaw(always(bytes)));
    const error = await failureOf(clientFor(server.url).get("x/"));
    expect(error.exitCode).toBe(exitCode);
    expect(bare(error.message)).toMatch(words);
    expect(error.message).toStartWith("GET x/");
    expect(server.requests).toHaveLength(1);
  });

  test("400, 204 and the like aside, each says what to do", async () => {
    const needsHint = FINAL.filter(([, , exitCode]) => exitCode === 77 || exitCode === 69);
    for (const [, bytes] of needsHint) {
      const server = await use(startRaw(always(bytes)));
      expect((await failureOf(clientFor(server.url).get("x/"))).hint).toMatch(/\w{3}/);
    }
    expect(needsHint).toHaveLength(8);
  });
});

describe("how long a GET waits before the next attempt", () => {
  test.concurrent("anything up to a bound that doubles: with a tenth of it 50, 100 and 200 ms", async () => {
    const server = await use(startRaw(always(answer(503))));
    const client = clientFor(server.url, { retries: 3, random: () => 0.1 });
    await failureOf(client.get("x/"));
    const gaps = server.requests.slice(1).map(({ arrivedAt }, n) => arrivedAt - arrivalOf(server, n));
    expect(gaps.map((gap, n) => gap >= 50 * 2 ** n - 2)).toEqual([true, true, true]);
    expect(client.retries.map((line) => line.slice(-5))).toEqual(["0.1 s", "0.1 s", "0.2 s"]);
  });

  test.concurrent("each wait draws again", async () => {
    const server = await use(startRaw(always(answer(503))));
    const drawn = [0.02, 0.14, 0.01, 0].values();
    const client = clientFor(server.url, { retries: 3, random: () => drawn.next().value ?? 1 });
    await failureOf(client.get("x/"));
    expect(client.retries.map((line) => line.slice(-5))).toEqual(["0.0 s", "0.1 s", "0.0 s"]);
  });

  test.each([
    ["7", "7.0 s"],
    ["0", "1.0 s"],
    ["99999999999999999999", "120.0 s"],
    ["Thu, 01 Jan 2026 00:00:30 GMT", "30.0 s"],
    ["Thu, 01 Jan 1970 00:00:00 GMT", "1.0 s"],
    ["Thu, 01 Jan 2099 00:00:00 GMT", "120.0 s"],
    ["-5", "0.3 s"],
    ["soon", "0.3 s"],
    ["Tue, 116 Feb 2016 99:00:00 GMT", "0.3 s"],
  ])("Retry-After: %s makes it %s", async (header, expected) => {
    const server = await use(startRaw(always(answer(429, { "Retry-After": header }))));
    const over = new AbortController();
    const reason = new InterruptedError("SIGTERM");
    const lines: string[] = [];
    const client = clientFor(server.url, {
      random: () => 0.6,
      now: () => new Date("2026-01-01T00:00:00Z"),
      timeLeftMs: () => 3_600_000,
      signal: over.signal,
      onRetry(message) {
        lines.push(message);
        over.abort(reason);
      },
    });
    expect(await failureOf(client.get("x/"))).toBe(reason);
    const isAsked = expected === "0.3 s" ? "" : ", as requested (Retry-After)";
    expect(lines.map(bare)).toEqual([`GET x/ was answered with 429; trying again in ${expected}${isAsked}`]);
  });

  test.concurrent("Retry-After is kept to", async () => {
    const server = await use(
      startRaw((_, wire, nth) => wire.end(nth === 0 ? answer(503, { "Retry-After": "1" }) : json([]))),
    );
    await clientFor(server.url).get("x/");
    expect(arrivalOf(server, 1) - arrivalOf(server, 0)).toBeGreaterThanOrEqual(995);
  });

  test.each([
    ["a backoff", {}, 1],
    ["a Retry-After", { "Retry-After": "1" }, 0],
    ["an absurd Retry-After", { "Retry-After": "999999999" }, 0],
  ])("%s beyond the time left is not begun", async (_name, headers, random) => {
    const server = await use(startRaw(always(answer(503, headers))));
    const client = clientFor(server.url, { random: () => random, timeLeftMs: () => 499 });
    const error = await failureOf(client.get("x/"));
    expect([error.exitCode, error.code]).toEqual([75, "unavailable"]);
    expect([server.requests.length, client.retries]).toEqual([1, []]);
  });
});

function arrivalOf(server: RawServer, nth: number): number {
  return server.requests[nth]?.arrivedAt ?? Number.NaN;
}

describe("a POST is sent once", () => {
  test.each(HEALABLE.filter(([, , exitCode]) => exitCode === 75))(
    "and after %s its outcome is unknown",
    async (_name, script) => {
      const server = await use(startRaw(script));
      const client = clientFor(server.url);
      const posted = await client.post("x/set_state_done/");
      expect(posted.outcome).toBe("unknown");
      expect(posted.detail).toStartWith("POST x/set_state_done/ ");
      expect([server.requests.length, client.retries]).toEqual([1, []]);
    },
  );

  test("also when the server closes a connection that was kept for reuse", async () => {
    const kept = { Connection: "keep-alive" };
    const server = await use(
      startRaw((request, wire) =>
        request.method === "GET"
          ? wire.send(json([], kept))
          : request.body === ""
            ? wire.end()
            : wire.reset(),
      ),
    );
    const client = clientFor(server.url);
    for (const body of [undefined, { backend_id: "/a" }]) {
      await client.get("x/");
      expect((await client.post("x/", body)).outcome).toBe("unknown");
    }
    expect(server.requests.map(({ method }) => method)).toEqual(["GET", "POST", "GET", "POST"]);
    expect(server.connections()).toBe(2);
  });

  test("after silence its outcome is unknown", async () => {
    const server = await use(startRaw(() => undefined));
    const posted = await clientFor(server.url, { silenceMs: 80 }).post("x/");
    expect(posted).toEqual({
      outcome: "unknown",
      detail: expect.stringContaining("no data received for 0.1 s"),
    });
    expect(server.requests).toHaveLength(1);
  });

  test("an answer that is too large, or no text, leaves the outcome unknown", async () => {
    for (const body of ["x".repeat(MIB + 1), new Uint8Array([0xff])]) {
      const server = await use(startRaw(always(answer(200, JSON_TYPE, body))));
      expect((await clientFor(server.url).post("x/")).outcome).toBe("unknown");
      expect(server.requests).toHaveLength(1);
    }
  });

  test.each([
    [200, "accepted"],
    [201, "accepted"],
    [204, "accepted"],
    [409, "conflict"],
  ] as const)("%d means %s", async (status, outcome) => {
    const server = await use(
      startRaw(always(answer(status, JSON_TYPE, status === 204 ? "" : '{"detail":"x"}'))),
    );
    expect((await clientFor(server.url).post("x/")).outcome).toBe(outcome);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    [400, JSON_TYPE, 65],
    [401, JSON_TYPE, 77],
    [403, JSON_TYPE, 77],
    [404, JSON_TYPE, 65],
    [404, HTML_TYPE, 69],
    [405, JSON_TYPE, 65],
    [302, { Location: "/x" }, 69],
    [307, { Location: "/x" }, 69],
  ] as const)("%d %p is an error", async (status, headers, exitCode) => {
    const server = await use(startRaw(always(answer(status, headers, "{}"))));
    const error = await failureOf(clientFor(server.url).post("x/"));
    expect([error.exitCode, server.requests.length]).toEqual([exitCode, 1]);
  });

  test("carries its body as JSON, and an empty one as nothing", async () => {
    const server = await use(startRaw(always(answer(200, JSON_TYPE, "{}"))));
    const client = clientFor(server.url);
    await client.post("x/", { backend_id: "ä/'b" });
    await client.post("y/");
    const [first, second] = server.requests;
    expect(JSON.parse(Buffer.from(first?.body ?? "", "latin1").toString())).toEqual({ backend_id: "ä/'b" });
    expect(first?.headers.get("content-type")).toBe("application/json");
    expect([second?.target, second?.body]).toEqual(["/api/y/", ""]);
  });

  test("is not begun when the run is over", async () => {
    const server = await use(startRaw(always(answer(200))));
    const reason = new InterruptedError("SIGINT");
    const client = clientFor(server.url, { signal: AbortSignal.abort(reason) });
    expect(await failureOf(client.post("x/"))).toBe(reason);
    expect(server.requests).toHaveLength(0);
  });

  test("is not given up when the run ends meanwhile: its effect must be known", async () => {
    const over = new AbortController();
    const server = await use(
      startRaw((_, wire) => {
        over.abort(new InterruptedError("SIGTERM"));
        setTimeout(() => wire.end(answer(200, JSON_TYPE, "{}")), 30);
      }),
    );
    expect((await clientFor(server.url, { signal: over.signal }).post("x/")).outcome).toBe("accepted");
  });
});

const PHASES: readonly [name: string, start: (over: () => void) => Promise<RawServer>, scheme: string][] = [
  [
    "while connecting",
    async (over) => {
      const server = await startMute();
      setTimeout(over, 60);
      return server;
    },
    "https",
  ],
  ["while waiting for the answer", (over) => startRaw(() => void setTimeout(over, 20)), "http"],
  [
    "in the middle of the body",
    (over) =>
      startRaw((_, wire) => {
        wire.send(`${head(200, { ...JSON_TYPE, "Content-Length": "99" })}[1,`);
        setTimeout(over, 40);
      }),
    "http",
  ],
  [
    "in the pause before another attempt",
    (over) =>
      startRaw((_, wire) => {
        wire.end(answer(503, { "Retry-After": "60" }));
        setTimeout(over, 40);
      }),
    "http",
  ],
];

describe("the end of the run ends a GET", () => {
  /** To be asked to give up is no failure that another attempt may heal; only the pause comes after one. */
  const attemptsOf = (phase: string) => (phase.includes("pause") ? 1 : 0);

  test.each(PHASES)("%s, with the run's own reason", async (phase, start, scheme) => {
    const over = new AbortController();
    const reason = new RetryLaterError("the run did not finish within 1 s", { code: "deadline" });
    const server = await use(start(() => over.abort(reason)));
    const startedAt = performance.now();
    const client = clientFor(server.url.replace("http", scheme), { signal: over.signal, silenceMs: 30_000 });
    expect(await failureOf(client.get("x/"))).toBe(reason);
    expect(client.retries).toHaveLength(attemptsOf(phase));
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(server.requests.length).toBeLessThan(2);
  });

  test.each(PHASES)("%s, also when it is only this list that is given up", async (phase, start, scheme) => {
    const stop = new AbortController();
    const reason = new Error("aborted");
    const server = await use(start(() => stop.abort(reason)));
    const retries = attemptsOf(phase);
    const client = clientFor(server.url.replace("http", scheme), { silenceMs: 30_000, retries });
    expect(await client.get("x/", {}, { stop: stop.signal }).catch((error: unknown) => error)).toBe(reason);
  });

  test("before it began: nothing is sent", async () => {
    const server = await use(startRaw(always(json([]))));
    const reason = new InterruptedError("SIGINT");
    expect(await failureOf(clientFor(server.url, { signal: AbortSignal.abort(reason) }).get("x/"))).toBe(
      reason,
    );
    expect(server.requests).toHaveLength(0);
  });
});

describe("a server that does not get on", () => {
  const silent: readonly [string, () => Promise<RawServer>, string][] = [
    ["accepts and says nothing", () => startRaw(() => undefined), "http"],
    ["never gets through the handshake", startMute, "https"],
    [
      "stops in the middle of the headers",
      () => startRaw((_, wire) => wire.send("HTTP/1.1 200 OK\r\nContent-")),
      "http",
    ],
    [
      "stops in the middle of the body",
      () => startRaw((_, wire) => wire.send(`${head(200, { ...JSON_TYPE, "Content-Length": "9" })}[1`)),
      "http",
    ],
    ["drips more slowly than allowed", () => startRaw((_, wire) => drip(wire, 600)), "http"],
  ];
  test.concurrent.each(silent)(
    "%s: the time without data is limited, and a retry may help",
    async (_name, start, scheme) => {
      const server = await use(start());
      const client = clientFor(server.url.replace("http", scheme), { silenceMs: 100, retries: 1 });
      const startedAt = performance.now();
      const error = await failureOf(client.get("x/"));
      expect([error.exitCode, error.message]).toEqual([
        75,
        expect.stringContaining("no data received for 0.1 s"),
      ]);
      expect(client.retries).toHaveLength(1);
      const took = performance.now() - startedAt;
      expect(took).toBeGreaterThanOrEqual(195);
      expect(took).toBeLessThan(4000);
    },
  );

  test.concurrent("drips for ever: the whole answer may take four times the timeout", async () => {
    const server = await use(startRaw((_, wire) => drip(wire, 20)));
    const startedAt = performance.now();
    const error = await failureOf(clientFor(server.url, { silenceMs: 200, retries: 0 }).get("x/"));
    expect([error.exitCode, error.message]).toEqual([
      75,
      expect.stringContaining("no complete answer within 0.8 s"),
    ]);
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThanOrEqual(795);
    expect(took).toBeLessThan(4000);
  });

  test.concurrent("drips headers for ever: the timeout applies, because no header counts before the last", async () => {
    const server = await use(
      startRaw(async (_, wire) => {
        wire.send("HTTP/1.1 200 OK\r\n");
        await every(20, wire.closed, () => wire.send("X-More: 1\r\n"));
      }),
    );
    const error = await failureOf(clientFor(server.url, { silenceMs: 150, retries: 0 }).get("x/"));
    expect(error.message).toContain("no data received for 0.2 s");
  });

  test.concurrent("is slow but sends data: it is waited for, beyond the timeout", async () => {
    const server = await use(
      startRaw(async (_, wire) => {
        wire.send(head(200, { ...JSON_TYPE, Connection: "close" }));
        for (const part of ["[1", ",2", ",3", ",4", ",5", "]"]) {
          wire.send(part);
          await Bun.sleep(100);
        }
        wire.end();
      }),
    );
    const got = await clientFor(server.url, { silenceMs: 400, retries: 0 }).get("x/");
    expect(got.body).toEqual([1, 2, 3, 4, 5]);
  });
});

/** A body of spaces, one at a time, until the client is gone. */
async function drip(wire: Parameters<Script>[1], everyMs: number): Promise<void> {
  wire.send(head(200, JSON_TYPE));
  await every(everyMs, wire.closed, () => wire.send(" "));
}

async function every(ms: number, end: Promise<void>, act: () => void): Promise<void> {
  const timer = setInterval(act, ms);
  await end;
  clearInterval(timer);
}

describe("the size of an answer", () => {
  const ofBytes = (size: number) => `["${"a".repeat(size - 4)}"]`;

  test("may be 4 MiB and not a byte more", async () => {
    const whole = await use(startRaw(always(answer(200, JSON_TYPE, ofBytes(4 * MIB)))));
    expect((await clientFor(whole.url).get("x/")).body).toBeArrayOfSize(1);
    const larger = await use(startRaw(always(answer(200, JSON_TYPE, ofBytes(4 * MIB + 1)))));
    const error = await failureOf(clientFor(larger.url).get("x/"));
    expect([error.exitCode, error.message]).toEqual([65, "GET x/: an answer is larger than 4 MiB"]);
    expect(larger.requests).toHaveLength(1);
  }, 20_000);
});

describe("what counts as JSON", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON;charset=UTF-8",
    "application/problem+json",
    "application/vnd.waldur-2+json",
  ])("%s does", async (type) => {
    const server = await use(startRaw(always(answer(200, { "Content-Type": type }, "\uFEFF[1]"))));
    expect((await clientFor(server.url).get("x/")).body).toEqual([1]);
  });

  test.each([
    "text/html",
    "text/plain",
    "text/json",
    "application/octet-stream",
    "jsonish",
    "text/html; a=json",
  ])("%s does not, whatever the body is", async (type) => {
    const server = await use(startRaw(always(answer(200, { "Content-Type": type }, "[1]"))));
    const error = await failureOf(clientFor(server.url).get("x/"));
    const expected = `GET x/ was answered with ${type} instead of JSON by ${server.origin}`;
    expect([error.exitCode, error.message]).toEqual([65, expected]);
  });
});

describe("X-Result-Count", () => {
  test.each([
    ["0", 0],
    ["100000", 100_000],
    [" 5 ", 5],
    ["-1", null],
    ["1e3", null],
    ["5, 5", null],
    ["five", null],
    ["99999999999999999999", null],
    ["", null],
  ])("%p means %p", async (header, count) => {
    const server = await use(startRaw(always(json([], { "X-Result-Count": header }))));
    expect((await clientFor(server.url).get("x/")).count).toBe(count);
  });
});

describe("the token", () => {
  test("is sent with every request to the configured server, and no other identification", async () => {
    const server = await use(startRaw(always(json([]))));
    const client = clientFor(server.url);
    await client.get("x/", { state: ["a", "b"], q: "ö &" });
    await client.post("y/", { backend_id: "/a" });
    for (const { headers } of server.requests) {
      expect(headers.get("authorization")).toBe(`Token ${TOKEN}`);
      expect(headers.get("user-agent")).toBe("test");
      expect(headers.get("accept")).toBe("application/json");
      expect(headers.get("cookie")).toBeNull();
    }
    expect(server.requests[0]?.target).toBe("/api/x/?state=a&state=b&q=%C3%B6+%26");
  });

  test.each([301, 302, 303, 307, 308])(
    "does not follow a redirect with %d, nor does anything else",
    async (status) => {
      const other = await use(startRaw(always(json([]))));
      const server = await use(startRaw(always(answer(status, { Location: `${other.origin}/api/x/` }))));
      const client = clientFor(server.url);
      for (const asked of [() => client.get("x/"), () => client.post("x/", { backend_id: "/a" })]) {
        const error = await failureOf(asked());
        expect([error.exitCode, error.message]).toEqual([69, expect.stringContaining(`to ${other.origin}`)]);
        expect(error.hint).toContain("fix waldur_api_url");
      }
      expect([server.requests.length, other.connections()]).toEqual([2, 0]);
    },
  );

  test("does not follow a redirect within the server either", async () => {
    const server = await use(startRaw(always(answer(302, { Location: "/api/y/" }))));
    await failureOf(clientFor(server.url).get("x/"));
    expect(server.requests.map(({ target }) => target)).toEqual(["/api/x/"]);
  });

  test("stays below the API: a path that leads out of it is a bug of ours, and is not asked for", async () => {
    const other = await use(startRaw(always(json([]))));
    const server = await use(startRaw(always(json([]))));
    const client = clientFor(server.url);
    for (const path of ["../admin/", "/admin/", `${other.origin}/api/`, `//127.0.0.1:${other.port}/api/`]) {
      await expect(client.get(path)).rejects.toThrow("path leaves the API");
      await expect(failureOf(client.get(path))).rejects.toThrow("no AppError");
      await expect(client.post(path)).rejects.toThrow("path leaves the API");
    }
    expect([server.connections(), other.connections(), client.retries]).toEqual([0, 0, []]);
  });

  test("is in no message of an error, even when the server repeats it", async () => {
    const detail = JSON.stringify({ detail: `the token ${TOKEN} is bad` });
    const bodies: Script[] = [
      ...[400, 401, 403, 404, 409, 429, 500].map((status) => always(answer(status, JSON_TYPE, detail))),
      always(answer(200, HTML_TYPE, `<title>Hello ${TOKEN}</title>`)),
      always(answer(200, JSON_TYPE, `[${TOKEN}`)),
      (_, wire) => wire.reset(),
    ];
    for (const script of bodies) {
      const server = await use(startRaw(script));
      const client = clientFor(server.url, { retries: 1 });
      const shown = wordsOf(await failureOf(client.get("x/"))) + client.retries.join("\n");
      expect(shown).toContain("x/");
      expect(shown).not.toContain(TOKEN);
      const posted = await client.post("x/").catch(wordsOf);
      expect(JSON.stringify(posted)).not.toContain(TOKEN);
    }
  });
});

describe("what a server says of its reasons", () => {
  test.each([
    ['{"detail":"Not now."}', " (Not now.)"],
    ['{"state":["Bad choice.","Worse."],"o":{"x":["No."]}}', " (Bad choice.; Worse.; No.)"],
    ['{"detail":"a\\u001b[31mred\\u0007\\r\\nnext\\u0085\\u2028\\u202eend"}', " (a [31mred next end)"],
    [`{"detail":"${"x".repeat(500)}"}`, ` (${"x".repeat(200)})`],
    [`{"detail":"${"x".repeat(5000)}"}`, ""],
    ["{}", ""],
    ["no json", ""],
    ["", ""],
  ])("%p is quoted as %p", async (body, quoted) => {
    const server = await use(startRaw(always(answer(400, JSON_TYPE, body))));
    const error = await failureOf(clientFor(server.url).get("x/"));
    expect(error.message).toBe(`GET x/ was answered with 400${quoted} by ${server.origin}`);
  });

  test("nothing of a page of HTML is quoted but its title, without control characters", async () => {
    const page = "<html><title lang=en>\n Sign\u001b[2J in\u0085\u202e</title><body>secret</body>";
    const server = await use(startRaw(always(answer(200, HTML_TYPE, page))));
    const error = await failureOf(clientFor(server.url).get("x/"));
    expect(bare(error.message)).toBe(
      'GET x/ was answered with text/html instead of JSON (a page titled "Sign [2J in ")',
    );
    const failing = await use(startRaw(always(answer(500, HTML_TYPE, page))));
    const other = await failureOf(clientFor(failing.url).get("x/"));
    expect(bare(other.message)).toBe("GET x/ was answered with 500");
  });

  test.each([
    [400, "supported version of Waldur"],
    [401, "renew it"],
    [403, "owner of the provider's organisation"],
    [429, "the next run tries again"],
    [503, "the next run tries again"],
  ])("after %d the advice is %p", async (status, advice) => {
    const server = await use(startRaw(always(answer(status, JSON_TYPE, "{}"))));
    const { hint } = await failureOf(clientFor(server.url, { retries: 0 }).get("x/"));
    expect(hint).toContain(advice);
  });
});

describe("an error names the server", () => {
  const gone = always(answer(502, HTML_TYPE, "<title>Bad Gateway</title>"));

  test("the server, and after how many tries", async () => {
    const server = await use(startRaw(gone));
    const error = await failureOf(clientFor(server.url, { retries: 4 }).get("x/"));
    expect(error.message).toBe(`GET x/ was answered with 502 by ${server.origin} after 5 tries`);
    expect(error.hint).toStartWith("Waldur is overloaded or under maintenance");
  });

  test("the proxy, where there is one that may have answered itself", async () => {
    const server = await use(startRaw(gone));
    for (const [proxyFrom, exempt] of [
      ["http_proxy", true],
      ["global_proxy", false],
    ] as const) {
      const error = await failureOf(
        clientFor(server.url, { retries: 0, connection: { proxyFrom } }).get("x/"),
      );
      expect(error.message).toEndWith(`by ${server.origin}, through the proxy of ${proxyFrom}`);
      expect(error.hint).toContain(`${proxyFrom} names a proxy`);
      expect(error.hint?.includes("NO_PROXY does not exclude this host")).toBe(exempt);
    }
  });

  test.each([401, 403])("where the token of a %d comes from, and never its value", async (status) => {
    const server = await use(startRaw(always(answer(status, JSON_TYPE, "{}"))));
    const error = await failureOf(clientFor(server.url).get("x/"));
    expect(error.hint).toContain("waldur_api_token_file /etc/waldur/token");
    expect(wordsOf(error)).not.toContain(TOKEN);
  });

  test("where a redirect leads, without what may be secret in it", async () => {
    const location = `https://user:canary@elsewhere.example:8443/a%0Ab/\u202e?next=canary#canary`;
    const server = await use(startRaw(always(answer(301, { Location: location }))));
    const error = await failureOf(clientFor(server.url).get("x/"));
    expect(error.message).toStartWith("GET x/ was redirected (301) to https://elsewhere.example:8443/a%0Ab/");
    expect(error.message).not.toContain("canary");
    const long = await use(startRaw(always(answer(301, { Location: `/${"a".repeat(500)}` }))));
    expect((await failureOf(clientFor(long.url).get("x/"))).message.length).toBeLessThan(200);
  });
});

test.concurrent("what Retry-After asks for in all is limited for all clients of a run together", async () => {
  const server = await use(startRaw(always(answer(503, { "Retry-After": "1" }))));
  const politeness = { leftMs: 1500 };
  const waits: (number | undefined)[] = [];
  const onRetry = (_: string, waitMs?: number) => waits.push(waitMs);
  const error = await failureOf(clientFor(server.url, { retries: 9, politeness, onRetry }).get("x/"));
  expect([error.exitCode, waits, server.requests.length]).toEqual([75, [1000], 2]);
  expect(error.message).toEndWith("after 2 tries, with Retry-After: 1 s");
  expect(error.hint).toContain("a quarter of its deadline");
  await failureOf(clientFor(server.url, { retries: 9, politeness }).get("x/"));
  expect(server.requests).toHaveLength(3);
});
