// `components` against the simulated Waldur in both generations: only what differs is sent, nothing is wiped, and every
// way in which Waldur refuses is one clear message.

import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import * as v from "valibot";
import { ComponentsReport } from "../../lib/components/report.ts";
import { componentsText } from "../../lib/components/text.ts";
import { InterruptedError } from "../../lib/errors.ts";
import type { SimulatorOptions } from "../../lib/simulator/server.ts";
import { type ComponentsHere, openComponents, setUpHere } from "../components-site.ts";
import { listenTo, type Stage } from "../stage.ts";

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

/** A site whose file has these lines below `backend_components`. */
async function open(components: readonly string[], options: SimulatorOptions = {}): Promise<Stage> {
  const stage = await openComponents(components, options);
  stages.push(stage);
  return stage;
}

async function run(stage: Stage, options: ComponentsHere = {}) {
  const { report, lines } = await setUpHere(stage, options);
  // Whatever happened, it has the documented structure, and nothing in it is a secret.
  v.parse(ComponentsReport, JSON.parse(JSON.stringify(report)));
  expect(`${lines.join("")}${JSON.stringify(report)}`).not.toContain(stage.simulator.providerToken);
  return { report, lines, codes: report.problems.map(({ code }) => code), text: componentsText(report) };
}

/** What was POSTed: the last word of the path, and the body. */
function posts(stage: Stage): [string, unknown][] {
  return stage
    .requestsOf("POST")
    .map(({ path, body }) => [path.split("/").at(-2)?.split("_")[0] ?? "", JSON.parse(body)]);
}

function only<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined || list.length !== 1) throw new Error(`${list.length} instead of one`);
  return one;
}

const STORAGE = "storage: {accounting_type: limit, label: Storage, measured_unit: TB}";
const INODES = "inodes: {accounting_type: limit, label: Inodes, measured_unit: k, limit: 5}";
const GENERATIONS = ["2024", "current"] as const;

describe.each(GENERATIONS)("a server of %s", (generation) => {
  test("gets nothing when nothing differs, and one GET is all", async () => {
    const stage = await open([STORAGE], { generation });
    const { report, lines, text } = await run(stage);
    expect(report.exitCode).toBe(0);
    expect(stage.simulator.requests.map(({ method }) => method)).toEqual(["GET"]);
    expect([report.problems, report.notices, lines]).toEqual([[], [], []]);
    expect(text).toBe(`Test (${stage.simulator.offeringUuid})\n  storage  as in the file\n`);
  });

  test("gets the uuid and the changed fields only, and keeps what the file does not name", async () => {
    const stage = await open(["storage: {label: Space, limit: 20, description: , article_code: ''}"], {
      generation,
    });
    const storage = only(stage.world.offering.components);
    storage.extra = { limit_amount: 10, description: "by hand", max_value: 99, article_code: "A1" };
    const { report, text } = await run(stage);
    expect(posts(stage)).toEqual([["update", { uuid: storage.uuid, name: "Space", limit_amount: 20 }]]);
    const { extra } = only(stage.world.offering.components);
    expect(extra).toMatchObject({ description: "by hand", max_value: 99, article_code: "A1" });
    expect(report.exitCode).toBe(0);
    expect(text).toBe(
      [
        `Test (${stage.simulator.offeringUuid})`,
        "  storage  updated",
        '      name          "Storage" -> "Space"',
        "      limit_amount  10 -> 20",
        "",
      ].join("\n"),
    );
    stage.simulator.requests.length = 0;
    await run(stage);
    expect(posts(stage)).toEqual([]);
  });

  test("gets a new component with what the file has, which has no price yet, and loses none", async () => {
    const stage = await open([INODES], { generation });
    const { report, lines, text } = await run(stage);
    const fields = { billing_type: "limit", name: "Inodes", measured_unit: "k", limit_amount: 5 };
    expect(posts(stage)).toEqual([["create", { type: "inodes", ...fields }]]);
    expect(stage.world.offering.components.map(({ type }) => type)).toEqual(["storage", "inodes"]);
    expect(report.exitCode).toBe(0);
    expect(report.notices).toMatchObject([{ code: "no-price", component: "inodes" }]);
    expect(lines.join("")).toContain("component inodes is new and has no price");
    expect(text).toContain("  inodes   created\n");
    expect(text).toContain("  storage  only in Waldur, left as it is\n");
    const offering = only(report.offerings);
    expect(only(offering.components).uuid).toBe(stage.world.offering.components[1]?.uuid ?? "");
    expect(offering.onlyInWaldur).toEqual(["storage"]);
  });

  test("a dry run sends nothing and shows what a real one then does", async () => {
    const stage = await open(["storage: {label: Space, limit: 20}", INODES], { generation });
    const dry = await run(stage, { dryRun: true });
    expect(stage.requestsOf("POST")).toEqual([]);
    expect(dry.text).toContain("  storage  would be updated\n");
    expect(dry.text).toContain("  inodes   would be created\n");
    const real = await run(stage);
    const changes = ({ report }: typeof dry) =>
      report.offerings[0]?.components.map(({ type, action, outcome, changes }) => ({
        type,
        action,
        outcome,
        changes,
      }));
    expect(changes(real)).toEqual(changes(dry));
    expect(real.report.notices).toEqual(dry.report.notices);
  });

  test("a change of billing needs its flag, and without it the component stays as it is", async () => {
    const stage = await open(["storage: {accounting_type: usage, label: Space}"], { generation });
    const held = await run(stage);
    expect([held.codes, held.report.exitCode]).toEqual([["billing-change"], 10]);
    expect(held.lines.join("")).toContain("--allow-billing-change");
    expect(held.text).toContain("storage  left as it is, not updated");
    expect(posts(stage)).toEqual([]);
    const { report } = await run(stage, { allowBillingChange: true });
    expect(report.exitCode).toBe(0);
    expect(posts(stage)[0]?.[1]).toMatchObject({ billing_type: "usage", name: "Space" });
    expect(only(stage.world.offering.components).billingType).toBe("usage");
  });

  test("a component that another process created meanwhile is read again and compared", async () => {
    const stage = await open([INODES], { generation });
    const { components } = stage.world.offering;
    listenTo(stage.simulator).push(({ path }) => {
      if (!path.includes("create_offering_component") || components.length > 1) return;
      const named = { type: "inodes", name: "Other", billingType: "limit", measuredUnit: "k" };
      components.push({ uuid: "a".repeat(32), ...named, extra: { limit_amount: 5 } });
    });
    const { report, text } = await run(stage);
    expect([report.exitCode, report.problems]).toEqual([0, []]);
    expect(posts(stage)).toEqual([
      ["create", expect.objectContaining({ type: "inodes" })],
      ["update", { uuid: "a".repeat(32), name: "Inodes" }],
    ]);
    expect(text).toContain('  inodes   updated\n      name  "Other" -> "Inodes"\n');
  });

  test("one that another process created just as it should be is left alone", async () => {
    const stage = await open([INODES], { generation });
    const { components } = stage.world.offering;
    listenTo(stage.simulator).push(({ path }) => {
      if (!path.includes("create_offering_component")) return;
      const named = { type: "inodes", name: "Inodes", billingType: "limit", measuredUnit: "k" };
      components.push({ uuid: "a".repeat(32), ...named, extra: { limit_amount: 5 } });
    });
    expect((await run(stage)).report.exitCode).toBe(0);
    expect(posts(stage)).toHaveLength(1);
  });

  test("one that was removed meanwhile is reported", async () => {
    const stage = await open(["storage: {label: Space}"], { generation });
    listenTo(stage.simulator).push(({ method }) => {
      if (method === "POST") stage.world.offering.components.length = 0;
    });
    const { report, lines, codes } = await run(stage);
    expect([codes, report.exitCode]).toEqual([["component-removed"], 10]);
    expect(lines.join("")).toContain("component storage was removed from the offering meanwhile");
  });

  test("nothing is sent to an archived offering, whether it differs or not", async () => {
    const stage = await open(["storage: {label: Space}", INODES], { generation });
    stage.world.offering.state = "Archived";
    for (const dryRun of [true, false]) {
      const { report, codes, text } = await run(stage, { dryRun });
      expect([codes, report.exitCode]).toEqual([["offering-archived"], 10]);
      expect(text).toContain("inodes   left as it is, not created");
    }
    expect(posts(stage)).toEqual([]);
    only(stage.world.offering.components).name = "Space";
    writeFileSync(stage.configPath, (await Bun.file(stage.configPath).text()).replace(/^ +inodes.*\n/m, ""));
    expect((await run(stage)).report.exitCode).toBe(0);
  });

  test("a user without the right ends with 77, and with what the right is called", async () => {
    const stage = await open(["storage: {label: Space}", INODES], { generation });
    stage.world.offering.ownerMayChangeComponents = false;
    const { report, lines } = await run(stage);
    expect(report.exitCode).toBe(77);
    expect(report.problems).toMatchObject([{ code: "refused" }]);
    expect(lines.join("")).toContain("may not change components of offering");
    expect(lines.join("")).toContain("permission to update components of offerings");
    expect(report.offerings[0]?.components.map(({ outcome }) => outcome)).toEqual(["failed", "left"]);
    expect(posts(stage)).toHaveLength(1);
  });

  test("an offering that Waldur does not know is a configuration error", async () => {
    const stage = await open([STORAGE], { generation });
    stage.world.offering.uuid = "9".repeat(32);
    const { report, lines } = await run(stage);
    expect(report.exitCode).toBe(78);
    expect(lines.join("")).toContain("does not exist in Waldur, or the token has no access");
  });

  test("what cannot be created is said before anything is sent for it, and the others are", async () => {
    const stage = await open(["storage: {label: Space}", "inodes: {label: Inodes}", "more:"], { generation });
    const { report, codes } = await run(stage);
    expect([codes, report.exitCode]).toEqual([["component-incomplete", "component-incomplete"], 10]);
    expect(report.problems.map(({ message }) => message)).toEqual([
      "component inodes is not in Waldur yet, and cannot be created without accounting_type",
      "component more is not in Waldur yet, and cannot be created without accounting_type and label",
    ]);
    expect(posts(stage).map(([step]) => step)).toEqual(["update"]);
  });

  test("a text that Waldur writes for a number is that number", async () => {
    const stage = await open(["storage: {limit: 10, min_value: 2}"], { generation });
    only(stage.world.offering.components).extra = { limit_amount: "10.00", min_value: 2.0 };
    await run(stage);
    expect(posts(stage)).toEqual([]);
  });

  test("a lost answer is read back: what was done is done, what was not is a problem", async () => {
    const stage = await open(["storage: {label: Space}", INODES], {
      generation,
      faults: ["drop-after-apply@update_offering_component*1", "503@create_offering_component*1"],
    });
    const { report, codes } = await run(stage);
    expect([codes, report.exitCode]).toEqual([["component-refused"], 10]);
    expect(report.offerings[0]?.components.map(({ outcome }) => outcome)).toEqual(["done", "failed"]);
    expect(stage.requestsOf("POST")).toHaveLength(2);
  });

  test("a change that Waldur accepts and does not keep is a problem", async () => {
    const stage = await open(["storage: {label: Space}"], { generation });
    Object.defineProperty(only(stage.world.offering.components), "name", {
      value: "Storage",
      writable: false,
    });
    stage.world.offering.components = new Proxy(stage.world.offering.components, { set: () => true });
    const { report, lines } = await run(stage);
    expect(report.problems).toMatchObject([{ code: "component-not-kept" }]);
    expect(lines.join("")).toContain('Waldur accepted the change and shows name "Storage"');
    expect(report.exitCode).toBe(10);
  });

  test("after a signal nothing more is sent, and what was sent is not taken for done", async () => {
    const stage = await open(["storage: {label: Space}", INODES], { generation });
    const controller = new AbortController();
    listenTo(stage.simulator).push(({ method }) => {
      if (method === "POST") controller.abort(new InterruptedError("SIGTERM"));
    });
    const { report, text } = await run(stage, { interrupted: controller.signal });
    expect(report.exitCode).toBe(143);
    expect(posts(stage)).toHaveLength(1);
    expect(report.offerings).toMatchObject([
      { outcome: "failed", components: [{ outcome: "failed" }, { outcome: "left" }] },
    ]);
    expect(text).toContain("storage  sent, not confirmed\n");
    expect(text).toContain("inodes   left as it is, not created\n");
  });
});

describe("decimal places", () => {
  const AMOUNT = "storage: {limit: 0.5}";

  test("of an amount are refused by a server of 2024 and by a component of whole numbers", async () => {
    for (const generation of GENERATIONS) {
      const stage = await open([AMOUNT], { generation });
      const { codes, lines } = await run(stage);
      expect(codes).toEqual(["component-fraction"]);
      expect(lines.join("")).toContain("component storage takes whole numbers only, and limit is 0.5");
      expect(lines.join("")).toContain(generation === "2024" ? "smaller unit" : "set limit_decimal_places");
      expect(posts(stage)).toEqual([]);
    }
  });

  test("are allowed by the component in Waldur, or by the file", async () => {
    const stage = await open([AMOUNT]);
    const { uuid } = only(stage.world.offering.components);
    only(stage.world.offering.components).extra = { limit_decimal_places: 1 };
    expect((await run(stage)).report.exitCode).toBe(0);
    expect(posts(stage)).toEqual([["update", { uuid, limit_amount: 0.5 }]]);
    const other = await open([
      "storage: {limit_decimal_places: 2, max_value: 0.25}",
      "inodes: {accounting_type: limit, label: Inodes, limit_decimal_places: 1, limit: 0.5}",
    ]);
    expect((await run(other)).report.exitCode).toBe(0);
    expect(posts(other).map(([, body]) => body)).toMatchObject([
      { limit_decimal_places: 2, max_value: 0.25 },
      { limit_decimal_places: 1, limit_amount: 0.5 },
    ]);
  });

  test("of a new component are not those of another one", async () => {
    const stage = await open(["inodes: {accounting_type: limit, label: Inodes, limit: 0.5}"]);
    only(stage.world.offering.components).extra = { limit_decimal_places: 2 };
    expect((await run(stage)).codes).toEqual(["component-fraction"]);
  });

  test("are not sent to a server that does not know them, which is a notice each time and no change", async () => {
    const stage = await open(["storage: {limit_decimal_places: 1, is_prepaid: true}"], {
      generation: "2024",
    });
    const { report } = await run(stage);
    expect(report.exitCode).toBe(0);
    expect(report.notices).toMatchObject([
      {
        message: "component storage: this Waldur does not support limit_decimal_places, is_prepaid: not sent",
      },
    ]);
    expect(posts(stage)).toEqual([]);
  });

  test("of an offering without components are found out by creating one", async () => {
    const stage = await open(
      ["storage: {accounting_type: limit, label: Storage, limit_decimal_places: 1, limit: 5}"],
      { generation: "2024" },
    );
    stage.world.offering.components.length = 0;
    const { report } = await run(stage);
    expect(report.exitCode).toBe(0);
    expect(report.notices.map(({ code }) => code).sort()).toEqual(["field-unknown", "no-price"]);
    stage.simulator.requests.length = 0;
    await run(stage);
    expect(posts(stage)).toEqual([]);
  });
});

test("the keys of the site agent, all of them, as Waldur calls them, and unit_factor never", async () => {
  const stage = await open([
    "storage:",
    "  unit_factor: 0.001",
    "  measured_unit: GB",
    "  label: Space",
    "  accounting_type: limit",
    "  limit: 1",
    "  description: |",
    "    two",
    "    lines",
    "  min_value: 2",
    "  max_value: 3",
    "  max_available_limit: 4",
    "  default_limit: 5",
    "  limit_period: total",
    "  article_code: A1",
    "  is_boolean: no",
    "  is_prepaid: yes",
    "  min_prepaid_duration: 6",
    "  max_prepaid_duration: 7",
    "  prepaid_duration_step: 8",
    "  min_renewal_duration: 9",
    "  max_renewal_duration: 10",
    "  renewal_duration_step: 11",
    "  limit_decimal_places: 1",
    "  unit_factor_reporting: 5",
    "  target_components: {a: {factor: 1}}",
  ]);
  const { uuid } = only(stage.world.offering.components);
  expect((await run(stage)).report.exitCode).toBe(0);
  expect(posts(stage)).toEqual([
    [
      "update",
      {
        uuid,
        ...{ name: "Space", measured_unit: "GB", limit_amount: 1, description: "two\nlines" },
        ...{ min_value: 2, max_value: 3, max_available_limit: 4, default_limit: 5, limit_period: "total" },
        ...{ article_code: "A1", is_prepaid: true, limit_decimal_places: 1 },
        ...{ min_prepaid_duration: 6, max_prepaid_duration: 7, prepaid_duration_step: 8 },
        ...{ min_renewal_duration: 9, max_renewal_duration: 10, renewal_duration_step: 11 },
      },
    ],
  ]);
});

test("the names of a list say nothing of a component, so that those in Waldur stay", async () => {
  const stage = await open(["- storage"]);
  expect((await run(stage)).report.exitCode).toBe(0);
  expect(posts(stage)).toEqual([]);
});

test("a file without components is a notice", async () => {
  const stage = await open([]);
  const { report } = await run(stage);
  expect([report.exitCode, report.notices.map(({ code }) => code)]).toEqual([0, ["no-components"]]);
});

test("what Waldur refuses is a problem with Waldur's reason, and the others are sent", async () => {
  const stage = await open(["storage: {min_prepaid_duration: 3}", INODES]);
  const { report, lines } = await run(stage);
  expect([report.exitCode, report.problems.map(({ code }) => code)]).toEqual([10, ["component-refused"]]);
  expect(lines.join("")).toContain("This field can only be set on prepaid components.");
  expect(posts(stage)).toHaveLength(2);
  expect(stage.world.offering.components).toHaveLength(2);
});

test("names of Waldur reach no terminal as they are", async () => {
  const stage = await open(["storage: {label: Space}"]);
  only(stage.world.offering.components).name = "a\u001b[31m\u202eb";
  const { text } = await run(stage, { dryRun: true });
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}|\p{Cf}/u);
});
