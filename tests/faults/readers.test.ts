// Those who read while we write: clients of a real web server, with and without a cache, and a watcher of the
// directory. They see the old file or the new one, whole, and each order's file once (docs/contract.md, "Publishing").

import { describe, expect, test } from "bun:test";
import { readFileSync, watch } from "node:fs";
import { join } from "pathe";
import { parseOrderFileName } from "../../lib/output/names.ts";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import type { StorageDocument } from "../../lib/storage/document.ts";
import { openStage, type Stage } from "../stage.ts";
import { CAN_SERVE, NEEDS_NGINX, serveStage, type WebServer } from "./nginx.ts";
import { complaintsWhenDone } from "./outcome.ts";
import { placeOrder } from "./scenes.ts";
import { waitFor } from "./wait-for.ts";

const VERSIONS = 200;

describe("readers of a web server", () => {
  test.skipIf(!CAN_SERVE)(
    `see whole snapshots only, never an older one than was there, and no 404${NEEDS_NGINX}`,
    async () => {
      await whileServed(async (stage, server) => {
        const progress = { published: await publishVersion(stage, 1), ended: false };
        const [dated = ""] = stage.files().filter((name) => name !== LATEST_NAME);
        const readers = [
          readOn(server, `/${LATEST_NAME}`, progress, () => ({})),
          readOn(server, `/${LATEST_NAME}`, progress, ({ etag }) => ({ "If-None-Match": etag })),
          readOn(server, `/${LATEST_NAME}`, progress, ({ modified }) => ({ "If-Modified-Since": modified })),
          readOn(server, `/${dated}`, progress, () => ({})),
        ];
        for (let version = 2; version <= VERSIONS; version++) {
          progress.published = await publishVersion(stage, version);
        }
        progress.ended = true;
        const seen = await Promise.all(readers.map((reader) => reader.end()));
        expect(seen.flatMap(({ complaints }) => complaints)).toEqual([]);
        for (const { reads } of seen) expect(reads).toBeGreaterThan(VERSIONS);
        console.log(`${VERSIONS} versions, reads: ${seen.map(({ reads }) => reads).join(", ")}`);
      });
    },
    120_000,
  );

  test.skipIf(!CAN_SERVE)(
    `learn at once when the latest snapshot is another one, by either validator${NEEDS_NGINX}`,
    async () => {
      await whileServed(async (stage, server) => {
        const start = Date.now();
        await publishVersion(stage, 1, new Date(start));
        for (let version = 2; version <= 40; version++) {
          const before = await server.get(`/${LATEST_NAME}`);
          const headers = validatorsOf(before);
          // Two versions of each minute: the same name again, then another name.
          await publishVersion(stage, version, new Date(start + 60_000 * Math.floor(version / 2)));
          for (const header of Object.entries(headers)) {
            const after = await server.get(`/${LATEST_NAME}`, Object.fromEntries([header]));
            expect({ version, header, status: after.status }).toEqual({ version, header, status: 200 });
            expect(versionOf(await after.text())).toBe(version);
          }
          const now = await server.get(`/${LATEST_NAME}`);
          expect((await server.get(`/${LATEST_NAME}`, validatorsOf(now))).status).toBe(304);
        }
      });
    },
    30_000,
  );

  test.skipIf(!CAN_SERVE)(
    `get no name that begins with a dot, and every other${NEEDS_NGINX}`,
    async () => {
      await whileServed(async (stage, server) => {
        placeOrder(stage, "Create");
        expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
        expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
        const hidden = stage.everything().filter((path) => path.startsWith("."));
        expect(hidden.length).toBeGreaterThan(3);
        for (const path of [...hidden, ".waldur-cscs-storage/", ".waldur-cscs-storage", "x/../.w"]) {
          expect({ path, status: (await server.get(`/${path}`)).status }).toEqual({ path, status: 403 });
        }
        expect((await server.get("/%2ewaldur-cscs-storage/snapshot.json")).status).toBe(403);
        expect(await (await server.get("/")).text()).not.toContain(".waldur");
        for (const name of stage.files()) expect((await server.get(`/${name}`)).status).toBe(200);
      });
    },
    20_000,
  );
});

describe("a watcher of the directory", () => {
  test("sees each order's file once, when it is whole, and never of a temporary one", async () => {
    const stage = await openStage({ resources: 12, settings: { latest_link: true } });
    const heard: string[] = [];
    const broken: string[] = [];
    const watcher = watch(stage.out, (_event, name) => {
      if (name === null || name.startsWith(".")) return;
      heard.push(name);
      if (!canParse(readFileSync(join(stage.out, name), "utf8"))) broken.push(name);
    });
    try {
      for (let pass = 0; pass < 10; pass++) {
        for (const type of ["Create", "Update", "Terminate"] as const) {
          const resource = stage.world.resources()[pass];
          stage.world.addOrder(
            type === "Create" || resource === undefined ? { type: "Create" } : { type, resource },
          );
        }
        // An order of a resource waits until the one before it has ended, and a second pass changes nothing.
        for (const mode of ["orders", "orders", "sync", "orders"]) {
          expect(await stage.run([mode])).toMatchObject({ code: 0 });
        }
      }
      const files = stage.files().filter((name) => parseOrderFileName(name) !== null);
      expect(files).toHaveLength(30);
      await waitFor(() => files.every((name) => heard.includes(name)));
      expect(heard.filter((name) => parseOrderFileName(name) !== null).sort()).toEqual(files);
      expect(heard.filter((name) => !stage.files().includes(name))).toEqual([]);
      expect(broken).toEqual([]);
      expect(complaintsWhenDone(stage)).toEqual([]);
    } finally {
      watcher.close();
      await stage.close();
    }
  }, 30_000);
});

async function whileServed(act: (stage: Stage, server: WebServer) => Promise<void>): Promise<void> {
  const stage = await openStage({ resources: 20, settings: { latest_link: true } });
  try {
    const server = await serveStage(stage);
    try {
      await act(stage, server);
    } finally {
      await server.stop();
    }
  } finally {
    await stage.close();
  }
}

const FIRST_TB = 1000;

/** Publishes a snapshot that differs from every other version in one quota, but not in length. Returns the version. */
async function publishVersion(stage: Stage, version: number, at?: Date): Promise<number> {
  const [resource] = stage.world.resources();
  if (resource === undefined) throw new Error("the world has no resource");
  stage.world.resource(resource.uuid).limits = { storage: FIRST_TB + version };
  if (at === undefined) {
    expect(await stage.run(["sync"])).toMatchObject({ code: 0, stderr: "" });
  } else {
    const { report } = await stage.runHere("sync", { now: () => at });
    expect(report.exitCode).toBe(0);
  }
  return version;
}

/** Throws when the document is not whole. */
function versionOf(text: string): number {
  const document: StorageDocument = JSON.parse(text);
  const { storageResources } = document.result;
  if (!text.endsWith("\n}\n") || storageResources.length !== 20) throw new Error("the document is cut");
  return (storageResources[0]?.quotas?.[0]?.quota ?? 0) - FIRST_TB;
}

type Cached = { version: number; etag: string; modified: string };
type Progress = { published: number; ended: boolean };

/** Reads until the end, asking by what it holds whether there is anything new. */
function readOn(
  server: WebServer,
  path: string,
  progress: Progress,
  conditions: (cached: Cached) => Record<string, string>,
): { end: () => Promise<{ reads: number; complaints: string[] }> } {
  const complaints: string[] = [];
  let reads = 0;
  let cached: Cached | undefined;
  const read = async () => {
    const { published } = progress;
    const answer = await server.get(path, cached === undefined ? {} : conditions(cached));
    const text = await answer.text();
    reads++;
    if (answer.status === 200) cached = { ...cacheable(answer), version: versionOf(text) };
    else if (answer.status !== 304) complaints.push(`${path}: ${answer.status}`);
    // Once a minute has passed the file with its name is no longer the newest.
    if (path.endsWith(LATEST_NAME) && cached !== undefined && cached.version < published) {
      complaints.push(`${path}: ${answer.status} with version ${cached.version}, ${published} was there`);
    }
  };
  const loop = (async () => {
    while (!progress.ended) {
      await read().catch((error) => complaints.push(`${path}: ${error}`));
      // The run that publishes needs the processor too.
      await Bun.sleep(1);
    }
  })();
  return { end: () => loop.then(() => ({ reads, complaints })) };
}

function cacheable({ headers }: Response): Pick<Cached, "etag" | "modified"> {
  return { etag: headers.get("etag") ?? "", modified: headers.get("last-modified") ?? "" };
}

function validatorsOf(answer: Response): Record<string, string> {
  const { etag, modified } = cacheable(answer);
  return { "If-None-Match": etag, "If-Modified-Since": modified };
}

function canParse(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
