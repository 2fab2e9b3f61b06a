// Where the contract suite must not run it stops before it changes anything, and says what is missing.

import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Simulator, SimulatorOptions } from "../../lib/simulator/server.ts";
import { changesOf, runScript, start, stopSimulators, type Variables, variablesOf } from "./operator.ts";
import { NAMES } from "./variables.ts";

setDefaultTimeout(20_000);
afterEach(stopSimulators);

describe("bad input ends before anything is changed", () => {
  type Bad = {
    about: string;
    options?: SimulatorOptions;
    spoil?: (simulator: Simulator) => void;
    variables?: (simulator: Simulator) => Variables;
    code: number;
    says: string;
  };
  const cases: readonly Bad[] = [
    {
      about: "a URL that is none",
      variables: () => ({ WALDUR_CONTRACT_URL: "waldur.example.org" }),
      code: 78,
      says: "WALDUR_CONTRACT_URL: must be a URL that starts with http:// or https://",
    },
    {
      about: "a URL without a server",
      variables: () => ({ WALDUR_CONTRACT_URL: `http://127.0.0.1:${freePort()}/api/` }),
      code: 75,
      says: "Waldur is unreachable",
    },
    {
      about: "a URL of something else on the same host",
      variables: ({ origin }) => ({ WALDUR_CONTRACT_URL: `${origin}/elsewhere/api/` }),
      code: 69,
      says: "WALDUR_CONTRACT_URL: there is no Waldur: GET users/me/ was answered with 404 HTML",
    },
    {
      about: "a URL that shows a login page",
      options: { faults: ["html"] },
      code: 69,
      says: "WALDUR_CONTRACT_URL: there is no Waldur: GET users/me/ was answered with 200 of kind html",
    },
    {
      about: "a URL that redirects",
      options: { faults: ["redirect-other-host"] },
      code: 69,
      says: "WALDUR_CONTRACT_URL: there is no Waldur: GET users/me/ was answered with 302",
    },
    {
      about: "a Waldur under maintenance",
      options: { faults: ["503"] },
      code: 75,
      says: "GET users/me/ was answered with 503",
    },
    {
      about: "a provider's token that is refused",
      variables: () => ({ WALDUR_CONTRACT_TOKEN: "no-such-token" }),
      code: 77,
      says: "WALDUR_CONTRACT_TOKEN: Waldur refused the token: 401 Invalid token.",
    },
    {
      about: "a consumer's token that is refused",
      variables: () => ({ WALDUR_CONTRACT_CONSUMER_TOKEN: "no-such-token" }),
      code: 77,
      says: "WALDUR_CONTRACT_CONSUMER_TOKEN: Waldur refused the token: 401 Invalid token.",
    },
    {
      about: "a provider's token without rights",
      variables: ({ strangerToken }) => ({ WALDUR_CONTRACT_TOKEN: strangerToken }),
      code: 77,
      says: 'WALDUR_CONTRACT_TOKEN: its user lacks the role CUSTOMER.OWNER in the organisation "Alpine Data Centre"',
    },
    {
      about: "a consumer's token without rights",
      variables: ({ strangerToken }) => ({ WALDUR_CONTRACT_CONSUMER_TOKEN: strangerToken }),
      code: 78,
      says: "WALDUR_CONTRACT_PROJECT: the consumer sees no such project: 404",
    },
    {
      about: "tokens that are swapped",
      variables: ({ consumerToken, providerToken }) => ({
        WALDUR_CONTRACT_TOKEN: consumerToken,
        WALDUR_CONTRACT_CONSUMER_TOKEN: providerToken,
      }),
      code: 77,
      says: "WALDUR_CONTRACT_TOKEN and WALDUR_CONTRACT_CONSUMER_TOKEN are swapped",
    },
    {
      about: "one token for both",
      variables: ({ providerToken }) => ({ WALDUR_CONTRACT_CONSUMER_TOKEN: providerToken }),
      code: 78,
      says: "WALDUR_CONTRACT_CONSUMER_TOKEN: is the same as WALDUR_CONTRACT_TOKEN",
    },
    {
      about: "a token of staff",
      variables: ({ staffToken }) => ({ WALDUR_CONTRACT_TOKEN: staffToken }),
      code: 77,
      says: "WALDUR_CONTRACT_TOKEN: is a token of staff",
    },
    {
      about: "an offering that is not there",
      variables: ({ projectUuid }) => ({ WALDUR_CONTRACT_OFFERING: projectUuid }),
      code: 78,
      says: "WALDUR_CONTRACT_OFFERING: the consumer sees no offering with this uuid",
    },
    {
      about: "an offering of a wrong type",
      spoil: ({ world }) => {
        world.offering.type = "Marketplace.Basic";
      },
      code: 78,
      says: 'WALDUR_CONTRACT_OFFERING: the offering is of type "Marketplace.Basic" instead of Marketplace.Slurm',
    },
    {
      about: "an offering that is paused",
      spoil: ({ world }) => {
        world.offering.wire = { state: "Paused" };
      },
      code: 78,
      says: "WALDUR_CONTRACT_OFFERING: the offering is Paused instead of Active",
    },
    {
      about: "an offering without a plan",
      spoil: ({ world }) => {
        world.offering.wire = { plans: [] };
      },
      code: 78,
      says: "WALDUR_CONTRACT_OFFERING: the offering has no plan that the consumer could order",
    },
    {
      about: "an offering without storage",
      spoil: ({ world }) => {
        world.offering.components = [];
      },
      code: 78,
      says: "WALDUR_CONTRACT_OFFERING: the offering has no component of type storage that is billed by limit",
    },
    {
      about: "a production offering",
      options: { resources: 310 },
      code: 78,
      says: "WALDUR_CONTRACT_OFFERING: the offering is in use: 310 live resources and 0 open orders have names without contract-",
    },
    {
      about: "an offering with one foreign resource",
      spoil: ({ world }) => {
        for (let n = 0; n < 305; n++) world.addResource({ name: `contract-${n}` });
        world.addResource({ name: "glacier", state: "Erred" });
      },
      code: 78,
      says: "the offering is in use: 1 live resources and 0 open orders",
    },
    {
      about: "an offering with a foreign open order",
      spoil: ({ world }) => {
        const resource = world.addResource({ name: "glacier" });
        world.addOrder({ type: "Terminate", resource });
        world.terminate(resource.uuid);
      },
      code: 78,
      says: "the offering is in use: 0 live resources and 1 open orders",
    },
    {
      about: "a server that ignores the filter by offering",
      spoil: ({ world, setFaults }) => {
        world.addResource({ name: "contract-other", offeringUuid: world.otherOffering.uuid });
        setFaults(["ignored-filter"]);
      },
      code: 78,
      says: "WALDUR_CONTRACT_OFFERING: the list of its resources holds resources of other offerings",
    },
    {
      about: "a project that is another organisation's",
      variables: ({ world }) => ({ WALDUR_CONTRACT_PROJECT: world.projects[1]?.uuid ?? "" }),
      code: 78,
      says: "WALDUR_CONTRACT_PROJECT: the consumer sees no such project: 404 No Project matches the given query.",
    },
  ];

  test.each(cases)("$about", async ({ options, spoil, variables, code, says }) => {
    const simulator = start(options);
    spoil?.(simulator);
    const ran = await runScript({ ...variablesOf(simulator), ...variables?.(simulator) });
    expect(ran.stderr).toContain(`contract: `);
    expect(ran.stderr).toContain(says);
    expect(ran.code).toBe(code);
    expect(changesOf(simulator)).toEqual([]);
  });

  test("variables that are not set are reported all at once", async () => {
    const { code, stderr, stdout } = await runScript({});
    expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
    const reported = stderr.split("\n").filter((line) => line.startsWith("contract: "));
    expect(reported).toEqual(Object.keys(NAMES).map((name) => `contract: ${name}: is not set`));
    for (const what of Object.values(NAMES)) expect(stderr).toContain(`hint: it is to hold ${what}\n`);
  });

  test("a stray argument is refused", async () => {
    const { code, stderr } = await runScript({}, ["--jsn"]);
    expect({ code, stderr }).toEqual({ code: 64, stderr: "usage: bun run contract [--json]\n" });
  });
});

test("an order that Waldur refuses at the very start ends the run, with nothing left", async () => {
  const simulator = start();
  // What the offering shows is not what it takes.
  simulator.world.offering.wire = { components: [{ type: "storage", billing_type: "limit" }] };
  simulator.world.offering.components = [];
  const { code, stderr } = await runScript(variablesOf(simulator));
  expect(stderr).toContain("the consumer cannot order the offering: 400 limits: Invalid types: storage");
  expect(code).toBe(65);
  expect(changesOf(simulator)).toEqual(["POST marketplace-orders/"]);
});

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  server.stop(true);
  return port ?? 0;
}
