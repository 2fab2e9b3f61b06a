// The program on the wire: proxies, redirects, and servers that send more than anybody should read.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createGzip } from "node:zlib";
import { join } from "pathe";
import { openStage, runMeasured, runSubject, type Stage, SUBJECT } from "../stage.ts";
import { answer, json, type RawServer, type Script, startProxy, startRaw } from "../waldur/raw-server.ts";

const MIB = 1024 * 1024;
const GOOD = { code: 0, stdout: "", stderr: "" };

/** A stage of three resources and one order, with a line at the top of its configuration. */
async function onStage(top: string, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage({ resources: 3, orders: 1 });
  try {
    await Bun.write(stage.configPath, `${top}\n${await Bun.file(stage.configPath).text()}`);
    await play(stage);
  } finally {
    await stage.close();
  }
}

async function withServer(started: Promise<RawServer>, play: (server: RawServer) => Promise<void>) {
  const server = await started;
  try {
    await play(server);
  } finally {
    await server.stop();
  }
}

/** Every request that Waldur saw came through the proxy, and the other way round. */
function expectAllThrough(proxy: RawServer, stage: Stage): void {
  const { requests, origin } = stage.simulator;
  expect(requests.length).toBeGreaterThan(3);
  expect(proxy.requests.map(({ method, target }) => `${method} ${target.replace(/\?.*/, "")}`)).toEqual(
    requests.map(({ method, path }) => `${method} ${origin}/api/${path}`),
  );
}

describe("a proxy", () => {
  test.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY"])("named by %s is used by both modes", async (name) => {
    await withServer(startProxy(), (proxy) =>
      onStage("", async (stage) => {
        for (const mode of ["orders", "sync"]) {
          expect(await stage.run([mode], { [name]: proxy.origin })).toEqual(GOOD);
        }
        expectAllThrough(proxy, stage);
        expect(stage.files()).toHaveLength(2);
      }),
    );
  });

  test("of global_proxy is used, and takes precedence over the environment", async () => {
    await withServer(startProxy(), (proxy) =>
      onStage(`global_proxy: ${proxy.origin}`, async (stage) => {
        for (const mode of ["orders", "sync"]) {
          expect(await stage.run([mode], { HTTP_PROXY: "http://127.0.0.1:1" })).toEqual(GOOD);
        }
        expectAllThrough(proxy, stage);
      }),
    );
  });

  test.each(["127.0.0.1", "*", "127.0.0.0/8"])("is passed by for NO_PROXY=%s", async (NO_PROXY) => {
    await onStage("", async (stage) => {
      expect(await stage.run(["sync"], { HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY })).toEqual(GOOD);
    });
  });

  test("is not used for https when it is for http only", async () => {
    await onStage("", async (stage) => {
      expect(await stage.run(["sync"], { HTTPS_PROXY: "http://127.0.0.1:1" })).toEqual(GOOD);
    });
  });

  test("that is not there, or refuses us, ends the run does not show the password of the proxy", async () => {
    const refusing: Script = (_, wire) => wire.end(answer(407, { "Proxy-Authenticate": "Basic" }));
    await withServer(startRaw(refusing), async (proxy) => {
      for (const [port, code] of [
        [1, 75],
        [proxy.port, 69],
      ] as const) {
        const url = `http://user:canary@127.0.0.1:${port}`;
        for (const isGlobal of [true, false]) {
          await onStage(isGlobal ? `global_proxy: ${url}` : "", async (stage) => {
            const args = ["sync", "--retries", "0", "--json", "-v"];
            const ran = await stage.run(args, isGlobal ? {} : { HTTP_PROXY: url });
            expect([port, ran.code]).toEqual([port, code]);
            expect(ran.stdout + ran.stderr).not.toContain("canary");
            expect(ran.stdout + ran.stderr).not.toContain(stage.simulator.providerToken);
            expect([stage.files(), stage.simulator.requests]).toEqual([[], []]);
          });
        }
      }
    });
  });

  test.each([
    ["ALL_PROXY", "socks5h://127.0.0.1:9"],
    ["all_proxy", "socks5://user:canary@127.0.0.1:9"],
    ["ALL_PROXY", "socks4://127.0.0.1:9"],
    ["all_proxy", "ftp://127.0.0.1:9"],
    ["HTTP_PROXY", "socks5h://127.0.0.1:9"],
  ])("of %s that cannot be used is never ignored: %s", async (name, url) => {
    await onStage("", async (stage) => {
      const ran = await stage.run(["sync"], { [name]: url });
      expect([ran.code, stage.simulator.requests]).toEqual([69, []]);
      expect(ran.stderr).toContain(`through the proxy of ${name}`);
      expect(ran.stderr).toContain("only proxies of http:// and https:// are supported");
      expect(ran.stderr).not.toContain("canary");
      expect(await stage.run(["sync"], { [name]: url, NO_PROXY: "127.0.0.1" })).toEqual(GOOD);
    });
  });

  test.each([
    ["127.*", 75],
    [".0.0.1", 75],
    ["127.0.0.1:80", 75],
    ["a.example;127.0.0.1", 75],
    ["http://127.0.0.1", 75],
    ["127.0.0.0/8", 0],
    ["127.0.0.1/32", 0],
    ["a.example,127.0.0.1", 0],
  ])(
    "that answers with its own 502 is not reported as Waldur's overload, with NO_PROXY=%s",
    async (NO_PROXY, code) => {
      const helpless: Script = (_, wire) =>
        wire.end(answer(502, { "Content-Type": "text/html" }, "<title>Bad Gateway</title>"));
      await withServer(startRaw(helpless), async (proxy) => {
        await onStage("", async (stage) => {
          const env = { http_proxy: `http://127.0.0.1:${proxy.port}`, NO_PROXY };
          const ran = await stage.run(["sync", "--retries", "0"], env);
          expect(ran.code).toBe(code);
          if (code === 0) return;
          expect(ran.stderr).toContain("through the proxy of http_proxy");
          expect(ran.stderr).toContain("http_proxy names a proxy; NO_PROXY does not exclude this host");
        });
      });
    },
  );

  test.each([
    ["HTTP_PROXY", "http://user:canary@127.0.0.1:1", 75, "through the proxy of HTTP_PROXY"],
    ["all_proxy", "http://nowhere.invalid", 75, "through the proxy of all_proxy"],
    ["http_proxy", "socks5://127.0.0.1:1", 69, "through the proxy of http_proxy"],
    ["global_proxy", "http://user:canary@127.0.0.1:1", 75, "through the proxy of global_proxy"],
  ])("of %s that cannot be reached is reported by that name: %s", async (name, url, code, words) => {
    const isGlobal = name === "global_proxy";
    await onStage(isGlobal ? `global_proxy: ${url}` : "", async (stage) => {
      const ran = await stage.run(["sync", "--retries", "0"], isGlobal ? {} : { [name]: url });
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(words)]);
      expect(ran.stderr).not.toContain("canary");
    });
  });

  test("is sent its own password, and Waldur is not", async () => {
    await withServer(startProxy(), (proxy) => {
      const url = `http://user:pass@127.0.0.1:${proxy.port}`;
      return onStage(`global_proxy: ${url}`, async (stage) => {
        expect(await stage.run(["sync"])).toEqual(GOOD);
        const [request] = proxy.requests;
        expect(request?.headers.get("proxy-authorization")).toBe(`Basic ${btoa("user:pass")}`);
        expect(request?.headers.get("authorization")).toBe(`Token ${stage.simulator.providerToken}`);
      });
    });
  });
});

/** Runs `sync` on a server of our own; returns the most memory it took, in MiB. */
async function syncOn(stage: Stage, url: string) {
  const text = await Bun.file(stage.configPath).text();
  await Bun.write(stage.configPath, text.replace(stage.simulator.url, url));
  const { code, stderr, peakBytes } = await runMeasured([...SUBJECT, "sync", "-c", stage.configPath], {
    cwd: stage.directory,
  });
  return { code, stderr, mostMib: peakBytes / MIB };
}

test("a redirect to another host ends the run with 69, and that host receives nothing", async () => {
  await withServer(
    startRaw((_, wire) => wire.end(json([]))),
    (other) =>
      withServer(
        startRaw((_, wire) => wire.end(answer(301, { Location: `${other.origin}/api/` }))),
        (server) =>
          onStage("", async (stage) => {
            const ran = await syncOn(stage, server.url);
            expect([ran.code, ran.stderr]).toEqual([69, expect.stringContaining(`(301) to ${other.origin}`)]);
            expect([server.requests.length, other.connections()]).toEqual([1, 0]);
            expect(stage.files()).toEqual([]);
          }),
      ),
  );
});

test("a bomb of gzip is left after 4 MiB, and memory stays flat", async () => {
  const bomb = await gzipOfSpaces(1024);
  expect(bomb.byteLength).toBeLessThan(16 * MIB);
  const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
  await withServer(
    startRaw((_, wire) => wire.end(answer(200, headers, bomb))),
    (server) =>
      onStage("", async (stage) => {
        const ran = await syncOn(stage, server.url);
        expect([ran.code, ran.stderr]).toEqual([65, expect.stringContaining("larger than 4 MiB")]);
        expect(server.requests).toHaveLength(1);
        expect(ran.mostMib).toBeWithin(20, 200);
        expect(stage.files()).toEqual([]);
      }),
  );
}, 30_000);

async function gzipOfSpaces(mebibytes: number): Promise<Uint8Array> {
  const gzip = createGzip({ level: 1 });
  const packed = new Response(
    new ReadableStream({
      start(controller) {
        gzip.on("data", (chunk: Uint8Array) => controller.enqueue(chunk));
        gzip.on("end", () => controller.close());
      },
    }),
  ).bytes();
  const spaces = Buffer.alloc(MIB, " ");
  for (let n = 0; n < mebibytes; n++) {
    if (!gzip.write(spaces)) await new Promise((resolve) => gzip.once("drain", resolve));
  }
  gzip.end();
  return packed;
}

test("a server that throws the token back at us is not repeated, in the log or in the report", async () => {
  for (const status of [400, 401, 403, 404, 500]) {
    const echo: Script = ({ headers }, wire) => {
      const detail = `I do not like ${headers.get("authorization")}`;
      wire.end(answer(status, { "Content-Type": "application/json" }, JSON.stringify({ detail })));
    };
    await withServer(startRaw(echo), (server) =>
      onStage("", async (stage) => {
        const text = await Bun.file(stage.configPath).text();
        await Bun.write(stage.configPath, text.replace(stage.simulator.url, server.url));
        const ran = await stage.run(["sync", "--json", "-v", "--retries", "0"]);
        expect(ran.stdout + ran.stderr).not.toContain(stage.simulator.providerToken);
        if (status !== 404 && status !== 500) expect(ran.stdout).toContain("I do not like Token [secret]");
        expect(ran.code).toBeGreaterThan(64);
      }),
    );
  }
});

test("demo stays on this machine, whatever proxy the environment names", async () => {
  const directory = mkdtempSync(join(tmpdir(), "demo-"));
  try {
    const env = {
      HTTP_PROXY: "http://127.0.0.1:9",
      http_proxy: "http://127.0.0.1:9",
      no_proxy: "example.org",
    };
    const ran = await runSubject(["demo", "--resources", "3", "--keep", directory], { env });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a compressed answer that is cut is reported by one line of the log, and by nothing else", () =>
  onStage("", async (stage) => {
    stage.simulator.setFaults(["cut-gzip"]);
    const { code, stderr } = await stage.run(["sync", "--retries", "0"]);
    expect(code).toBe(75);
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^\S+Z error GET .* the compressed answer was cut short/),
    ]);
  }));

test("a compressed list is read like any other", async () => {
  const stage = await openStage({ resources: 301, gzip: true });
  try {
    expect(await stage.run(["sync"])).toEqual(GOOD);
    expect(stage.read(stage.files()[0] ?? "").result.storageResources).toHaveLength(301);
  } finally {
    await stage.close();
  }
});

test("https to a port that speaks plain http is 69, with what to look at", async () => {
  await onStage("", async (stage) => {
    const text = await Bun.file(stage.configPath).text();
    await Bun.write(stage.configPath, text.replace("http://", "https://"));
    const { code, stderr } = await stage.run(["sync"]);
    expect({ code, stderr }).toEqual({
      code: 69,
      stderr: expect.stringContaining("check scheme and port of waldur_api_url"),
    });
  });
});
