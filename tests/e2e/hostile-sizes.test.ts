// Whatever sizes a hostile server or one of its users chooses: the program ends with a word about it, the valid rows
// are published, and it never takes more than 300 MB (docs/contract.md, "Sizes").

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { everyResource } from "../model/paths.ts";
import { scratchDirectory } from "../scratch.ts";
import { openStage, runMeasured, SUBJECT } from "../stage.ts";
import { type HostileList, orderText, resourceText, rowsOf, startHostile, uuidOf } from "./hostile-waldur.ts";

const MIB = 1024 * 1024;
const MOST_BYTES = 300_000_000;

type Lists = { resources?: HostileList; orders?: HostileList };

async function runOn(
  mode: "sync" | "orders",
  lists: Lists,
  more: { settings?: string; args?: string[] } = {},
) {
  const server = startHostile(lists);
  const directory = scratchDirectory("hostile-");
  const out = join(directory, "out");
  mkdirSync(out);
  const config = join(directory, "config.yaml");
  writeFileSync(
    config,
    `offerings:
  - name: Test
    waldur_api_url: ${server.url}
    waldur_api_token: ${"0123456789abcdef".repeat(2)}
    waldur_offering_uuid: ${server.offering}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}
      ${more.settings ?? ""}
`,
    { mode: 0o600 },
  );
  try {
    const command = [...SUBJECT, mode, "-c", config, ...(more.args ?? [])];
    const { code, stderr, peakBytes } = await runMeasured(command, { cwd: directory });
    const files = readdirSync(out).filter((name) => name.endsWith("all.json"));
    const sizes = files.map((name) => statSync(join(out, name)).size);
    const temporary = readdirSync(out, { recursive: true }).filter((name) => String(name).includes("tmp-"));
    return { code, stderr, bytes: peakBytes, sizes, temporary, requests: server.requests() };
  } finally {
    server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A list of numbers of so many characters, and an object of as many keys as fit. */
const numbers = (length: number) => `[${"1,".repeat(length / 2 - 2)}1]`;
const keys = (length: number) => {
  const parts = [];
  for (let n = 0, taken = 0; taken < length - 16; n++) {
    const part = `"${n.toString(36)}":1`;
    parts.push(part);
    taken += part.length + 1;
  }
  return `{${parts.join(",")}}`;
};
const given = (text: string) => `{"x":${text}}`;
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

const [NUMBERS, KEYS] = [given(numbers(3.9 * MIB)), keys(3.9 * MIB)];
const ROW_OF_NUMBERS = given(numbers(12_000));

type Scene = {
  resources: HostileList;
  settings?: string;
  args?: string[];
  code: number;
  /** On standard error. */
  words: RegExp;
};

const SCENES: Readonly<Record<string, Scene>> = {
  "16 million levels in 32 MB": {
    resources: () => ({ body: nested(16 * MIB), count: 1 }),
    code: 65,
    words: /an answer is larger than 4 MiB/,
  },
  "two million levels in 4 MB": {
    resources: () => ({ body: nested(2 * MIB - 1), count: 1 }),
    code: 65,
    words: /has more than 65536 objects and lists/,
  },
  "50 000 levels in one row": {
    resources: rowsOf(400, (n) => resourceText(n, n === 5 ? { attributes: given(nested(50_000)) } : {})),
    code: 10,
    words: /\(row\) is nested more than 128 levels deep code=bad-answer .*resource=0{31}6/,
  },
  "pages of numbers": {
    resources: rowsOf(3000, (n) => resourceText(n, { attributes: ROW_OF_NUMBERS })),
    code: 0,
    words: /^$/,
  },
  "pages of numbers, eight at once": {
    resources: rowsOf(3000, (n) => resourceText(n, { attributes: ROW_OF_NUMBERS })),
    settings: "parallel_requests: 8",
    code: 0,
    words: /^$/,
  },
  "rows of two million numbers": {
    resources: rowsOf(8, (n) => resourceText(n, { attributes: NUMBERS })),
    code: 0,
    words: /^$/,
  },
  "rows of half a million keys": {
    resources: rowsOf(4, (n) => resourceText(n, { attributes: KEYS })),
    code: 0,
    words: /^$/,
  },
  "a number of four million digits": {
    resources: rowsOf(4, (n) => resourceText(n, { attributes: given("1".repeat(3.9 * MIB)) })),
    code: 0,
    words: /^$/,
  },
  "names of 4 MB": {
    resources: rowsOf(12, (n) => resourceText(n, n < 6 ? { project_name: "N".repeat(3.9 * MIB) } : {})),
    args: ["--allow-shrink"],
    code: 10,
    words: /project_name makes an entry of more than 16 KiB code=too-large/,
  },
  "metadata of a million values": {
    resources: rowsOf(8, (n) =>
      resourceText(n, n < 4 ? { backend_metadata: { project_item: { x: Array(MIB).fill(1) } } } : {}),
    ),
    code: 10,
    words: /backend_metadata makes an entry of more than 16 KiB code=too-large/,
  },
  "large rows that want one path": {
    resources: rowsOf(3000, (n) => resourceText(n, { attributes: ROW_OF_NUMBERS, slug: "same" })),
    args: ["--allow-shrink"],
    code: 10,
    words: /code=mount-clash .*resources=2302 /,
  },
  "slugs as long as may be": {
    resources: rowsOf(150_000, (n) =>
      resourceText(n, {
        slug: `s${n}`.padEnd(255, "x"),
        project_slug: "p".repeat(255),
        customer_slug: "c".repeat(255),
      }),
    ),
    code: 65,
    words: /the mount points of the list are longer than 80 MiB in all/,
  },
  "pages without end": {
    resources: ({ from, to, isOutline }) => rowsOf(to + 300, (n) => resourceText(n))({ from, to, isOutline }),
    code: 65,
    words: /the list of GET marketplace-provider-resources\/ grows while it is read, to 2400 rows by now/,
  },
};

describe("a sync of", () => {
  test.each(Object.entries(SCENES))(
    "%s",
    async (_name, { resources, code, words, ...more }) => {
      const ran = await runOn("sync", { resources }, more);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(words)]);
      expect(ran.stderr).not.toMatch(/\n\s+at |this is a bug/);
      expect(ran.bytes).toBeWithin(20_000_000, MOST_BYTES);
      expect([ran.sizes.length, ran.temporary]).toEqual([code === 65 ? 0 : 1, []]);
    },
    60_000,
  );
});

test("50 000 resources that cannot be mapped are 4 lines, and cost a fifth of the memory that they did", async () => {
  const resources = rowsOf(50_000, (n) =>
    resourceText(n, { slug: "../x", limits: { storage: "many" }, options: { permissions: "x" } }),
  );
  const ran = await runOn("sync", { resources }, { args: ["--allow-shrink"] });
  expect(ran.code).toBe(10);
  const lines = ran.stderr.trimEnd().split("\n");
  expect([lines.length, ran.stderr.length < 100_000]).toEqual([4, true]);
  expect(lines.filter((line) => line.includes("resources=50000"))).toHaveLength(3);
  expect(ran.bytes).toBeLessThan(160_000_000);
  const listed = await runOn("sync", { resources }, { args: ["--allow-shrink", "--json"] });
  expect([listed.code, listed.bytes < MOST_BYTES]).toEqual([10, true]);
}, 60_000);

test("50 000 published resources with three problems each are carried over and listed in the report", async () => {
  const stage = await openStage({ resources: 50_000 });
  const sync = () => runMeasured([...SUBJECT, "sync", "-c", stage.configPath, "--json"], {});
  try {
    expect((await sync()).code).toBe(0);
    for (const { uuid } of everyResource(stage.world)) {
      const resource = stage.world.resource(uuid);
      resource.limits = { storage: -1 };
      resource.attributes = { permissions: "9999", storage_data_type: "../x" };
    }
    const ran = await sync();
    expect(ran.code).toBe(10);
    expect(ran.peakBytes).toBeWithin(20_000_000, MOST_BYTES);
  } finally {
    await stage.close();
  }
}, 60_000);

test("orders of 2 MB, and thousands of a few KB, are handled within the same memory", async () => {
  const note = given(`"${"x".repeat(2 * MIB)}"`);
  for (const [count, attributes] of [
    [40, note],
    [600, ROW_OF_NUMBERS],
  ] as const) {
    const ran = await runOn("orders", { orders: rowsOf(count, (n) => orderText(n, attributes)) });
    // This server's orders stay as they are, whatever it says of a POST.
    expect([ran.code, ran.stderr]).toEqual([10, expect.stringContaining(`order ${uuidOf(0)} was not`)]);
    expect(ran.bytes).toBeWithin(20_000_000, MOST_BYTES);
  }
}, 60_000);
