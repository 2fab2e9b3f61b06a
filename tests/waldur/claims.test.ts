// Who holds which path, as it is listed, and letting go of one, against a Waldur that is asked whether the holder
// lives.

import { expect, test } from "bun:test";
import { claimsTable, listClaims } from "../../lib/claims/list.ts";
import { releaseClaim } from "../../lib/claims/release.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { DeclinedError } from "../../lib/errors.ts";
import { clientFor, failureOf } from "./connection.ts";
import { openOrders, place } from "./orders-stage.ts";

test("a live holder is released only by force, a terminated one at once, and the list shows both", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create", "a");
  await stage.pass();
  const { offerings } = await loadConfig(stage.configPath, {
    env: {},
    cwd: stage.directory,
    allowInsecure: false,
  });
  const client = clientFor(stage.simulator.url, {
    connection: {
      token: { reveal: () => stage.simulator.providerToken, toString: () => "", toJSON: () => "" },
    },
  });
  const listed = () => listClaims(offerings, { now: new Date(), only: [] });
  const path = stage.documentOf(order).result.storageResources[0]?.mountPoint.default ?? "";
  expect(listed()).toMatchObject([{ path, resource: order.resourceUuid, present: true, named: true }]);
  expect(claimsTable(listed())).toContain(path);
  const release = (wanted: string, force = false) =>
    releaseClaim(
      { path: wanted, resource: null, force },
      {
        offerings,
        readerFor: () => client,
        now: () => new Date(),
        throwIfOver: () => undefined,
        warn: () => undefined,
      },
    );
  expect(await failureOf(release("/nobody/has/it"))).toBeInstanceOf(DeclinedError);
  expect((await failureOf(release(path))).message).toContain(order.resourceUuid ?? "none");
  stage.world.terminate(order.resourceUuid ?? "");
  expect(await release(path)).toContain(`released ${path}`);
  expect(listed()).toEqual([]);
});
