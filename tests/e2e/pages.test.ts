// What README, docs/migration.md and docs/operations.md ask an administrator to type is typed here, from the
// installation to the removal, in a copy of this machine and against a simulated Waldur.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { builtPackages, NEEDS_TOOLS } from "../packages.ts";
import { ROOT, readPage, type ShownCommand } from "../pages.ts";
import { openStage, type Stage } from "../stage.ts";
import { NEEDS_COPY, runOnCopy, type Step } from "./machine.ts";

/** The first test of a run builds the packages. */
setDefaultTimeout(180_000);

const readme = readPage("README.md");
const migration = readPage("docs/migration.md");
const operations = readPage("docs/operations.md");

const ownCommands = (page: typeof readme) => page.commands().filter(({ asRoot }) => asRoot);
const look = (line: string): ShownCommand => ({ line, asRoot: true, code: 0 });

/** Of the crontab. */
const VARIABLES = [
  ...readme
    .blocks("cron")
    .join("")
    .matchAll(/^(\w+)=(.*)$/gm),
];

/** As cron starts them: by the user in the sixth field. */
const cronCommands = readme
  .blocks("cron")
  .flatMap((block) => block.split("\n"))
  .filter((line) => /^[\d*]/.test(line))
  .map((line) => VARIABLES.reduce((text, [, name, value = ""]) => text.replaceAll(`$${name}`, value), line))
  .map((line) => line.split(" "))
  .map((fields) => look(`runuser -u ${fields[5]} -- ${fields.slice(6).join(" ")}`));

const PUBLISHED = look("stat -c '%U %a %n' /srv/storage-orders/*");
const TIMERS = look("ls /etc/systemd/system/timers.target.wants");
const METRICS = look("cat /var/lib/prometheus/node-exporter/*.prom");
const REMAINS = look(
  "find /etc /usr/local /srv /var/lib -iname '*waldur*'; getent passwd waldur-storage || true",
);

/** The pages leave the making of a provisioner's user to the provisioner. */
const PROVISIONER = look("useradd --system --no-create-home provisioner");

/** Where the administrator has put the packages, and the example that was installed edited for this Waldur. */
const PREPARED = (packages: string) => look(`ln -s ${packages}/* .`);
const EDITED = look("cat /etc/waldur/config.yaml; sed -i -f /etc/waldur/edits.sed /etc/waldur/config.yaml");
const isCopied = ({ line }: ShownCommand) => line.endsWith("/examples/config.yaml /etc/waldur/config.yaml");

/** The looks are put where the pages have come to what they look at. */
const script = (packages: string): readonly ShownCommand[] => [
  PREPARED(packages),
  PROVISIONER,
  ...ownCommands(readme).flatMap((command) => (isCopied(command) ? [command, EDITED] : [command])),
  PUBLISHED,
  TIMERS,
  ...cronCommands,
  ...ownCommands(migration),
  ...ownCommands(operations).flatMap((command) =>
    command.line.includes("--metrics-file") ? [command, METRICS] : [command],
  ),
  REMAINS,
];

test("every command of the pages is run here or in another test", () => {
  const others = [readme, migration, operations].flatMap((page) =>
    page.commands().filter(({ asRoot }) => !asRoot),
  );
  for (const { line } of others)
    expect(line).toMatch(
      /^(npx --yes bun@1\.4\.5 run (demo|package)|dist\/waldur-cscs-storage demo --keep demo-files|timeout 3 dist\/.*demo --serve .*)$/,
    );
});

const needs = NEEDS_COPY || NEEDS_TOOLS;

describe.skipIf(needs !== "")(`an administrator who types what the pages show${needs}`, () => {
  let stage: Stage;
  let steps: Step[];
  let expected: readonly ShownCommand[];
  const stepOf = ({ line }: ShownCommand) => steps.find((step) => step.line === line);

  beforeAll(async () => {
    stage = await openStage({ resources: 20, orders: 3 });
    expected = script(await builtPackages());
    steps = await runOnCopy(expected, { shared: stage.directory, files: siteFiles(stage) });
  });
  afterAll(() => stage.close());

  test("gets the exit codes that they show, to the last command", () => {
    const ended = steps.map(({ line, code, expected, stderr }) =>
      code === expected ? "" : `${line}\nended with ${code}: ${stderr}`,
    );
    expect(ended.filter((text) => text !== "")).toEqual([]);
    expect(steps).toHaveLength(expected.length);
  });

  test("gets the output of `check` that the page shows", () => {
    const [shown = ""] = operations.blocks("console").filter((block) => block.includes(" check -c "));
    const [line = "", ...output] = shown.split("\n");
    const ran = steps.find((step) => `# ${step.line}` === line);
    expect(neutral(ran?.stdout ?? "")).toBe(neutral(output.join("\n")));
  });

  test("edits the example that the page shows", () => {
    expect(stepOf(EDITED)?.stdout).toBe(readme.blocks("yaml")[0] ?? "");
  });

  test("has one snapshot and three order files, of the user of the runs", () => {
    const lines = stepOf(PUBLISHED)?.stdout.trim().split("\n") ?? [];
    expect(lines).toHaveLength(4);
    for (const line of lines)
      expect(line).toMatch(/^waldur-storage 644 \/srv\/storage-orders\/[\w-]+\.json$/);
  });

  test("has an answer to each question that is put to jq", () => {
    const questions = steps.filter(({ line }) => line.includes("jq "));
    expect(questions.length).toBeGreaterThan(5);
    for (const { line, stdout } of questions)
      expect({ line, isSilent: stdout === "" }).toEqual({
        line,
        isSilent: />\w+\.json$|^PATH_HELD=/.test(line),
      });
  });

  test("receives nothing from cron, nor from a real run", () => {
    expect(cronCommands).toHaveLength(2);
    const real = steps.filter(({ line }) => / (orders|sync) -c /.test(line) && !line.includes("--dry-run"));
    expect(real).toHaveLength(5);
    for (const { line, stdout, stderr } of real)
      expect({ line, stdout, stderr }).toEqual({ line, stdout: "", stderr: "" });
  });

  test("has the timer enabled and the metrics of the last run", () => {
    for (const mode of ["orders", "sync"])
      expect(stepOf(TIMERS)?.stdout.split("\n")).toContain(`waldur-cscs-storage-${mode}.timer`);
    expect(stepOf(METRICS)?.stdout).toMatch(/waldur_cscs_storage_exit_code\{mode="orders",.*\} 0\n/);
  });

  test("has nothing left at the end", () => {
    expect(stepOf(REMAINS)?.stdout).toBe("");
  });
});

/** Without what no two machines have in common; it decides where lines are broken, too. */
function neutral(checked: string): string {
  return checked
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[0-9a-f]{32}/g, "UUID")
    .replaceAll(/uid \d+/g, "uid N")
    .replace(/(file-system ).*? at \S+ [\d.]+ GB free, room for \d+ files/, "$1FILE SYSTEM")
    .replace(/https?:\/\/\S+ answers; .*?; no proxy/, "SERVER answers")
    .trim();
}

/** What the pages ask to write into files. */
function siteFiles({ simulator }: Stage): Record<string, string> {
  return {
    "/etc/waldur/edits.sed": [
      `s,https://waldur.example.org/api/,${simulator.url},`,
      `s,1f5c0a6de0b84c5c9b4b0a0d9c1e2f30,${simulator.offeringUuid},`,
      "",
    ].join("\n"),
    "/etc/waldur/waldur.token": `${simulator.providerToken}\n`,
    "/etc/cron.d/waldur-cscs-storage": readme.blocks("cron").join(""),
    "/var/lib/prometheus/node-exporter/other.prom": "other 1\n",
    [`${ROOT}/old-all.json`]: `{"result": {"storageResources": []}}`,
  };
}
