import { describe, expect, test } from "bun:test";
import { canShareAPath, type PathSettings } from "../../../lib/config/shared-paths.ts";
import { configYaml, createSite, OTHER_UUID, offeringYaml } from "./site.ts";

const DEFAULT = "/{storage_system}/store/{tenant}/{customer}/{project}";

const paths = (mountPoint = DEFAULT, more: Partial<PathSettings> = {}): PathSettings => ({
  mountPoint,
  storageSystem: null,
  storageFileSystem: "lustre",
  ...more,
});
const system = (storageSystem: string, mountPoint = DEFAULT) => paths(mountPoint, { storageSystem });

describe("two offerings", () => {
  test.each([
    ["slugs of their own", paths(), paths()],
    ["other systems", system("capstor"), system("vast")],
    ["another word", paths("/a/{project}"), paths("/b/{project}")],
    ["another number of parts", paths("/a/{project}"), paths("/a/{tenant}/{project}")],
    [
      "another file system",
      paths("/{file_system}/{project}"),
      paths("/{file_system}/{project}", { storageFileSystem: "gpfs" }),
    ],
    ["another beginning", paths("/a/x-{project}"), paths("/a/y-{project}")],
    ["another ending", paths("/a/{tenant}-{project}-x"), paths("/a/{project}-y")],
    ["a word that no slug is", paths("/a.b/{project}"), paths("/ab/{project}")],
    ["a word with a character that no slug has", paths("/ä/{project}"), paths("/{tenant}/{project}")],
  ])("with %s cannot share a path", (_, one, other) => {
    expect([canShareAPath(one, other), canShareAPath(other, one)]).toEqual([false, false]);
  });

  test.each([
    ["one system", system("capstor"), system("capstor")],
    ["a slug that may be the other's system", system("capstor"), paths()],
    ["no system in the template", paths("/a/{project}"), paths("/a/{project}")],
    ["a word that may be a slug", paths("/a/{project}"), paths("/{tenant}/{project}")],
    ["a word that may be a part of a slug", paths("/a/x-{project}"), paths("/a/{project}")],
    ["data types", paths("/{data_type}/{project}"), paths("/scratch/{project}")],
    [
      "the slug at another place",
      paths("/{storage_system}/x/{project}"),
      paths("/y/{storage_system}/{project}"),
    ],
    [
      "the slug within a part",
      paths("/{storage_system}-{tenant}/{project}"),
      paths("/{storage_system}-{tenant}/{project}"),
    ],
  ])("with %s may share a path", (_, one, other) => {
    expect([canShareAPath(one, other), canShareAPath(other, one)]).toEqual([true, true]);
  });

  const load = (first: string[], second: string[]) =>
    createSite().load(
      configYaml(
        offeringYaml({ settings: ["output_directory: /srv/one", ...first] }),
        offeringYaml({
          offering: ["name: Other", `waldur_offering_uuid: ${OTHER_UUID}`],
          settings: ["output_directory: /srv/two", ...second],
        }),
      ),
    );

  test("that may share a path are one warning, which names both", async () => {
    const { config } = await load(["storage_system: capstor"], ["storage_system: capstor"]);
    expect(config?.warnings).toMatchObject([
      { path: "offerings[1].backend_settings.mount_point", hint: expect.stringContaining("storage_system") },
    ]);
    expect(config?.warnings[0]?.message).toContain("offerings[0] (Storage) and offerings[1] (Other)");
  });

  test("of an ordinary configuration are none", async () => {
    expect((await load([], [])).config?.warnings).toEqual([]);
    expect((await load(["storage_system: capstor"], ["storage_system: vast"])).config?.warnings).toEqual([]);
  });
});
