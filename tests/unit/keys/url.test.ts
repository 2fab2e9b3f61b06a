import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { apiUrlProblem, isPlainHttpBeyondLoopback, normaliseApiUrl } from "../../../lib/keys/url.ts";

const host = fc.domain();
const segment = fc.stringMatching(/^[a-z0-9][a-z0-9._~-]{0,8}$/).filter((text) => text !== "api");
const root = fc
  .tuple(
    fc.constantFrom("http", "https"),
    host,
    fc.option(fc.integer({ min: 1, max: 65_535 })),
    fc.array(segment),
  )
  .map(
    ([scheme, name, port, path]) =>
      `${scheme}://${[name, port].filter((part) => part !== null).join(":")}${path.map((part) => `/${part}`).join("")}`,
  );

describe("normaliseApiUrl", () => {
  test("takes every spelling of one root for the same", () => {
    fc.assert(
      fc.property(root, (base) => {
        const spellings = ["", "/", "//", "/api", "/api/", "/api//"].map((end) =>
          normaliseApiUrl(base + end),
        );
        expect(new Set(spellings).size).toBe(1);
      }),
    );
  });

  test("is idempotent, ends in /api/ and keeps the host and the path prefix", () => {
    fc.assert(
      fc.property(root, fc.constantFrom("", "/", "/api", "/api/api/"), (base, end) => {
        const once = normaliseApiUrl(base + end);
        expect(normaliseApiUrl(once)).toBe(once);
        expect(once.endsWith("/api/")).toBe(true);
        expect(once.startsWith(new URL(base).href.replace(/\/$/, ""))).toBe(true);
      }),
    );
  });

  test.each([
    ["https://portal.hpc.pia/api/", "https://portal.hpc.pia/api/"],
    ["https://portal.hpc.pia", "https://portal.hpc.pia/api/"],
    ["https://h.example/myapi", "https://h.example/myapi/api/"],
    ["https://h.example:8443/waldur/api", "https://h.example:8443/waldur/api/"],
    ["HTTPS://H.Example:443", "https://h.example/api/"],
    ["https://h.example/API", "https://h.example/API/api/"],
  ])("%s → %s", (text, expected) => {
    expect(normaliseApiUrl(text)).toBe(expected);
  });

  test.each([
    "waldur.example.com",
    "ftp://h.example/",
    "https:h.example",
    "https://",
    "https:///h.example",
    "https://user@h.example/api/",
    "https://user:pw@h.example/api/",
    "https://h.example/api/?a=b",
    "https://h.example/api/?",
    "https://h.example/api/#top",
    "https://h.example/a b",
    "https://h.example:port/",
    "",
  ])("refuses %p", (text) => {
    expect(apiUrlProblem(text)).not.toBeNull();
    expect(() => normaliseApiUrl(text)).toThrow(TypeError);
  });
});

describe("isPlainHttpBeyondLoopback", () => {
  test.each([
    ["http://localhost:8081/api/", false],
    ["http://waldur.localhost/api/", false],
    ["http://127.0.0.1/api/", false],
    ["http://127.8.9.1/api/", false],
    ["http://[::1]:8000/api/", false],
    ["https://waldur.example.com/api/", false],
    ["http://waldur.example.com/api/", true],
    ["http://127.0.0.1.example.com/api/", true],
    ["http://localhost.example.com/api/", true],
    ["http://10.0.0.1/api/", true],
  ])("%s → %p", (url, expected) => {
    expect(isPlainHttpBeyondLoopback(url)).toBe(expected);
  });
});
