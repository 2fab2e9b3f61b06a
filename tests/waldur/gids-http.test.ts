// GIDs from a service over HTTP, in both modes, against a small server on a real socket.

import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { makeCertificates } from "./certificates.ts";
import { CLIENT_SECRET, type GidService, startGidService } from "./gid-service.ts";
import { openOrders, place, the } from "./orders-stage.ts";
import { minute, nameAt, open, syncAt } from "./sync-stage.ts";

const services: GidService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

function serve(gids: Record<string, unknown> = {}): GidService {
  const service = startGidService(gids);
  services.push(service);
  return service;
}

const slugOf = (project: { slug: string | null } | null | undefined): string => the(the(project).slug);
const gidsOf = (projects: readonly { slug: string | null }[]) =>
  Object.fromEntries(projects.map((project, at) => [slugOf(project), 40_000 + at]));

type Stage = Awaited<ReturnType<typeof open>>;
const gidsIn = (stage: Stage, name: string) =>
  stage
    .read(name)
    .result.storageResources.map(({ target }) => (target.targetItem as { unixGid: unknown }).unixGid);

describe("sync", () => {
  test.each(["current", "2024"] as const)(
    "asks for each slug once, a hundred at a time, with one token: %s",
    async (generation) => {
      const service = serve();
      const stage = await open({ settings: service.settings, resources: 4000, generation });
      service.behaviour.gids = gidsOf(stage.world.projects);
      const { report } = await syncAt(stage, 1);
      expect(report.exitCode).toBe(0);
      const expected = stage.world.resources().map(({ project }) => service.behaviour.gids[slugOf(project)]);
      expect(gidsIn(stage, nameAt(1))).toEqual(expected);
      const slugs = service.asked.flatMap((asked) => asked.slugs);
      const withoutWitnesses = new Set(slugs);
      expect(withoutWitnesses.size).toBe(
        new Set(stage.world.resources().map(({ project }) => slugOf(project))).size,
      );
      expect(service.asked.every((asked) => asked.slugs.length <= 100)).toBe(true);
      expect(service.steps().filter((step) => step === "token")).toHaveLength(1);
      // 14 pages; what they have in common is not asked for again.
      expect(service.steps().length).toBeLessThanOrEqual(1 + 2 + 14);
    },
  );

  test("a project that the service does not know has none", async () => {
    const service = serve();
    const stage = await open({ settings: { ...service.settings, require_gid: true } });
    const [one, two] = stage.world.projects;
    service.behaviour.gids = { [slugOf(one)]: 40_000 };
    stage.world.addResource({ name: "a", project: the(one) });
    stage.world.addResource({ name: "b", project: the(two) });
    const { report } = await syncAt(stage, 1);
    expect(report.problems.map(({ code }) => code)).toEqual(["no-gid"]);
    expect(gidsIn(stage, nameAt(1))).toEqual([40_000]);
  });

  test.each([0, 999, -5])("the GID %p is a problem", async (gid) => {
    const service = serve();
    const stage = await open({ settings: service.settings });
    service.behaviour.gids = { [slugOf(stage.world.projects[0])]: gid };
    stage.world.addResource({ name: "a" });
    expect((await syncAt(stage, 1)).report.problems.map(({ code }) => code)).toEqual(["bad-gid"]);
  });

  test("what is not an answer is never no GID, and shows no secret", async () => {
    const broken: [string, (step: string) => Response | Promise<Response> | undefined][] = [
      ["a refused client", (step) => (step === "token" ? new Response("no", { status: 401 }) : undefined)],
      ["a secret repeated", () => new Response(CLIENT_SECRET, { status: 400 })],
      ["a token without end", () => Response.json({ access_token: "", expires_in: 5 })],
      ["a gateway", (step) => (step === "projects" ? new Response("<h1>", { status: 502 }) : undefined)],
      ["a page", () => new Response("<title>Sign in</title>", { headers: { "Content-Type": "text/html" } })],
      ["a redirect", () => Response.redirect("https://elsewhere.example.org/")],
      ["half an answer", () => new Response('{"proj', { headers: { "Content-Type": "application/json" } })],
      ["another shape", (step) => (step === "projects" ? Response.json({ projects: {} }) : undefined)],
      [
        "a text",
        (step) =>
          step === "projects" ? Response.json({ projects: [{ posixName: "a", unixGid: "5" }] }) : undefined,
      ],
      ["silence", (step) => (step === "projects" ? new Promise(() => undefined) : undefined)],
      ["always 401", (step) => (step === "projects" ? new Response("", { status: 401 }) : undefined)],
    ];
    for (const [what, instead] of broken) {
      const service = serve();
      service.behaviour.instead = ({ path }) => instead(path.split("/").at(-1) ?? "");
      const stage = await open({ settings: service.settings });
      stage.world.addResource({ name: "a" });
      const { report, lines } = await syncAt(stage, 1);
      expect([what, report.exitCode]).toEqual([what, 75]);
      expect(stage.files()).toEqual([]);
      expect([what, [JSON.stringify(report), ...lines].join("\n")]).not.toContain(CLIENT_SECRET);
      expect(lines.join("\n")).not.toMatch(/canary|token-\d/);
      expect(service.steps().filter((step) => step === "projects").length).toBeLessThanOrEqual(2);
    }
  });

  test("one token that was revoked is replaced once", async () => {
    const service = serve();
    const stage = await open({ settings: service.settings, resources: 700 });
    service.behaviour.gids = gidsOf(stage.world.projects);
    let times = 0;
    service.behaviour.instead = ({ path }) => {
      if (path.endsWith("/projects") && times++ === 0) service.revoke();
      return undefined;
    };
    expect((await syncAt(stage, 1)).report.exitCode).toBe(0);
    expect(service.steps().slice(0, 4)).toEqual(["token", "projects", "token", "projects"]);
  });

  test("a token is not used in its last half minute", async () => {
    const service = serve();
    const stage = await open({ settings: service.settings, resources: 4000 });
    service.behaviour.gids = gidsOf(stage.world.projects);
    service.behaviour.lifetime = 31;
    let seconds = 0;
    const now = () => new Date(minute(1).getTime() + 2000 * seconds);
    service.behaviour.instead = ({ path }) => {
      if (path.endsWith("/projects")) seconds++;
      return undefined;
    };
    expect((await syncAt(stage, 1, { now, silenceMs: 2000 })).report.exitCode).toBe(0);
    const steps = service.steps();
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.filter((step) => step === "token").length).toBe(
      steps.filter((step) => step === "projects").length,
    );
  });

  test("is reached with the CAs of ca_file, and without them not at all", async () => {
    const { ca, good } = makeCertificates();
    const service = startGidService({}, good);
    services.push(service);
    const stage = await open({ settings: service.settings });
    stage.world.addResource({ name: "a" });
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, service.asked.length]).toEqual([75, 0]);
    expect(JSON.stringify(report)).not.toContain("canary");
    writeFileSync(join(stage.directory, "ca.pem"), ca, { mode: 0o600 });
    const config = readFileSync(stage.configPath, "utf8");
    writeFileSync(
      stage.configPath,
      config.replace("    backend_type:", "    ca_file: ca.pem\n    backend_type:"),
    );
    expect((await syncAt(stage, 2)).report.exitCode).toBe(0);
    expect(service.steps()).toEqual(["token", "projects"]);
  });

  test("a service that forgot all it knew is not an answer", async () => {
    const service = serve();
    const stage = await open({ settings: service.settings });
    service.behaviour.gids = gidsOf(stage.world.projects);
    stage.world.addResource({ name: "a" });
    expect((await syncAt(stage, 1)).report.exitCode).toBe(0);
    service.behaviour.gids = {};
    expect((await syncAt(stage, 2)).report.exitCode).toBe(75);
    expect(stage.files()).toEqual([nameAt(1)]);
  });
});

describe("orders", () => {
  test("a new project has its GID from the first pass on; dry and real are the same", async () => {
    const service = serve();
    await using stage = await openOrders({ settings: { ...service.settings, require_gid: true } });
    const order = place(stage, "Create");
    service.behaviour.gids = { [slugOf(order.project)]: 41_000 };
    const dry = await stage.pass({ dryRun: true });
    expect(service.steps()).toEqual(["token", "projects"]);
    expect(await stage.pass()).toMatchObject({ code: 0, outcomes: ["done"] });
    expect(dry.outcomes).toEqual(["done"]);
    expect(stage.entryOf(order).target.targetItem).toMatchObject({ unixGid: 41_000 });
  });

  test("where it does not answer the pass ends, and nothing is sent", async () => {
    const service = serve();
    service.behaviour.instead = () => new Response("", { status: 503 });
    await using stage = await openOrders({ settings: service.settings });
    place(stage, "Create", "one");
    place(stage, "Create", "two");
    const { code, requests } = await stage.pass();
    expect(code).toBe(75);
    expect(requests.filter(({ method }) => method === "POST")).toEqual([]);
    expect(service.asked).toHaveLength(1);
  });

  test("an idle pass asks for nothing", async () => {
    const service = serve();
    await using stage = await openOrders({ settings: service.settings });
    expect((await stage.pass()).code).toBe(0);
    expect(service.asked).toEqual([]);
  });
});
