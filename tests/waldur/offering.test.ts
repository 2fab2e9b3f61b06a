// What is asked before any list is read: the offering, whose resources these are, and which generation of server
// answers.

import { describe, expect, test } from "bun:test";
import { secret } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/errors.ts";
import type { Simulator, SimulatorOptions } from "../../lib/simulator/server.ts";
import { fetchOffering, fetchProjects, probeResources } from "../../lib/waldur/offering.ts";
import { openStage } from "../stage.ts";
import { clientFor, failureOf, use } from "./connection.ts";
import { json, startRaw } from "./raw-server.ts";
import { start } from "./simulator-calls.ts";

const PLACE = {
  locate: async (keys: readonly (string | number)[]) => ({
    ...{ file: "site.yaml", line: 5, column: 27 },
    path: ["offerings[0]", ...keys].join("."),
  }),
};
const KEY = "site.yaml:5:27: offerings[0].waldur_offering_uuid: ";
const GENERATIONS = ["current", "2024"] as const;
const UNKNOWN = "0123456789abcdef0123456789abcdef";

/** A simulator and the client of its provider. */
function meet(options: SimulatorOptions = {}, token?: (simulator: Simulator) => string) {
  const simulator = start(options);
  const reader = clientFor(simulator.url, {
    retries: 0,
    connection: { token: secret(token?.(simulator) ?? simulator.providerToken) },
  });
  return { simulator, reader, world: simulator.world, uuid: simulator.offeringUuid };
}

describe.each(GENERATIONS)("an offering on a %s server", (generation) => {
  test("has what a run needs, and no more is requested", async () => {
    const { simulator, reader, world, uuid } = meet({ generation });
    expect(await fetchOffering(reader, uuid, PLACE)).toEqual({
      uuid,
      slug: world.offering.slug ?? "",
      type: "Marketplace.Slurm",
      customerUuid: world.provider.uuid,
    });
    expect(simulator.requests.map(({ query }) => query)).toEqual([
      "field=uuid&field=slug&field=type&field=customer_uuid",
    ]);
  });

  test("that Waldur does not know is a mistake of the configuration", async () => {
    const { reader } = meet({ generation });
    const error = await failureOf(fetchOffering(reader, UNKNOWN, PLACE));
    expect(error).toBeInstanceOf(ConfigError);
    expect([error.exitCode, error.message]).toEqual([
      78,
      `${KEY}offering ${UNKNOWN} does not exist in Waldur, or the token has no access to it`,
    ]);
  });

  test("that the token may not see is the same", async () => {
    for (const role of ["consumerToken", "strangerToken"] as const) {
      const { reader, uuid } = meet({ generation }, (simulator) => simulator[role]);
      expect((await failureOf(fetchOffering(reader, uuid, PLACE))).exitCode).toBe(78);
    }
  });

  test("of a type that no agent serves is a mistake of the configuration", async () => {
    const { reader, world, uuid } = meet({ generation });
    world.offering.type = "Marketplace.Basic";
    const error = await failureOf(fetchOffering(reader, uuid, PLACE));
    expect([error.exitCode, error.message]).toEqual([
      78,
      `${KEY}offering ${uuid} is of type "Marketplace.Basic", whose orders agents cannot process`,
    ]);
    expect(error instanceof ConfigError && error.issues[0]?.hint).toContain("Marketplace.Slurm");
  });

  test("of a type full of control characters does not reach a terminal as it is", async () => {
    const { reader, world, uuid } = meet({ generation });
    world.offering.type = `\u001b[2J\u0085\u202e${"x".repeat(300)}`;
    const { message } = await failureOf(fetchOffering(reader, uuid, PLACE));
    expect(message).toContain(`is of type " [2J ${"x".repeat(55)}", whose`);
  });
});

describe("an answer about an offering", () => {
  test.each([
    ["404-html", 69, "no such endpoint"],
    ["401", 77, "answered with 401"],
    ["403", 77, "answered with 403"],
    ["400", 65, "answered with 400"],
    ["html", 65, "instead of JSON"],
    ["302", 69, "was redirected"],
    ["503", 75, "answered with 503"],
    ["drop", 75, "did not answer in full"],
  ] as const)("%s ends with %d and is not blamed on the configuration", async (fault, exitCode, words) => {
    const { reader, uuid } = meet({ faults: [fault] });
    const error = await failureOf(fetchOffering(reader, uuid, PLACE));
    expect([error.exitCode, error.message]).toEqual([exitCode, expect.stringContaining(words)]);
  });

  test.each([
    [{ uuid: UNKNOWN }, `answered with another offering, ${UNKNOWN}`],
    [{ uuid: "../../etc" }, "uuid is not a uuid"],
    [{ type: undefined }, "type is missing"],
    [{ type: 7 }, "type must be string, not number"],
    [{ slug: ["x"] }, "slug must be string, not a list"],
  ])("with %j is unusable", async (wire, words) => {
    const { reader, world, uuid } = meet();
    world.offering.wire = wire;
    const error = await failureOf(fetchOffering(reader, uuid, PLACE));
    expect([error.exitCode, error.message]).toEqual([65, expect.stringContaining(words)]);
  });

  test("may write the uuid with dashes and in capitals, and leave out what is not needed", async () => {
    const { reader, world, uuid } = meet();
    const dashed = uuid.toUpperCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    world.offering.wire = { uuid: dashed, slug: null, customer_uuid: undefined };
    expect(await fetchOffering(reader, uuid, PLACE)).toMatchObject({ uuid, slug: "", customerUuid: null });
  });

  test.each([[null], [[]], ["text"], [5]])("that is %j instead of an object is unusable", async (body) => {
    const server = await use(startRaw((_, wire) => wire.end(json(body))));
    expect((await failureOf(fetchOffering(clientFor(server.url), UNKNOWN, PLACE))).exitCode).toBe(65);
  });
});

describe("the probe", () => {
  test.each([
    ["current", true],
    ["2024", false],
  ] as const)("recognises a %s server by slugs: %p", async (generation, hasSlugs) => {
    const { simulator, reader, uuid } = meet({ generation, resources: 12, terminated: 3 });
    expect(await probeResources(reader, uuid)).toEqual({ hasSlugs, count: 15 });
    const [request] = simulator.requests;
    expect(new URLSearchParams(request?.query).get("page_size")).toBe("1");
    expect(simulator.requests).toHaveLength(1);
  });

  test.each(GENERATIONS)(
    "of an offering without resources leaves a %s server's kind open",
    async (generation) => {
      const { reader, uuid } = meet({ generation });
      expect(await probeResources(reader, uuid)).toEqual({ hasSlugs: null, count: 0 });
    },
  );

  test("takes a slug that is null for one, and one that is missing for none", async () => {
    for (const [wire, hasSlugs] of [
      [{ project_slug: null, customer_slug: null }, true],
      [{ project_slug: "", customer_slug: "" }, true],
      [{ project_slug: undefined }, false],
      [{ customer_slug: undefined }, false],
    ] as const) {
      const { reader, world, uuid } = meet();
      world.addResource({ wire });
      expect([wire, await probeResources(reader, uuid)]).toEqual([wire, { hasSlugs, count: 1 }]);
    }
  });

  test("needs no count, but a list and a row that says whose it is", async () => {
    const { simulator, reader, world, uuid } = meet();
    const resource = world.addResource();
    simulator.setFaults(["no-count"]);
    expect(await probeResources(reader, uuid)).toEqual({ hasSlugs: true, count: null });
    resource.wire = { offering_uuid: undefined };
    const error = await failureOf(probeResources(reader, uuid));
    expect([error.exitCode, error.message]).toEqual([
      65,
      expect.stringContaining("offering_uuid is missing"),
    ]);
  });

  test.each(GENERATIONS)("finds out a %s server that ignores the filter by offering", async (generation) => {
    const { simulator, reader, world, uuid } = meet({ generation });
    world.addResource({ offeringUuid: world.otherOffering.uuid });
    simulator.setFaults(["ignored-filter"]);
    const error = await failureOf(probeResources(reader, uuid));
    expect([error.exitCode, error.message]).toEqual([
      65,
      `GET marketplace-provider-resources/ for offering ${uuid} gave a resource of offering ${world.otherOffering.uuid}`,
    ]);
    expect(error.hint).toContain("ignore the filter by offering");
  });
});

describe.each(GENERATIONS)("the projects of a provider on a %s server", (generation) => {
  const offeringOf = async ({ reader, uuid }: ReturnType<typeof meet>) => fetchOffering(reader, uuid, PLACE);

  test("are all there, with both slugs", async () => {
    // One project for 25 resources: more than one page of projects.
    const met = meet({ generation, resources: 25 * 301 });
    const projects = await fetchProjects(met.reader, await offeringOf(met));
    expect(projects.size).toBe(301);
    for (const { uuid, name, slug, customer } of met.world.projects) {
      expect(projects.get(uuid)).toEqual({
        uuid,
        name,
        slug: slug ?? "",
        customer: { ...customer, slug: customer.slug ?? "" },
      });
    }
  });

  test("are those of the offering's organisation, also where the server ignores the filter", async () => {
    const met = meet({ generation });
    const offering = await offeringOf(met);
    const { providerUuid, provider } = met.world;
    const server = await use(
      startRaw((request, wire) =>
        wire.end(
          request.target.includes("/projects/")
            ? json([], { "X-Result-Count": "0" })
            : json([
                { uuid: UNKNOWN, customer_uuid: UNKNOWN },
                { uuid: providerUuid, customer_uuid: provider.uuid },
              ]),
        ),
      ),
    );
    await fetchProjects(clientFor(server.url), offering);
    expect(server.requests[1]?.target).toStartWith(
      `/api/marketplace-service-providers/${providerUuid}/projects/`,
    );
  });

  test("cannot be found where the organisation provides nothing, or is not named", async () => {
    const met = meet({ generation });
    const offering = await offeringOf(met);
    for (const [customerUuid, words] of [
      [UNKNOWN, "knows no service provider"],
      [null, "does not show the organisation of offering"],
    ] as const) {
      const error = await failureOf(fetchProjects(met.reader, { ...offering, customerUuid }));
      expect([error.exitCode, error.message]).toEqual([65, expect.stringContaining(words)]);
    }
  });

  test.each([
    ["no-count", 65],
    ["missing-row", 75],
    ["401", 77],
  ] as const)("are all or none: %s ends with %d", async (fault, exitCode) => {
    const met = meet({ generation });
    const offering = await offeringOf(met);
    met.simulator.setFaults([`${fault}@/projects/`]);
    expect((await failureOf(fetchProjects(met.reader, offering))).exitCode).toBe(exitCode);
  });
});

describe.each(["sync", "orders"] as const)("%s", (mode) => {
  test.each([
    [
      "an unknown offering",
      78,
      /config.*:\d+:\d+: offerings\[0\]\.waldur_offering_uuid: offering 0123456789abcdef0123456789abcdef does not exist/,
    ],
    ["a type that no agent serves", 78, /agents cannot process/],
    ["another offering's resource", 65, /gave (?:a resource|order \w+) of offering/],
  ] as const)("ends with what is wrong with %s, and leaves no file", async (what, code, words) => {
    const stage = await openStage({
      resources: 3,
      orders: 2,
      ...(what === "another offering's resource" ? { faults: ["wrong-offering"] } : {}),
      settings: {},
    });
    try {
      if (what === "a type that no agent serves") stage.world.offering.type = "Marketplace.Basic";
      if (what === "an unknown offering") {
        const text = await Bun.file(stage.configPath).text();
        await Bun.write(stage.configPath, text.replace(stage.simulator.offeringUuid, UNKNOWN));
      }
      const { report, lines } = await stage.runHere(mode);
      expect([report.exitCode, lines.join("\n")]).toEqual([code, expect.stringMatching(words)]);
      expect(stage.files()).toEqual([]);
      expect(stage.requestsOf("POST")).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
