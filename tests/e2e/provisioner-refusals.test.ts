// What examples/provisioner.sh refuses: files lie, users plant symlinks, directories belong to others. Nothing of it
// may change anything, and the reason is shown in Waldur.

import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "pathe";
import { crafted, type Entry, HOME, type Loose, makeOurs, OTHER } from "./provisioner-orders.ts";
import {
  answerTo,
  CAN_PROVISION,
  NEEDS_PROVISIONER,
  quotaCalls,
  type Site,
  treeOf,
} from "./provisioner-site.ts";

describe.skipIf(!CAN_PROVISION)(`an order is refused, and nothing is touched${NEEDS_PROVISIONER}`, () => {
  const set = (values: Loose) => (entry: Entry) => Object.assign(entry, values);
  const gid = (unixGid: unknown) => (entry: Entry) => Object.assign(entry.target.targetItem, { unixGid });
  const mode = (value: unknown) => set({ permission: { permissionType: "octal", value } });
  const quota = (value: unknown) =>
    set({ quotas: [{ type: "space", quota: value, unit: "tera", enforcementType: "hard" }] });
  const mount = (path: string) => set({ mountPoint: { default: path } });
  const ours = (site: Site) => makeOurs(site);
  const others = (site: Site) => makeOurs(site, HOME, OTHER);
  const link = (from: string) => (site: Site) => {
    mkdirSync(join(site.directory, "elsewhere", "home"), { recursive: true });
    mkdirSync(dirname(site.at(from)), { recursive: true });
    symlinkSync(join(site.directory, "elsewhere"), site.at(from));
  };
  const bare = (site: Site) => mkdirSync(site.at(HOME), { recursive: true });
  const nothing = () => undefined;
  type Row = [string, string, string, (site: Site) => void, (entry: Entry) => unknown];
  const ROWS: Row[] = [
    ["a path outside the roots", "create", "is not below a root", nothing, mount("/etc/home")],
    ["a root itself", "create", "is not below a root", nothing, mount("/cold-store")],
    ["a path that begins like a root", "create", "is not below a root", nothing, mount("/cold-store-2/a")],
    ["a path with ..", "terminate", "hidden component", nothing, mount("/cold-store/../../record/answered")],
    ["the trash", "terminate", "hidden component", nothing, mount("/cold-store/.trash")],
    ["a path with //", "create", "empty or a hidden", nothing, mount("/cold-store//home")],
    ["a path that is not absolute", "create", "is not absolute", nothing, mount("cold-store/home")],
    [
      "a name without room for the marker",
      "create",
      "240 bytes",
      nothing,
      mount(`/cold-store/${"n".repeat(241)}`),
    ],
    ["a symlink on the way", "create", "is a symlink, or other users", link("/cold-store/t"), nothing],
    [
      "a symlink on the way of a removal",
      "terminate",
      "is a symlink, or other users",
      link("/cold-store/t"),
      nothing,
    ],
    ["a symlink in its place", "create", "is not marked", link(HOME), nothing],
    [
      "a parent that others can write to",
      "create",
      "is a symlink, or other users",
      (site) => {
        mkdirSync(site.at("/cold-store/t"));
        chmodSync(site.at("/cold-store/t"), 0o775);
      },
      nothing,
    ],
    [
      "a parent of another user",
      "create",
      "is a symlink, or other users",
      (site) => {
        mkdirSync(site.at("/cold-store/t"));
        chownSync(site.at("/cold-store/t"), 12_345, 0);
      },
      nothing,
    ],
    [
      "a file in its place",
      "create",
      "is not a directory",
      (site) => {
        makeOurs(site);
        rmSync(site.at(HOME), { recursive: true });
        writeFileSync(site.at(HOME), "");
      },
      nothing,
    ],
    [
      "a marked symlink in its place",
      "terminate",
      "is not a directory",
      (site) => {
        makeOurs(site);
        rmSync(site.at(HOME), { recursive: true });
        link(HOME)(site);
      },
      nothing,
    ],
    ["a directory without a marker", "create", "is not marked", bare, nothing],
    ["a change of a directory without a marker", "update", "is not marked", bare, nothing],
    ["the removal of a directory without a marker", "terminate", "is not marked", bare, nothing],
    ["the directory of another resource", "create", `of resource ${OTHER}`, others, nothing],
    ["a change of another resource", "update", `of resource ${OTHER}`, others, nothing],
    ["the removal of another resource", "terminate", `of resource ${OTHER}`, others, nothing],
    ["a change of what is not there", "update", "there is no directory", nothing, nothing],
    ["a setuid bit", "create", "permission 4770 is not", nothing, mode("4770")],
    ["a sticky bit", "create", "permission 3770 is not", nothing, mode("3770")],
    ["write for everybody", "update", "permission 777 is not", ours, mode("777")],
    ["no permission", "create", "permission - is not", nothing, set({ permission: null })],
    ["no GID", "create", "the project has no GID", nothing, gid(null)],
    ["GID 0", "create", "GID 0 is not", nothing, gid(0)],
    ["a GID of the system", "update", "GID 999 is not", ours, gid(999)],
    ["a GID that is none", "create", "GID 4294967295 is not", nothing, gid(4_294_967_295)],
    ["a GID that is a name", "create", "wheel is not a GID", nothing, gid("wheel")],
    ["a quota of 0", "update", "quota - cannot", ours, quota(0)],
    ["a resource without an id", "terminate", "has no uuid", nothing, set({ itemId: "../x" })],
  ];

  test.each(ROWS)("%s (%s)", async (_, type, message, prepare, change) => {
    const { site, place, run } = await crafted();
    prepare(site);
    const before = treeOf(site.at("/"));
    const order = place(type, HOME, change);
    expect(await run()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(treeOf(site.at("/"))).toEqual(before);
    expect(answerTo(site, order)).toEqual({ result: "erred", message: expect.stringContaining(message) });
    expect(quotaCalls(site)).toEqual([]);
  });

  test.each([
    ["no JSON", (_: Entry, document: Loose) => Object.assign(document, { result: "cut" })],
    ["the file of another order", (_: Entry, document: Loose) => Object.assign(document, { meta: {} })],
    ["a line break in the path", mount(`${HOME}\nx`)],
  ])("%s is left without an answer, and later orders continue", async (_, change) => {
    const { site, place, run } = await crafted();
    const bad = place("create", HOME, change);
    const good = place("create", "/cold-store/other", (entry) => Object.assign(entry, { itemId: OTHER }));
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining("is not the file of an order, and is left")]);
    expect([answerTo(site, bad), answerTo(site, good)]).toEqual([null, { result: "done" }]);
  });
});
