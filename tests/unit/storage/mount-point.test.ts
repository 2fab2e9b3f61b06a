import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AnswerError } from "../../../lib/errors.ts";
import { isSegment } from "../../../lib/segment.ts";
import { compileTemplate } from "../../../lib/storage/mount-point.ts";
import { entryOf, mapper, problemsOf, type settings, source } from "./support.ts";

const pathOf = (changes: Parameters<typeof source>[0], given: Parameters<typeof settings>[0] = {}) =>
  entryOf(mapper(given).mapResource(source(changes))).mountPoint.default;

describe("the template", () => {
  test("by default has the storage system and the slugs of customer, project and resource", () => {
    expect(pathOf({})).toBe("/capstor/store/university/physics-dept/climate-sim");
  });

  test("knows the data type and the file system, and may name one twice", () => {
    const mountPoint = "/{file_system}/{data_type}/{tenant}-{project}/{data_type}";
    const attributes = { storage_data_type: "Scratch" };
    expect(pathOf({ attributes }, { mountPoint })).toBe("/lustre/scratch/university-climate-sim/scratch");
  });

  test("has text that is not a placeholder as it is, whatever the runtime calls by that name", () => {
    const mountPoint = "/{tenant}constructor{project}";
    expect(pathOf({}, { mountPoint })).toBe("/universityconstructorclimate-sim");
  });

  test("takes storage_system of the settings before the slug of the offering", () => {
    expect(pathOf({}, { storageSystem: "vast" })).toStartWith("/vast/store/");
  });

  test.each([
    ["{tenant}", "does not start with a slash"],
    ["/{tenant}/", "ends with a slash"],
    ["/a//{tenant}", "has an empty part"],
    ["/a/../{tenant}", 'has the part ".."'],
    ["/{nobody}", "unknown placeholder"],
    ["/{tenant", "unknown placeholder"],
  ])("%p is refused: it %s", (template, reason) => {
    expect(() => compileTemplate(template)).toThrow(reason);
  });

  test("a part that several slugs together make too long is a problem", () => {
    const long = "x".repeat(200);
    const made = mapper({ mountPoint: "/{tenant}-{project}" }).mapResource(
      source({ slug: long, customer: { uuid: "2".repeat(32), name: "", slug: long } }),
    );
    expect(problemsOf(made)).toEqual(["bad-slug slug"]);
  });

  test("a bad slug of the offering is reported once, not for each resource", () => {
    expect(() => mapper({ storageSystem: "../x" })).toThrow("storage_system cannot be part of a path");
    expect(() => mapper({ storageSystem: "../x" })).toThrow(AnswerError);
  });

  test("a file system is part of a path only where the template says so", () => {
    const storageFileSystem = "lustré";
    expect(pathOf({}, { storageFileSystem })).toStartWith("/capstor/");
    expect(() => mapper({ storageFileSystem, mountPoint: "/{file_system}/{project}" })).toThrow(
      "storage_file_system",
    );
  });
});

describe("a slug", () => {
  test.each(["-200", "--", "Glacier--1", "a.b", "_x", "x".repeat(255)])("%p is fit for a path", (slug) => {
    expect(pathOf({ slug })).toEndWith(`/physics-dept/${slug}`);
  });

  test.each(["", ".", "..", ".x", "a/b", "a b", "ü", "a\0", "a\n", "x".repeat(256), "/"])(
    "%p is a problem",
    (slug) => {
      expect(problemsOf(mapper().mapResource(source({ slug })))).toEqual(["bad-slug slug"]);
    },
  );

  test("is checked also where the backend id gives the path", () => {
    const made = mapper().mapResource(source({ slug: "..", backendId: "/fine/path" }));
    expect(problemsOf(made)).toEqual(["bad-slug slug"]);
  });
});

describe("a backend id", () => {
  test.each(["/a", "/capstor/scratch/mch/jdoe", "/with space/ü", "/a/..b/c..", `/${"x".repeat(255)}`])(
    "%p is the path of an existing mount",
    (backendId) => {
      expect(pathOf({ backendId })).toBe(backendId);
    },
  );

  test.each(["", "climate-sim", "a b", " ", "a:b", "..", "\u200b"])(
    "%p is not a path: the template rules",
    (backendId) => {
      expect(pathOf({ backendId })).toBe("/capstor/store/university/physics-dept/climate-sim");
    },
  );

  test.each([
    "a/b",
    " /a",
    "./a",
    "../a",
    "capstor/store/old",
    "\u00a0/a",
    "C:\\store",
    "\\a",
    "a/",
    "nfs:/a",
  ])("%p is a problem: it is nearly a path", (backendId) => {
    const resource = source({ backendId });
    const place = mapper().placeOf(resource);
    expect(place).toMatchObject({
      path: "/capstor/store/university/physics-dept/climate-sim",
      isExplicit: false,
      problems: [],
      suspect: {
        code: "bad-backend-id",
        field: "backend_id",
        message: expect.stringContaining("looks like a path but does not begin with a slash"),
        hint: expect.stringContaining("absolute path"),
      },
    });
    const order = { type: "create", limits: {}, attributes: {} } as const;
    expect(problemsOf(mapper().mapResource(resource))).toEqual(["bad-backend-id backend_id"]);
    expect(problemsOf(mapper().mapOrder(order, resource))).toEqual(["bad-backend-id backend_id"]);
  });

  test("that is nearly a path is ignored where the caller knows the path", () => {
    const resource = source({ backendId: "capstor/store/old" });
    const place = { ...mapper().placeOf(resource), path: "/capstor/store/old", suspect: undefined };
    expect(entryOf(mapper().mapResource(resource, place)).mountPoint.default).toBe("/capstor/store/old");
  });

  test.each([
    ["/", "ends with a slash"],
    ["/a/", "ends with a slash"],
    ["//a", "has an empty part (//)"],
    ["/a//b", "has an empty part (//)"],
    ["/a/../b", 'has the part ".."'],
    ["/a/./b", 'has the part "."'],
    ["/..", 'has the part ".."'],
    ["/a\0b", "has a control character (U+0000)"],
    ["/a\nb", "has a control character (U+000A)"],
    ["/a\u2028b", "has a control character (U+2028)"],
    ["/a\ud800", "has half of a character (U+D800)"],
    ["/a\u200bb", "has an invisible format character (U+200B)"],
    ["/a\u202eb", "has an invisible format character (U+202E)"],
    ["/a\ufeff", "has an invisible format character (U+FEFF)"],
    ["/\u00ada", "has an invisible format character (U+00AD)"],
    [`/${"x".repeat(256)}`, "has a part longer than 255 bytes"],
    [`/${"ü".repeat(128)}`, "has a part longer than 255 bytes"],
    ["/x".repeat(2048), "is longer than 4095 bytes"],
  ])("%p is a problem: it %s", (backendId, reason) => {
    const made = mapper().mapResource(source({ backendId }));
    if (made.ok) throw new Error("mapped");
    expect(made.problems).toEqual([
      expect.objectContaining({
        code: "bad-backend-id",
        field: "backend_id",
        message: expect.stringContaining(reason),
      }),
    ]);
  });
});

test("every published path is absolute and the only spelling of itself", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.stringMatching(/^[a-zA-Z0-9./_-]{0,12}$/),
    fc.constantFrom("..", ".", "/", "//", "/a/..", "/ok/path"),
  );
  fc.assert(
    fc.property(text, text, text, (slug, projectSlug, backendId) => {
      const project = { uuid: "3".repeat(32), name: "", slug: projectSlug };
      const made = mapper().mapResource(source({ slug, project, backendId }));
      if (!made.ok) return;
      const path = made.entry.mountPoint.default;
      expect(path).toStartWith("/");
      const parts = path.slice(1).split("/");
      expect(parts.filter((part) => part === "" || part === "." || part === "..")).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
      expect(path).not.toMatch(/[\u0000-\u001f\u007f]/);
      expect(path === backendId || isSegment(parts.at(-1) ?? "")).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
