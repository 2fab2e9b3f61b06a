import { expect, test } from "bun:test";
import { isExempt } from "../../../lib/run/no-proxy.ts";

// What Bun 1.4.5 does with these, measured on the compiled binary.
test.each([
  ["http://127.0.0.1:8080/api/", "127.0.0.1", true],
  ["http://127.0.0.1:8080/api/", "a.example, 127.0.0.1 ", true],
  ["http://127.0.0.1:8080/api/", "127.0.0.1:8080", true],
  ["http://127.0.0.1:8080/api/", "127.0.0.1:80", false],
  ["http://127.0.0.1/api/", "127.0.0.1:80", true],
  ["http://127.0.0.1:8080/api/", "127.0.0.0/8", true],
  ["http://127.0.0.1:8080/api/", "10.0.0.0/8", false],
  ["http://127.0.0.1:8080/api/", "127.0.0.1/32", true],
  ["http://127.0.0.1:8080/api/", "127.*", false],
  ["http://127.0.0.1:8080/api/", ".0.0.1", false],
  ["http://127.0.0.1:8080/api/", "*.0.0.1", false],
  ["http://127.0.0.1:8080/api/", "a.example;127.0.0.1", false],
  ["http://127.0.0.1:8080/api/", "http://127.0.0.1", false],
  ["http://127.0.0.1:8080/api/", "x,*", true],
  ["http://127.0.0.1:8080/api/", "", false],
  ["http://localhost:8080/api/", "LOCALHOST", true],
  ["http://localhost:8080/api/", ".localhost", true],
  ["http://localhost:8080/api/", "*.localhost", true],
  ["http://localhost:8080/api/", "host", false],
  ["https://waldur.example.org/api/", "example.org", true],
  ["https://waldur.example.org/api/", "waldur.example.org:443", true],
])("%s with NO_PROXY=%s: %p", (url, list, expected) => {
  expect(isExempt(new URL(url), list)).toBe(expected);
});
