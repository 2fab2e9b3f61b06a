// The command line: what is refused before anything happens, what help says, and mistakes of the configuration file.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "pathe";
import { BINARY, openStage, type Ran, runSubject, type Stage } from "../stage.ts";
import { isBinary, listingOf, runOnTerminal, scriptOn } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ resources: 3, orders: 3 });
});
afterAll(() => stage.close());

/** Ended with an error of the user's: nothing on standard output, no request, nothing written, no stack. */
function expectNothingDone(ran: Ran, code: number): void {
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: "" });
  expect(ran.stderr).not.toMatch(/^\s+at /m);
  expect(ran.stderr).not.toContain(stage.simulator.providerToken);
  expect(stage.simulator.requests).toEqual([]);
  expect(listingOf(stage.out)).toEqual([]);
}

test("all mistakes of a command line are reported at once, each with its own hint", async () => {
  const ran = await stage.run(["sync", "--dryrun", "--interval=5", "--log-format", "txt"]);
  expectNothingDone(ran, 64);
  expect(ran.stderr.split("\n")).toEqual([
    "waldur-cscs-storage: unknown option --dryrun",
    "hint: did you mean --dry-run?",
    "unknown option --interval",
    expect.stringMatching(/^hint: --interval is an option of `orders`/),
    '--log-format "txt" is not one of text, json',
    "hint: did you mean text?",
    "",
  ]);
});

describe("a command line that is not understood ends with 64 and names the nearest word", () => {
  const unknown = "00000000000000000000000000000000";
  test.each([
    [[], "a command is missing", "--help lists them"],
    [["snyc"], 'unknown command "snyc"', "did you mean sync?"],
    [["order"], 'unknown command "order"', "did you mean orders?"],
    [["constructor"], 'unknown command "constructor"', "known: orders, sync"],
    [["toString"], 'unknown command "toString"', "known: orders, sync"],
    [["__proto__"], 'unknown command "__proto__"', "known: orders, sync"],
    [["hasOwnProperty", "--help"], 'unknown command "hasOwnProperty"', "known: orders, sync"],
    [[""], 'unknown command ""', "known: orders, sync"],
    [["SYNC"], 'unknown command "SYNC"', "did you mean sync?"],
    [["-m", "order_process"], "the site agent's -m is not known", "`waldur-cscs-storage orders`"],
    [["-m=order_process"], "the site agent's -m is not known", "`waldur-cscs-storage orders`"],
    [["--mode", "report"], "the site agent's -m is not known", "`waldur-cscs-storage orders`"],
    [["help", "snyc"], 'unknown command "snyc"', "did you mean sync?"],
    [["help", "claims", "lst"], 'unknown subcommand "lst"', "did you mean list?"],
    [["help", "sync", "x"], 'unexpected argument "x"', "help COMMAND"],
    [["-v"], "the command must come first, not -v", "orders|sync"],
    [["-c", "config.yaml", "sync"], "the command must come first, not -c", "orders|sync"],
    [["--dry-run", "sync"], "the command must come first, not --dry-run", "orders|sync"],
    [["sync", "--dryrun"], "unknown option --dryrun", "did you mean --dry-run?"],
    [["orders", "--dry-rum"], "unknown option --dry-rum", "did you mean --dry-run?"],
    [["sync", "--intervall", "5"], "unknown option --intervall", "--help lists the options"],
    [["sync", "--interval", "5"], "--interval is an option of `orders`", ""],
    [["orders", "--allow-shrink"], "--allow-shrink is an option of `sync`", ""],
    [["orders", "-m", "order_process"], "unknown option -m", "--help lists the options"],
    [["sync", "-x"], "unknown option -x", "--help lists the options"],
    [["sync", "--config"], "--config needs a value", ""],
    [["sync", "-c"], "--config needs a value", ""],
    [["sync", "--config", "--dry-run"], "--config needs a value, not another option", "--config=VALUE"],
    [["sync", "--config="], "--config needs a value", ""],
    [["sync", "--metrics-file", "--json"], "--metrics-file needs a value", "--metrics-file=VALUE"],
    [["sync", "--dry-run=false"], "--dry-run takes no value", ""],
    [["sync", "config.yaml"], 'unexpected argument "config.yaml"', "takes no arguments"],
    [["sync", "--dry-run", "false"], 'unexpected argument "false"', "takes no arguments"],
    [["sync", "sync"], 'unexpected argument "sync"', "takes no arguments"],
    [["claims"], "a subcommand is missing", "claims list|release"],
    [["claims", "-c", "x", "list"], "a subcommand is missing before -c", "claims list|release"],
    [["claims", "lst"], 'unknown subcommand "lst"', "did you mean list?"],
    [["claims", "constructor"], 'unknown subcommand "constructor"', "known: list, release"],
    [["claims", "list", "/a"], 'unexpected argument "/a"', "takes no arguments"],
    [["claims", "list", "--jsno"], "unknown option --jsno", "did you mean --json?"],
    [["claims", "list", "--dry-run"], "unknown option --dry-run", ""],
    [["claims", "release"], "PATH is missing", "--help"],
    [["claims", "release", ""], "PATH is missing", "--help"],
    [["claims", "release", "/a", "/b"], 'unexpected argument "/b"', "takes only PATH"],
    [["claims", "release", "a"], '"a" is not an absolute path', ""],
    [["claims", "release", "/a", "--resource", "b"], '--resource "b" is not a uuid', "`claims list`"],
    [["claims", "release", "/a", "--path", "/b"], "unknown option --path", ""],
    [["sync", "-q", "-v"], "--quiet and --verbose exclude each other", ""],
    [["sync", "--log-format", "xml"], '--log-format "xml" is not one of text, json', ""],
    [["claims", "list", "--interval", "5"], "unknown option --interval", "is an option of `orders`"],
    [["demo", "--dry-run"], "unknown option --dry-run", "is an option of `orders`, `sync`"],
    [["orders", "--interval", "0"], '--interval "0" is not a number from 1 to 86400', ""],
    [["orders", "--timeout", "soon"], '--timeout "soon" is not a number from 1 to 3600', ""],
    [["orders", "--retries", "-1"], "--retries needs a value, not another option", "--retries=VALUE"],
    [["sync", "--offering-uuid", "x"], '--offering-uuid "x" is not a uuid', "32 hex digits"],
    [["sync", "--offering-uuid", unknown], `--offering-uuid ${unknown}: `, "known here: "],
  ])("%j", async (args, message, hint) => {
    const ran = await stage.run(args);
    expectNothingDone(ran, 64);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).toContain(hint);
  });

  // Run from its source, the first `--` is Bun's.
  test.if(isBinary)("a command after -- is not in its place", async () => {
    const ran = await stage.run(["--", "sync"]);
    expectNothingDone(ran, 64);
    expect(ran.stderr).toContain("the command must come first, not --");
  });

  test("an offering that the file does not have is answered with those it has", async () => {
    const ran = await stage.run(["orders", "--offering-uuid", unknown]);
    expect(ran.stderr).toContain(`known here: ${stage.simulator.offeringUuid} (Test)`);
  });
});

describe("help", () => {
  const COMMON = [
    ...["-c, --config FILE", "--offering-uuid UUID", "-n, --dry-run", "--json", "-q, --quiet"],
    ...["-v, --verbose", "--log-format text|json", "--metrics-file FILE", "--timeout SECONDS"],
    ...["--deadline SECONDS", "--retries N", "--allow-insecure-config", "-h, --help", "-V, --version"],
  ];

  test.each([
    ["sync", [...COMMON, "--allow-shrink", "--if-changed"]],
    ["orders", [...COMMON, "--interval SECONDS"]],
    [
      "check",
      ["-c, --config FILE", "--offering-uuid UUID", "--metrics-file FILE", "--json", "--timeout SECONDS"],
    ],
    ["claims list", ["-c, --config FILE", "--offering-uuid UUID", "--json", "-h, --help"]],
    ["claims release", ["PATH [options]", "--resource UUID", "--force", "--timeout SECONDS", "--retries N"]],
    ["claims", ["list|release"]],
    ["demo", ["--resources N", "--orders N", "--keep DIR", "--fault NAME", "--serve PORT"]],
  ])("of %s has every option, examples and exit codes", async (command, options) => {
    const ran = await runSubject([...command.split(" "), "--help"]);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
    for (const option of options) expect(ran.stdout).toContain(option);
    expect(ran.stdout).toMatch(/^[A-Z].*\.\n/);
    expect(ran.stdout).toContain(`USAGE\n  waldur-cscs-storage ${command} `);
    expect(ran.stdout).toMatch(new RegExp(`EXAMPLES\n  # \\w.*\n  waldur-cscs-storage ${command}`));
    const codes = [...ran.stdout.matchAll(/^ {1,3}(\d+) {2}\w/gm)].map(([, code]) => Number(code));
    const all = [0, 1, 10, 64, 65, 69, 73, 74, 75, 77, 78, 130];
    expect(codes).toEqual(command === "claims list" ? [0, 1, 64, 73, 74, 75, 78, 130] : all);
    expect(ran.stdout).not.toContain("\x1b");
  });

  test.each([[["--help"]], [["-h"]], [["help"]], [["help", "--help"]], [["help", "help"]]])(
    "of the program by %j lists the commands",
    async (args) => {
      const ran = await runSubject(args);
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
      for (const word of ["orders", "sync", "claims", "demo", "EXAMPLES", "EXIT CODES"])
        expect(ran.stdout).toContain(word);
    },
  );

  test.each([
    [["sync", "-c", "x", "-h"]],
    [["sync", "--bogus", "--help"]],
    [["sync", "-vh"]],
    [["sync", "-hn"]],
    [["orders", "--config", "--help"]],
  ])("is all that %j does", async (args) => {
    const ran = await stage.run(args);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("USAGE\n  waldur-cscs-storage");
    expect(stage.simulator.requests).toEqual([]);
    expect(listingOf(stage.out)).toEqual([]);
  });

  test.each([
    ...[[["--version"]], [["-V"]], [["sync", "--version"]], [["orders", "-n", "--version"]]],
    ...[[["sync", "-V"]], [["sync", "-nV"]], [["claims", "-V"]], [["claims", "release", "-V"]]],
  ])("the version is all that %j does", async (args) => {
    const ran = await stage.run(args);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^waldur-cscs-storage \d+\.\d+\.\d+\S*\n$/);
    expect(ran.stderr).toBe("");
    expect(stage.simulator.requests).toEqual([]);
  });

  test.each(["sync", "orders", "check", "claims", "claims list", "claims release", "demo"])(
    "of %s is shown by help before the words as well",
    async (command) => {
      const words = command.split(" ");
      const [asked, shown] = await Promise.all([
        runSubject(["help", ...words]),
        runSubject([...words, "--help"]),
      ]);
      expect(asked).toEqual({ code: 0, stdout: shown.stdout, stderr: "" });
    },
  );

  test.each([60, 80, 120])("fits a terminal of %d columns, headings in bold", async (columns) => {
    const { code, shown } = await runOnTerminal('"$@" sync --help', stage, { columns });
    expect(code).toBe(0);
    expect(shown).toContain("\x1b[1mUSAGE\x1b[0m");
    const lines = Bun.stripANSI(shown).split(/\r?\n/);
    const widest = Math.max(...lines.map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(columns);
    expect(widest).toBeGreaterThan(columns - 20);
    const plain = await runOnTerminal('"$@" sync --help', stage, { env: { NO_COLOR: "1" }, columns });
    expect(plain.shown).not.toContain("\x1b");
  });

  test.each([
    ["60", 60],
    ["110", 110],
    ["39", 80],
    ["60.5", 80],
    ["-60", 80],
    ["", 80],
  ])("is as wide as COLUMNS=%p says, piped", async (COLUMNS, columns) => {
    const { stdout } = await runSubject(["sync", "--help"], { env: { COLUMNS } });
    const widest = Math.max(...stdout.split("\n").map((line) => line.length));
    expect([widest <= columns, widest > columns - 20]).toEqual([true, true]);
  });

  test("is 40 columns wide with COLUMNS=40, except for words that are longer", async () => {
    const { stdout } = await runSubject(["sync", "--help"], { env: { COLUMNS: "40" } });
    const long = stdout.split("\n").filter((line) => line.length > 40);
    expect(long).toEqual([expect.stringMatching(/^ +waldur-site-agent-config\.yaml\)$/)]);
  });

  test("is as wide as COLUMNS says on a terminal of another width, else as the terminal", async () => {
    const widestOf = async (COLUMNS: string) => {
      const { shown } = await runOnTerminal('"$@" sync --help', stage, { env: { COLUMNS }, columns: 110 });
      return Math.max(
        ...Bun.stripANSI(shown)
          .split(/\r?\n/)
          .map((line) => line.length),
      );
    };
    const [narrow, wide] = [await widestOf("60"), await widestOf("0")];
    expect([narrow <= 60, narrow > 40, wide > 90, wide <= 110]).toEqual([true, true, true, true]);
  });

  test("its examples have no option that the command does not know", async () => {
    for (const command of ["sync", "orders", "check", "demo", "claims list", "claims release"]) {
      const { stdout } = await runSubject([...command.split(" "), "--help"]);
      const [options = "", examples = ""] = stdout.split("EXAMPLES");
      for (const [, flag = ""] of examples.matchAll(/waldur-cscs-storage [^|#\n]*?(--[\w-]+)/g)) {
        expect(options).toContain(flag);
      }
    }
  });
});

describe.if(isBinary)("called by the name of the Python program", () => {
  async function callByName(name: string, args: string): Promise<{ ran: Ran; files: string[] }> {
    const own = await openStage({ resources: 3 });
    try {
      symlinkSync(BINARY, join(own.directory, name));
      const ran = await scriptOn(own, `PATH=.:$PATH; ${name} ${args}`);
      return { ran, files: own.files() };
    } finally {
      await own.close();
    }
  }

  test("the program is sync", async () => {
    const { ran, files } = await callByName("waldur_cscs_storage_sync", '-c "$CONFIG"');
    expect(ran).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(files).toEqual([expect.stringMatching(/-all\.json$/)]);
  });

  test("it takes the options of sync, and its help is that of sync", async () => {
    const { ran, files } = await callByName("waldur_cscs_storage_sync", '--config "$CONFIG" --dry-run');
    expect(JSON.parse(ran.stdout)).toMatchObject({ mode: "sync", dryRun: true, exitCode: 0 });
    expect(files).toEqual([]);
    const help = await callByName("waldur_cscs_storage_sync", "--help");
    expect(help.ran.stdout).toContain("USAGE\n  waldur-cscs-storage sync");
  });

  test("another name is not a command", async () => {
    const { ran } = await callByName("storage", '-c "$CONFIG"');
    expect(ran.code).toBe(64);
  });
});

describe("a configuration that is wrong ends with 78 and not a single request", () => {
  const config = (name: string) => join(stage.directory, name);
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(config(name), text);
    chmodSync(config(name), mode);
  };
  const valid = (more = "") => `offerings:
  - name: Test
    waldur_api_url: ${stage.simulator.url}
    waldur_api_token: ${stage.simulator.providerToken}
    waldur_offering_uuid: ${stage.simulator.offeringUuid}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${stage.out}
${more}`;

  async function expectRefused(name: string, expected: readonly string[]): Promise<Ran[]> {
    const all: Ran[] = [];
    for (const mode of ["sync", "orders"]) {
      const ran = await stage.run([mode, "-c", name, "-q"]);
      expectNothingDone(ran, 78);
      for (const text of expected) expect(ran.stderr).toContain(text);
      all.push(ran);
    }
    return all;
  }

  test("every mistake is reported in one run, each with line and column", async () => {
    write(
      "wrong.yaml",
      valid("      inode_soft_coefficient: 3\n      inode_hard_coefficient: 2\n      file_mode: '0999'\n") +
        "  - name: Second\n    waldur_api_url: ftp://x\n    backend_type: cscs-hpc-storage\n",
    );
    const [ran] = await expectRefused("wrong.yaml", [
      "wrong.yaml:11:31: offerings[0].backend_settings.inode_hard_coefficient: ",
      "wrong.yaml:12:18: offerings[0].backend_settings.file_mode: ",
      "wrong.yaml:14:21: offerings[1].waldur_api_url: ",
      "offerings[1].waldur_offering_uuid: ",
      "offerings[1].waldur_api_token: ",
    ]);
    for (const line of ran?.stderr.trim().split("\n") ?? []) {
      expect(line).toMatch(/^\S+Z error wrong\.yaml:\d+:\d+: /);
    }
  });

  test("the example of the site agent lacks tokens and uuids, and says where", async () => {
    copyFileSync(resolve(import.meta.dir, "../fixtures/config/example.yaml"), config("example.yaml"));
    const [ran] = await expectRefused("example.yaml", [
      "example.yaml:6:23: offerings[0].waldur_api_token: there is no token",
      "example.yaml:7:27: offerings[0].waldur_offering_uuid: is empty",
      "example.yaml:28:23: offerings[1].waldur_api_token: there is no token",
      "example.yaml:29:27: offerings[1].waldur_offering_uuid: is empty",
    ]);
    expect(ran?.stderr.trim().split("\n")).toHaveLength(4);
  });

  test("a file that is not there, a directory, and one that is too large", async () => {
    mkdirSync(config("conf.d"));
    write("large.yaml", `# ${"x".repeat(5_000_000)}\n`);
    await expectRefused("nonesuch.yaml", [
      "nonesuch.yaml: the configuration file does not exist",
      "--config",
    ]);
    await expectRefused("conf.d", ["conf.d: the configuration file is a directory"]);
    await expectRefused("large.yaml", ["large.yaml: the configuration file is larger than 1 MiB"]);
  });

  test("without --config the default name is looked for, and named", async () => {
    const ran = await runSubject(["sync"], { cwd: stage.directory });
    expect(ran.code).toBe(78);
    expect(ran.stderr).toContain("waldur-site-agent-config.yaml: the configuration file does not exist");
  });

  test("an empty file, one that is not YAML, tabs, and keys given twice", async () => {
    write("empty.yaml", "");
    write("list.yaml", "- a\n- b\n");
    write("tab.yaml", "offerings:\n\t- name: Test\n");
    write("open.yaml", "offerings: [\n");
    write("twice.yaml", valid("      file_mode: '0644'\n      file_mode: '0600'\n"));
    await expectRefused("empty.yaml", ["empty.yaml:1:1: ", "the configuration file is empty"]);
    await expectRefused("list.yaml", ["list.yaml:1:1: "]);
    await expectRefused("tab.yaml", ["tab.yaml:2:1: "]);
    await expectRefused("open.yaml", ["open.yaml:"]);
    await expectRefused("twice.yaml", ["twice.yaml:11:7: "]);
  });

  test("no offering for the mode", async () => {
    write("other.yaml", valid().replaceAll("cscs-hpc-storage", "slurm"));
    await expectRefused("other.yaml", ["other.yaml:2:3: ", "for this program", "backend_type (for sync)"]);
    write("no-orders.yaml", valid().replace("order_processing_backend: cscs-hpc-storage", "sentry_dsn: x"));
    const ran = await stage.run(["orders", "-c", "no-orders.yaml"]);
    expectNothingDone(ran, 78);
    expect(ran.stderr).toContain("no-orders.yaml:2:3: offerings: no offering is for orders");
  });

  test("an unknown key of the settings is a warning with its place in runs and in check", async () => {
    const elsewhere = valid("      shrink_gaurd: 30\n").replace(stage.simulator.url, "http://127.0.0.1:9");
    write("stray.yaml", elsewhere);
    for (const command of [["orders", "-n"], ["sync", "-n"], ["check"]]) {
      const ran = await stage.run([...command, "-c", "stray.yaml", "--retries", "0"]);
      expect(ran.code).toBe(75);
      const text = ran.stdout + ran.stderr;
      expect(text).toMatch(/stray\.yaml:10:7\b/);
      expect(text).toContain("offerings[0].backend_settings.shrink_gaurd");
      expect(text).toContain("did you mean shrink_guard_percent?");
    }
  });

  test("a misspelt key of an offering is refused by the command that takes it, the other one warns", async () => {
    write(
      "misspelt.yaml",
      `${valid()}  - name: Second
    waldur_api_url: http://127.0.0.1:9/
    waldur_api_token: 0123456789abcdef
    waldur_offering_uuid: ${"ab".repeat(16)}
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_dir: /srv/second
`,
    );
    const refused = await stage.run(["orders", "-c", "misspelt.yaml"]);
    expectNothingDone(refused, 78);
    expect(refused.stderr).toContain("backend_settings.output_dir: unknown key");
    expect(refused.stderr).toContain('hint="did you mean output_directory?"');
    const warned = await stage.run(["sync", "-c", "misspelt.yaml", "--dry-run"]);
    expect(warned.code).toBe(0);
    expect(warned.stderr).toContain("warn unknown key, ignored");
    const only = ["--offering-uuid", stage.simulator.world.offering.uuid];
    const narrowed = await stage.run(["orders", "-c", "misspelt.yaml", "--dry-run", ...only]);
    expect(narrowed.code).toBe(0);
    stage.simulator.requests.length = 0;
  });

  test("`schema config` prints a JSON Schema, without any configuration", async () => {
    const ran = await runSubject(["schema", "config"]);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      required: ["offerings"],
    });
  });

  test("each mistake with its hint, also by a command without a log", async () => {
    write(
      "twice.yaml",
      valid().replace(
        /backend_settings:/,
        "backend_settings:\n      file_mode: 644\n      latest_link: maybe",
      ),
    );
    const ran = await stage.run(["claims", "list", "-c", "twice.yaml"]);
    expect(ran.code).toBe(78);
    const lines = ran.stderr.trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(
        /^waldur-cscs-storage: twice\.yaml:\d+:\d+: .*file_mode: must be quoted octal digits$/,
      ),
      'hint: put it in quotes, as in "0644"',
      expect.stringMatching(/^twice\.yaml:\d+:\d+: .*latest_link: must be true or false$/),
    ]);
  });

  test("a token that everybody may read, unless it is allowed", async () => {
    write("open-to-all.yaml", valid(), 0o644);
    await expectRefused("open-to-all.yaml", [
      "open-to-all.yaml:4:23: offerings[0].waldur_api_token: everybody on this machine can read the token",
      "chmod 640 open-to-all.yaml",
    ]);
    const ran = await stage.run(["sync", "-c", "open-to-all.yaml", "--allow-insecure-config", "--dry-run"]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain("everybody on this machine can read the token");
    stage.simulator.requests.length = 0;
  });
});

describe("the token", () => {
  test("comes from a file, a systemd credential or the environment just as well", async () => {
    const own = await openStage({
      resources: 1,
      config: ({ url, offering, out }) => `offerings:
  - name: Test
    waldur_api_url: ${url}
    waldur_offering_uuid: ${offering}
    backend_type: cscs-hpc-storage
    backend_settings: { output_directory: ${out} }
`,
    });
    try {
      writeFileSync(join(own.directory, "waldur_api_token"), `${own.simulator.providerToken}\n`);
      const credentials = await own.run(["sync"], { CREDENTIALS_DIRECTORY: own.directory });
      const environment = await own.run(["sync"], { WALDUR_API_TOKEN: own.simulator.providerToken });
      expect([credentials, environment].map(({ code, stderr }) => [code, stderr])).toEqual([
        [0, ""],
        [0, ""],
      ]);
      const wrong = await own.run(["sync"], { WALDUR_API_TOKEN: "canary-token-of-nobody" });
      expect(wrong.code).toBe(77);
      expect(wrong.stderr).not.toContain("canary");
    } finally {
      await own.close();
    }
  });
});
