// Faults on request: each does to a client what its name says, as often and where it was asked for.

import { describe, expect, test } from "bun:test";
import { FAULTS, planFaults } from "../../lib/simulator/faults.ts";
import type { Simulator } from "../../lib/simulator/server.ts";
import { act, call, column, start } from "./simulator-calls.ts";

const RESOURCES = "marketplace-provider-resources/";
const ORDERS = "marketplace-orders/";

/** What became of a GET: status and kind of body, or the code of the error. */
async function outcome(simulator: Simulator, path: string, timeoutMs = 2000): Promise<string> {
  const headers = { Authorization: `Token ${simulator.providerToken}`, "Accept-Encoding": "gzip" };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(simulator.url + path, { headers, redirect: "manual", signal });
    const text = await answer.text();
    return `${answer.status} ${text.slice(0, 1)}`;
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
    return error instanceof Error ? error.name : "?";
  }
}

describe("instead of an answer", () => {
  for (const [fault, expected] of [
    ["401", "401 {"],
    ["403-on-orders", "403 {"],
    ["404-html", "404 \n"],
    ["html", "200 \n"],
    ["html-500", "500 \n"],
    ["500-on-page-2", "500 \n"],
    ["503-once", "503 \n"],
    ["429-retry-after", "429 {"],
    ["redirect", "302 "],
    ["redirect-other-host", "302 "],
    ["502", "502 \n"],
    ["400", "400 {"],
    ["drop", "ECONNRESET"],
    ["cut", "ECONNRESET"],
    ["cut-gzip", "ZlibError"],
    ["hang", "TimeoutError"],
    ["slow-body", "TimeoutError"],
  ] as const) {
    test(`${fault}: ${JSON.stringify(expected)}`, async () => {
      const simulator = start({ orders: 12, faults: [fault] });
      expect(await outcome(simulator, `${ORDERS}?page=2`, 200)).toBe(expected);
    });
  }

  test("429-retry-after names a time, redirect-other-host another origin", async () => {
    const simulator = start({ faults: ["429-retry-after@orders", "redirect-other-host@resources"] });
    expect((await call(simulator, ORDERS)).headers.get("retry-after")).toBe("1");
    const location = (await call(simulator, RESOURCES)).headers.get("location") ?? "";
    expect(new URL(location).origin).toBe("https://elsewhere.example.org");
  });

  test("huge-body is larger than a client should read", async () => {
    const simulator = start({ faults: ["huge-body"] });
    const answer = await fetch(simulator.url + ORDERS);
    expect(Number(answer.headers.get("content-length"))).toBeGreaterThan(32 * 1024 * 1024);
    await answer.body?.cancel();
  });

  test("broken-json is what its name says", async () => {
    const simulator = start({ resources: 3, faults: ["broken-json"] });
    await expect(call(simulator, RESOURCES)).rejects.toThrow(SyntaxError);
  });

  test("what hangs ends when the simulator stops", async () => {
    const simulator = start({ faults: ["hang"] });
    const waiting = outcome(simulator, ORDERS);
    await Bun.sleep(20);
    await simulator.stop();
    expect(await waiting).not.toStartWith("200");
  });
});

describe("lists with wrong counts or rows", () => {
  const list = (simulator: Simulator, query = "") =>
    call(simulator, `${RESOURCES}?offering_uuid=${simulator.offeringUuid}&page_size=5${query}`);
  const countOf = (got: Awaited<ReturnType<typeof call>>) => ({
    rows: new Set(column(got, "uuid")).size,
    length: column(got, "uuid").length,
    count: got.headers.get("x-result-count"),
  });

  for (const [fault, expected] of [
    ["wrong-count", { rows: 5, length: 5, count: "13" }],
    ["no-count", { rows: 5, length: 5, count: null }],
    ["empty-list", { rows: 0, length: 0, count: "0" }],
    ["missing-row", { rows: 4, length: 4, count: "12" }],
    ["duplicate-rows", { rows: 4, length: 5, count: "12" }],
  ] as const) {
    test(fault, async () => {
      expect(countOf(await list(start({ resources: 12, faults: [fault] })))).toEqual(expected);
    });
  }

  test("what is broken already stays so", async () => {
    const simulator = start({ resources: 3, faults: ["broken-json", "missing-row"] });
    const answered = fetch(`${simulator.url}marketplace-provider-offerings/`, {
      headers: { Authorization: `Token ${simulator.providerToken}` },
    });
    expect((await answered).status).toBe(200);
  });

  test("wrong-offering shows rows of another, ignored-filter adds them", async () => {
    const simulator = start({ resources: 2, faults: ["wrong-offering"] });
    const other = simulator.world.otherOffering.uuid;
    expect(column(await list(simulator), "offering_uuid")).toEqual([other, other]);
    simulator.setFaults(["ignored-filter"]);
    simulator.world.addResource({ offeringUuid: other });
    expect(column(await list(simulator), "offering_uuid")).toEqual([
      simulator.offeringUuid,
      simulator.offeringUuid,
      other,
    ]);
  });

  test("shrinking-list hides a row from a walk over live ones", async () => {
    const simulator = start({ resources: 12, faults: ["shrinking-list*1"] });
    const live = simulator.world.resources().map(({ uuid }) => uuid);
    const seen: unknown[] = [];
    for (const page of [1, 2]) seen.push(...column(await list(simulator, `&state=OK&page=${page}`), "uuid"));
    expect(simulator.world.resource(live[0] ?? "").state).toBe("Terminated");
    expect(seen).not.toContain(live[5]);
    expect(countOf(await list(simulator, "&state=OK&page=2")).count).toBe("11");
  });

  test("growing-list adds a row before each page 2", async () => {
    const simulator = start({ resources: 12, faults: ["growing-list"] });
    const counts = [];
    for (const page of [1, 2, 3, 1, 2]) counts.push(countOf(await list(simulator, `&page=${page}`)).count);
    expect(counts).toEqual(["12", "13", "13", "13", "14"]);
  });

  test("bad-resource spoils one slug", async () => {
    const simulator = start({ resources: 3, faults: ["bad-resource"] });
    const [bad, good] = column(await list(simulator), "slug");
    expect([bad, typeof good]).toEqual(["../../etc", "string"]);
  });
});

describe("orders that do not change as requested", () => {
  const pending = (fault: string) => {
    const simulator = start({ faults: [fault] });
    return { simulator, order: simulator.world.addOrder({ type: "Create" }) };
  };

  test("executing-without-effect", async () => {
    const { simulator, order } = pending("executing-without-effect");
    expect((await act(simulator, order.uuid, "set_state_executing")).status).toBe(200);
    expect(order.state).toBe("pending-provider");
  });

  test("done-without-effect", async () => {
    const { simulator, order } = pending("done-without-effect");
    await act(simulator, order.uuid, "set_state_executing");
    expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(200);
    expect(order.state).toBe("executing");
  });

  test("erred-after-approve, whichever way it was accepted", async () => {
    const { simulator, order } = pending("erred-after-approve");
    const other = simulator.world.addOrder({ type: "Create" });
    expect((await act(simulator, order.uuid, "approve_by_provider")).status).toBe(200);
    expect((await act(simulator, other.uuid, "set_state_executing")).status).toBe(200);
    expect([order.state, other.state]).toEqual(["erred", "erred"]);
  });

  test("lost-backend-id", async () => {
    const { simulator, order } = pending("lost-backend-id");
    const path = `${RESOURCES}${order.resourceUuid}/set_backend_id/`;
    const got = await call(simulator, path, { method: "POST", body: { backend_id: "x" } });
    expect(got.body).toEqual({ status: "Resource backend_id has been changed." });
    expect(simulator.world.resource(order.resourceUuid ?? "").backendId).toBe("");
  });

  test("drop-after-apply changes the order and closes the connection", async () => {
    const { simulator, order } = pending("drop-after-apply@set_state_done*1");
    await act(simulator, order.uuid, "set_state_executing");
    await expect(act(simulator, order.uuid, "set_state_done")).rejects.toThrow("closed");
    expect(order.state).toBe("done");
    expect(simulator.requests.map(({ status }) => status)).toEqual([200, 0]);
  });

  test("drop closes the connection before anything changes", async () => {
    const { simulator, order } = pending("drop@set_state_executing*1");
    await expect(act(simulator, order.uuid, "set_state_executing")).rejects.toThrow("closed");
    expect(order.state).toBe("pending-provider");
    expect((await act(simulator, order.uuid, "set_state_executing")).status).toBe(200);
  });
});

describe("asking for faults", () => {
  test("@ selects requests, * counts them", async () => {
    const simulator = start({ orders: 1, faults: ["500@set_state_done*1", "503@resources*2"] });
    const uuid = simulator.world.orders[0]?.uuid ?? "";
    await act(simulator, uuid, "set_state_executing");
    expect((await act(simulator, uuid, "set_state_done")).status).toBe(500);
    expect((await act(simulator, uuid, "set_state_done")).status).toBe(200);
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await call(simulator, RESOURCES)).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  test("setFaults replaces them all", async () => {
    const simulator = start({ faults: ["401"] });
    simulator.setFaults([]);
    expect((await call(simulator, ORDERS)).status).toBe(200);
  });

  test("an unknown name is an error that lists the known ones", () => {
    for (const name of ["hagn", "999", "constructor", "", "hang*x"]) {
      expect(() => planFaults([name])).toThrow(/unknown fault .*hang.*late-worker/s);
    }
    const simulator = start();
    expect(() => simulator.setFaults(["nope"])).toThrow("unknown fault");
  });

  test("every fault says what it does", () => {
    for (const { summary } of Object.values(FAULTS)) expect(summary).toMatch(/^.{10,80}[^.]$/);
  });
});
