// The contract suite, held to the simulator as an operator holds it to a real Waldur: in a process of its own,
// configured by the same variables. And what it does when it is stopped, and when a server lies to it.

import { afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { InterruptedError } from "../../lib/errors.ts";
import type { Generation } from "../../lib/simulator/model.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../lib/simulator/server.ts";
import type { Ran } from "../stage.ts";
import {
  liveIn,
  runScript,
  siteOf,
  staffOf,
  start,
  startScript,
  stopSimulators,
  variablesOf,
} from "./operator.ts";
import { type Row, type Rule, tryRule } from "./rule.ts";
import { backendIdRules } from "./rules-backend-ids.ts";
import { listRules, placeCrowd } from "./rules-lists.ts";
import { orderRules } from "./rules-orders.ts";
import { runContract } from "./run.ts";
import { once } from "./site.ts";
import { sweep } from "./sweep.ts";
import { drawTable } from "./table.ts";
import { readVariables } from "./variables.ts";

setDefaultTimeout(60_000);
afterEach(stopSimulators);

/** Rules that servers of the other generation have. */
const ABSENT: Readonly<Record<Generation, readonly string[]>> = {
  "2024": [
    "an approved order that begins on a later day waits for it, and cannot be done before",
    "set_state_done ends an approved Update order",
    "an approved Update order of options alone is set done by the server itself",
    "an Update order of options alone that is set executing stays so",
    "the project of an accepted Create order has one group, with a GID or null",
    "an Update order of options alone is done by the server, and has its file",
  ],
  current: [
    "a worker fills in the resource_uuid of an approved Create order",
    "set_state_executing revives an erred order, and done applies its limits",
  ],
};

describe.each(["2024", "current"] as const)("on a simulated server of generation %s", (generation) => {
  let simulator: Simulator;
  let ran: Ran;
  let rows: Row[];

  beforeAll(async () => {
    simulator = startSimulator({ generation, workerDelayMs: 50 });
    simulator.world.otherOffering.type = "Support.OfferingTemplate";
    ran = await runScript({ ...variablesOf(simulator), ...staffOf(simulator) }, ["--json"]);
    await simulator.stop();
    rows = ran.stdout === "" ? [] : JSON.parse(ran.stdout);
  }, 60_000);

  test("every rule that it has holds", () => {
    expect(rows.filter(({ outcome }) => outcome !== "holds" && outcome !== "not here")).toEqual([]);
    expect(rows.length).toBeGreaterThan(100);
    expect(ran.code).toBe(0);
  });

  test("rules that it does not have are reported as such", () => {
    const absent = rows.filter(({ outcome }) => outcome === "not here");
    expect(absent.map(({ rule }) => rule)).toEqual([...ABSENT[generation]]);
    expect(absent[0]?.seen).toBe(`this one is of generation ${generation}`);
    expect(ran.stderr).toContain(`is of generation ${generation}\n`);
  });

  test("everything is named contract-…, but for what only a simulator is asked, and ended", () => {
    const names = simulator.world.resources().map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith("contract-"))).toEqual(["日本語"]);
    expect(liveIn(simulator)).toEqual([]);
    const open = simulator.world.orders.filter(({ state }) => /^pending-|executing/.test(state));
    expect(open).toEqual([]);
  });

  test("no token is shown", () => {
    for (const token of Object.values({ ...variablesOf(simulator), ...staffOf(simulator) }).slice(1, 3))
      expect(ran.stdout + ran.stderr).not.toContain(token);
  });
});

describe("a run that is stopped", () => {
  const underWay = async (simulator: Simulator) => {
    while (liveIn(simulator).length < 3) await Bun.sleep(5);
  };

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s ends everything that it created, and shows what it saw", async (signal, code) => {
    const simulator = start({ generation: "2024" });
    const script = startScript(variablesOf(simulator));
    await underWay(simulator);
    script.kill(signal);
    const ran = await script.ended;
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(`contract: interrupted by ${signal}\n`);
    expect(ran.stdout).toContain("| a request without a token is refused");
    expect(simulator.world.resources().length).toBeGreaterThan(3);
    expect(liveIn(simulator)).toEqual([]);
  });

  test("by a network that is gone says what it could not end, and the next run ends it", async () => {
    const simulator = start();
    const script = startScript(variablesOf(simulator));
    await underWay(simulator);
    simulator.setFaults(["drop"]);
    const ran = await script.ended;
    expect(ran.code).toBe(75);
    expect(ran.stderr).toMatch(/could not be ended, .*: whatever is named contract-\w+-…/);
    expect(liveIn(simulator)).not.toEqual([]);
    simulator.setFaults([]);
    const interrupted = new AbortController();
    const { failure } = await runContract(readVariables(variablesOf(simulator)), {
      signal: interrupted.signal,
      log: () => interrupted.abort(new InterruptedError("SIGINT")),
    });
    expect(failure?.exitCode).toBe(130);
    expect(liveIn(simulator)).toEqual([]);
  });

  test("by a kill leaves resources that the next run ends, whatever their state", async () => {
    for (const generation of ["2024", "current"] as const) {
      const simulator = start({ generation });
      leaveBehind(simulator);
      expect(liveIn(simulator)).toHaveLength(8);
      expect(await sweep(siteOf(simulator))).toEqual([]);
      expect(liveIn(simulator)).toEqual([]);
    }
  });

  test("what takes staff to end is named", async () => {
    const simulator = start({ generation: "2024" });
    simulator.world.addResource({ name: "contract-stuck", state: "Creating" });
    expect(await sweep(siteOf(simulator))).toEqual(["contract-stuck (Creating)"]);
    expect(await sweep(siteOf(simulator, staffOf(simulator)))).toEqual([]);
  });
});

/** One resource in each state that a run can leave. */
function leaveBehind({ world }: Simulator): void {
  const [project] = world.projects;
  const resource = (name: string, state = "OK") =>
    world.addResource({ name: `contract-${name}`, state, project: project ?? null });
  world.addOrder({ type: "Create", name: "contract-pending" });
  world.addOrder({ type: "Create", name: "contract-executing", state: "executing" });
  resource("ok");
  resource("erred", "Erred");
  world.addOrder({ type: "Update", resource: resource("update"), limits: { storage: 20 } });
  world.addOrder({
    type: "Update",
    resource: resource("updating"),
    limits: { storage: 20 },
    state: "executing",
  });
  world.addOrder({ type: "Terminate", resource: resource("end") });
  world.addOrder({ type: "Terminate", resource: resource("ending"), state: "executing" });
}

describe("a rule", () => {
  const rule = (more: Partial<Rule>): Rule => ({
    name: "is",
    expected: "so",
    see: async () => "so",
    ...more,
  });
  const tried = (one: Rule, options?: SimulatorOptions) => tryRule(one, siteOf(start(options)));

  test("holds when what was seen is what was expected, and differs otherwise", async () => {
    expect(await tried(rule({}))).toEqual({ rule: "is", expected: "so", seen: "so", outcome: "holds" });
    expect(await tried(rule({ see: async () => "else" }))).toMatchObject({
      seen: "else",
      outcome: "DIFFERS",
    });
  });

  test("differs with the reason when it cannot be seen", async () => {
    const see = async () => {
      throw new Error("no answer");
    };
    expect(await tried(rule({ see }))).toMatchObject({ seen: "failed: no answer", outcome: "DIFFERS" });
  });

  test("of another generation is not tried but reported", async () => {
    const see = () => Promise.reject(new Error("tried"));
    expect(await tried(rule({ expected: { "2024": "so" }, see }))).toEqual({
      rule: "is",
      expected: "only on a server of generation 2024",
      seen: "this one is of generation current",
      outcome: "not here",
    });
  });

  test("that takes staff rights is not tried but reported, without a staff token", async () => {
    const see = () => Promise.reject(new Error("tried"));
    expect(await tried(rule({ staffOn: ["current"], see }))).toMatchObject({
      seen: "takes staff rights or a name without contract-: proved on the simulator only",
      outcome: "simulator only",
    });
    expect(await tried(rule({ staffOn: ["2024"] }))).toMatchObject({ outcome: "holds" });
  });

  test("that the site cannot show is reported with what is missing", async () => {
    const see = async () => ({ unproven: "no such offering" });
    expect(await tried(rule({ see }))).toMatchObject({ seen: "no such offering", outcome: "unproven" });
  });

  /** Each lie of a server makes a rule differ that would hold on a correct one. */
  test.each([
    ["wrong-count", "current", "32 orders in pages of 10 come once each, with one count"],
    ["duplicate-rows", "current", "32 resources in pages of 7 come once each, with one count"],
    ["missing-row", "2024", "page_size 300 holds them all"],
    ["no-count", "current", "HEAD gives the count of GET, without a body"],
    ["wrong-offering", "current", "every row says of which offering it is"],
    ["empty-list", "current", "a page has ten rows unless asked otherwise"],
    ["done-without-effect", "current", "set_state_done ends a Create order"],
    ["executing-without-effect", "2024", "set_state_executing takes a pending order"],
    ["erred-after-approve", "current", "approve_by_provider takes a pending order"],
    ["lost-backend-id", "current", "a backend id is set, and changes no state"],
    ["404-html", "current", "a pending order cannot be done"],
  ] as const)("is broken by the fault %s on %s", async (fault, generation, name) => {
    const simulator = start({ generation });
    const site = siteOf(simulator, staffOf(simulator));
    const crowd = once(placeCrowd);
    await crowd(site);
    const rules = [...listRules(crowd), ...orderRules(), ...backendIdRules()];
    const until = rules.findIndex((one) => one.name === name);
    const from = Math.max(0, until - 3);
    const rows: Row[] = [];
    for (const [at, one] of rules.slice(from, until + 1).entries()) {
      if (from + at === until) simulator.setFaults([fault]);
      rows.push(await tryRule(one, site));
    }
    expect(rows.at(-1)).toMatchObject({ rule: name, outcome: "DIFFERS" });
  });
});

test("the table has a line for each rule, and no control characters of a server", () => {
  const row = { rule: "is", expected: "so", seen: "so\u001b[2J\nno", outcome: "DIFFERS" } as const;
  expect(drawTable([row])).toBe(
    [
      "| rule | expected | seen      |         |",
      "| ---- | -------- | --------- | ------- |",
      "| is   | so       | so [2J no | DIFFERS |",
      "",
    ].join("\n"),
  );
});
