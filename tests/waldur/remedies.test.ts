// What is reported of a failure says what to do about it.

import { describe, expect, test } from "bun:test";
import { openStage, type Stage, type StageOptions } from "../stage.ts";

type Mode = "sync" | "orders";
type Scene = { options?: StageOptions; act?: (stage: Stage) => void; mode?: Mode };

/** The messages of one run, with their hints. */
async function found({ options, act, mode = "sync" }: Scene) {
  const stage = await openStage({ resources: 3, inMemory: true, ...options });
  try {
    act?.(stage);
    const { report } = await stage.runHere(mode, { retries: 0, silenceMs: 500 });
    return report.problems.map(({ code, message, hint = "" }) => ({ code, message, hint }));
  } finally {
    await stage.close();
  }
}

const SAME_PATH = "/cold-store/store/a/b/c";

describe("a failure is reported with its remedy", () => {
  test.each<[what: string, Scene, code: string, message: RegExp, hint: RegExp]>([
    [
      "a list without the rows that it promises",
      { options: { resources: 0, faults: ["wrong-count"] } },
      "answer",
      /gave no rows where its count promises some/,
      /a cache in front of Waldur/,
    ],
    [
      "an answer without end",
      { options: { faults: ["huge-body"] } },
      "too-large",
      /is larger than 4 MiB/,
      /check waldur_api_url/,
    ],
    [
      "a request that is refused",
      { options: { faults: ["418"] } },
      "answer",
      /was answered with 418/,
      /^check that this is a supported version of Waldur/,
    ],
    [
      "an order that does not move",
      { options: { orders: 1, faults: ["done-without-effect"] }, mode: "orders" },
      "no-effect",
      /was not set done, although Waldur answered 200/,
      /if this persists, check the order in Waldur/,
    ],
    [
      "an order that cannot be read",
      {
        options: { orders: 1 },
        mode: "orders",
        act({ world }) {
          for (const order of world.orders) order.wire = { limits: "x" };
        },
      },
      "bad-answer",
      /limits must be an object, not string; it stays as it is/,
      /check it in Waldur/,
    ],
    [
      "a resource that cannot be read",
      {
        act({ world }) {
          for (const { uuid } of world.resources().slice(0, 1)) world.resource(uuid).wire = { limits: "x" };
        },
      },
      "bad-answer",
      /limits must be an object, not string/,
      /check it in Waldur/,
    ],
    [
      "two backend ids with one path",
      {
        act({ world }) {
          for (const { uuid } of world.resources().slice(0, 2)) world.resource(uuid).backendId = SAME_PATH;
        },
      },
      "mount-clash",
      /^resource [0-9a-f]{32} \(.*\) cannot have the mount point \S+: it is held by resource [0-9a-f]{32} \(/,
      /^set the backend id of [0-9a-f]{32} to another path; if the holder no longer exists/,
    ],
    [
      "two slugs with one path",
      {
        act({ world }) {
          const [first, second] = world.resources();
          const one = world.resource(first?.uuid ?? "");
          Object.assign(world.resource(second?.uuid ?? ""), { slug: one.slug, project: one.project });
        },
      },
      "mount-clash",
      /cannot have the mount point/,
      /^give [0-9a-f]{32} another slug, or set its backend id to another path; if the holder no longer exists/,
    ],
    [
      "GIDs of nobody's group",
      {
        act({ world }) {
          const [first] = world.resources();
          world.resource(first?.uuid ?? "").backendMetadata = { project_item: { unixGid: 0 } };
        },
      },
      "bad-gid",
      /^backend_metadata.project_item.unixGid gives the GID 0, which is not a whole number from 1000/,
      /set it to the number of the project's group/,
    ],
  ])("%s", async (_, scene, code, message, hint) => {
    const [problem, ...others] = await found(scene);
    expect(problem?.code).toBe(code);
    expect(problem?.message).toMatch(message);
    expect(problem?.hint).toMatch(hint);
    expect(others).toEqual([]);
  });
});
