// Takes away, one at a time, each guard that a promise rests on, and shows that a test fails for it. Works in a copy of
// the tree; run by hand and weekly: `bun run mutate [--only WORD]`. Prints a table; ends with 1 when a mutant survives
// or a guard is not found where it is listed.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "pathe";

type Mutant = {
  /** What is taken away. */
  guard: string;
  file: string;
  /** Stands exactly once in the file. */
  from: string;
  to: string;
  /** Tests that are expected to fail, below `tests/`. */
  tests: readonly string[];
};

const MUTANTS: readonly Mutant[] = [
  {
    guard: "fsync of the file before it gets its name",
    file: "lib/output/durable.ts",
    from: "  fsyncSync(file.fd);\n  file.sealed = true;",
    to: "  file.sealed = true;",
    tests: ["unit/output/durable.test.ts"],
  },
  {
    guard: "fsync of the directories after the rename",
    file: "lib/output/durable.ts",
    from: "  syncDirectory(dirname(target));\n",
    to: "",
    tests: ["unit/output/durable.test.ts"],
  },
  {
    guard: "the size of the file is checked",
    file: "lib/output/durable.ts",
    from: "if (size !== file.written)",
    to: "if (size < 0)",
    tests: ["unit/output/durable.test.ts"],
  },
  {
    guard: "short writes go on",
    file: "lib/output/durable.ts",
    from: "for (let done = 0; done < bytes.length; )",
    to: "for (let done = 0; done < 1; )",
    tests: ["unit/output/durable.test.ts"],
  },
  {
    guard: "the output directory is the one that was opened",
    file: "lib/output/directory.ts",
    from: "if (found === null || found.dev !== identity?.dev || found.ino !== identity.ino)",
    to: "if (found === null)",
    tests: ["unit/output/directory.test.ts"],
  },
  {
    guard: "a claim is exclusive",
    file: "lib/output/durable.ts",
    from: "    linkSync(path, target);\n    return true;",
    to: "    renameSync(path, target);\n    return true;",
    tests: ["unit/output/durable.test.ts"],
  },
  {
    guard: "a published order file is never rewritten",
    file: "lib/output/order-file.ts",
    from: 'if (found === "absent") return createOrderFile',
    to: 'if (found !== "same") return createOrderFile',
    tests: ["unit/output/order-file.test.ts", "waldur/orders-report-back.test.ts"],
  },
  {
    guard: "another run holds the lock",
    file: "lib/output/lock.ts",
    from: 'if (answer === "busy" && canLock(request)) throw',
    to: "if (false) throw",
    tests: ["unit/output/lock.test.ts"],
  },
  {
    guard: "a row that was listed twice",
    file: "lib/waldur/pages.ts",
    from: "if (uuids.add(uuidBytes(uuid)) < 0) throw",
    to: "if (uuids.add(uuidBytes(uuid)) < -Infinity) throw",
    tests: ["waldur/pages.test.ts"],
  },
  {
    guard: "each page has the rows that the count promises",
    file: "lib/waldur/pages.ts",
    from: "if (rows !== expected) throw",
    to: "if (rows < 0) throw",
    tests: ["waldur/pages.test.ts"],
  },
  {
    guard: "a count that falls",
    file: "lib/waldur/pages.ts",
    from: "if (told < count) throw",
    to: "if (told < 0) throw",
    tests: ["waldur/pages.test.ts"],
  },
  {
    guard: "a list without its count is refused",
    file: "lib/waldur/pages.ts",
    from: "  if (answer.count !== null) return answer.count;\n",
    to: "  return answer.count ?? 0;\n",
    tests: ["waldur/pages.test.ts"],
  },
  {
    guard: "Terminated is the same before and after",
    file: "lib/sync/listing.ts",
    from: "if (after !== terminated)",
    to: "if (after < 0)",
    tests: ["waldur/sync.test.ts"],
  },
  {
    guard: "the guard against shrinking",
    file: "lib/sync/sync.ts",
    from: "if (entries > 0 && lostPercent <= allowed) return;",
    to: "if (lostPercent <= 101) return;",
    tests: ["waldur/sync-guard.test.ts"],
  },
  {
    guard: "entries of problem resources are carried over",
    file: "lib/sync/sync.ts",
    from: "if (selection.leftOut.size === 0) return;",
    to: "if (selection.leftOut.size >= 0) return;",
    tests: ["waldur/sync-carry.test.ts"],
  },
  {
    guard: "one mount point, one resource",
    file: "lib/sync/selection.ts",
    from: "if (holder === null) return mapped.entry;",
    to: "if (holder !== undefined) return mapped.entry;",
    tests: ["waldur/sync-carry.test.ts", "waldur/sync-property.test.ts"],
  },
  {
    guard: "an order whose mount point another holds is left",
    file: "lib/orders/prepare.ts",
    from: "if (clash !== null) return leave(order, clash);",
    to: "",
    tests: ["waldur/orders-left.test.ts"],
  },
  {
    guard: "the order is read again before it is accepted",
    file: "lib/orders/order.ts",
    from: "  const order = await fetchOrder(job.reader, prepared.order.uuid);\n",
    to: "  const order: WaldurOrder | null = prepared.order;\n",
    tests: ["waldur/orders-accept.test.ts", "waldur/surprises.test.ts"],
  },
  {
    guard: "the order is read back after it was accepted",
    file: "lib/orders/order.ts",
    from: 'if (after.state !== "executing") return noteUnmoved("accepted", order, posted, hands);',
    to: "",
    tests: ["waldur/orders-accept.test.ts", "waldur/orders-faults.test.ts"],
  },
  {
    guard: "done is read back",
    file: "lib/orders/order.ts",
    from: '  return noteUnmoved("done", order, posted, hands);',
    to: '  return "done";',
    tests: ["waldur/orders-report-back.test.ts"],
  },
  {
    guard: "the backend id is read back",
    file: "lib/orders/order.ts",
    from: "if (now?.backendId === wanted) return true;",
    to: "if (now !== undefined) return true;",
    tests: ["waldur/orders-report-back.test.ts", "waldur/surprises.test.ts"],
  },
  {
    guard: "the file is there before Waldur is told",
    file: "lib/orders/order.ts",
    from: 'if (!publishOrder(prepared, receipt.file, { job, output, pass })) return "left";',
    to: "setTimeout(() => publishOrder(prepared, receipt.file, { job, output, pass }), 100);",
    tests: ["waldur/orders.test.ts"],
  },
  {
    guard: "409 is a question",
    file: "lib/waldur/client.ts",
    from: "if (received.status === 409) return",
    to: "if (received.status === 0) return",
    tests: ["waldur/client.test.ts", "waldur/orders-accept.test.ts"],
  },
  {
    guard: "the worker of a 2024 server is waited for",
    file: "lib/orders/prepare.ts",
    from: "if (!hasWorker || order.providerReviewedAt === null) return false;",
    to: "if (hasWorker || !hasWorker || order.providerReviewedAt === null) return false;",
    tests: ["waldur/orders-accept.test.ts"],
  },
  {
    guard: "on a 2024 server orders are not approved",
    file: "lib/orders/plan.ts",
    from: '(acceptance === "auto" && !hasWorker)',
    to: 'acceptance === "auto"',
    tests: ["waldur/surprises.test.ts", "waldur/orders-accept.test.ts"],
  },
  {
    guard: "redirects are not followed",
    file: "lib/waldur/client.ts",
    from: 'redirect: "manual",',
    to: "",
    tests: ["waldur/client.test.ts"],
  },
  {
    guard: "TLS verification beats the environment",
    file: "lib/waldur/client.ts",
    from: "return () => Promise.resolve({ rejectUnauthorized: verifyTls });",
    to: "return () => Promise.resolve({ rejectUnauthorized: false });",
    tests: ["waldur/tls.test.ts"],
  },
  {
    guard: "a body has a largest size",
    file: "lib/waldur/body.ts",
    from: "if (size > limitBytes) {",
    to: "if (size < 0) {",
    tests: ["waldur/client.test.ts"],
  },
  {
    guard: "what is no JSON is refused",
    file: "lib/waldur/client.ts",
    from: "throw notJson(received.text, type, exchange);",
    to: "return { body: [], count: 0 };",
    tests: ["waldur/client.test.ts"],
  },
  {
    guard: "tokens are taken out of the log",
    file: "lib/report/log.ts",
    from: "if (secret.length >= SHORTEST_SECRET) secrets.push(secret);",
    to: "",
    tests: ["unit/report/log.test.ts"],
  },
  {
    guard: "a file with a token that everybody can read is refused",
    file: "lib/config/load.ts",
    from: "const report = allowInsecure ? findings.warn : findings.error;",
    to: "const report = findings.warn;",
    tests: ["unit/config/file.test.ts"],
  },
  {
    guard: "a misspelt flag is an error",
    file: "cmd/command.ts",
    from: "strict: true",
    to: "strict: false",
    tests: ["unit/cmd/command.test.ts"],
  },
  {
    guard: "a slug is no path",
    file: "lib/storage/segment.ts",
    from: "[A-Za-z0-9_-][A-Za-z0-9._-]*",
    to: "[^\\0]*",
    tests: ["unit/storage/mapper.test.ts", "unit/storage/mount-point.test.ts"],
  },
];

const root = resolve(import.meta.dir, "..");
const only = process.argv[2] === "--only" ? (process.argv[3] ?? "") : "";
const copy = mkdtempSync(join(tmpdir(), "mutate-"));
let survivors = 0;
try {
  for (const part of ["cmd", "lib", "tests", "scripts", "package.json", "tsconfig.json", "bunfig.toml"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  symlinkSync(join(root, "dist"), join(copy, "dist"));
  console.log("| guard taken away | in | fails |\n| --- | --- | --- |");
  for (const mutant of MUTANTS.filter(({ guard }) => guard.includes(only))) {
    const failing = failingTest(mutant);
    if (failing === null) survivors++;
    console.log(`| ${mutant.guard} | \`${mutant.file}\` | ${failing ?? "**NOTHING: it survives**"} |`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exit(survivors === 0 ? 0 : 1);

/** The first test that fails without the guard; null when none does. */
function failingTest({ file, from, to, tests }: Mutant): string | null {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file} holds this not exactly once: ${from}`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    for (const test of tests) {
      const ran = Bun.spawnSync([process.execPath, "test", "--bail", `tests/${test}`], {
        cwd: copy,
        env: { ...process.env, SUBJECT: "source" },
        stdout: "pipe",
        stderr: "pipe",
        timeout: 120_000,
      });
      if (ran.exitCode !== 0) return nameOfFailure(`${ran.stdout}${ran.stderr}`, test);
    }
    return null;
  } finally {
    writeFileSync(path, source);
  }
}

function nameOfFailure(output: string, test: string): string {
  const name = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/m.exec(output)?.[1];
  return `\`${test}\`: ${(name ?? "does not load").replaceAll("|", "\\|").slice(0, 110)}`;
}
