// Surroundings that a careless program falls for: files in the working directory, variables of the environment, streams
// that are closed, directories that are gone, odd clocks and zones.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";
import { clockAt, FAKETIME } from "../faketime.ts";
import { openStage, runSubject, type Stage } from "../stage.ts";
import { isBinary, runScript, scriptOn } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const GOOD = { code: 0, stdout: "", stderr: "" };
const isRoot = process.getuid?.() === 0;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ resources: 3 });
});
afterAll(() => stage.close());

/** Runs sync and says whether it published. */
async function expectSync(script: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const name of stage.files()) rmSync(join(stage.out, name));
  expect(await scriptOn(stage, script, env)).toEqual(GOOD);
  expect(stage.files()).toHaveLength(1);
}

describe.if(isBinary)("files in the working directory change nothing", () => {
  const EVIL =
    'require("node:fs").writeFileSync("evil-was-here", ""); console.log("EVIL"); process.exit(99);\n';
  const FILES: Readonly<Record<string, string>> = {
    ".env":
      "WALDUR_API_TOKEN=evil\nNODE_TLS_REJECT_UNAUTHORIZED=0\nHTTP_PROXY=http://127.0.0.1:1\nNO_COLOR=\n",
    ".env.local": "HTTP_PROXY=http://127.0.0.1:1\n",
    ".env.production": "HTTP_PROXY=http://127.0.0.1:1\n",
    "bunfig.toml": 'preload = ["./evil.js"]\n[run]\nbun = true\n',
    ".bunfig.toml": 'preload = ["./evil.js"]\n',
    "package.json": '{"type":"commonjs","main":"./evil.js","imports":{"#x":"./evil.js"}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.js"]}}}',
    "evil.js": EVIL,
    "index.js": EVIL,
  };

  test("none of them, nor all together, also as HOME", async () => {
    const hostile = join(stage.directory, "hostile");
    mkdirSync(join(hostile, "node_modules", "yaml"), { recursive: true });
    writeFileSync(join(hostile, "node_modules", "yaml", "index.js"), EVIL);
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(hostile, name), text);
    await expectSync('cd hostile && HOME=$PWD XDG_CONFIG_HOME=$PWD "$@" sync -c "$CONFIG"');
    const listing = await runScript("ls -a", { cwd: hostile });
    expect(listing.stdout).not.toContain("evil-was-here");
  });
});

describe("the environment", () => {
  const evil = () => join(stage.directory, "preload.js");
  beforeAll(() => {
    const mark = JSON.stringify(join(stage.directory, "evil-was-here"));
    writeFileSync(evil(), `require("node:fs").writeFileSync(${mark}, "");\n`);
  });

  test("may be empty", () => expectSync('env -i "$@" sync -c "$CONFIG"'));

  test.each([
    ["NODE_OPTIONS", "--require=./preload.js"],
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
    ["BUN_CONFIG_VERBOSE_FETCH", "curl"],
    ["BUN_CONFIG_VERBOSE_FETCH", "true"],
    ["HOME", "/nonexistent"],
    ["HOME", "/proc"],
    ["HOME", ""],
    ["TMPDIR", "/nonexistent"],
    ["TZ", "Nowhere/None"],
    ["TZ", ""],
    ["TZ", ":/etc/localtime"],
    ["TZ", "../../../etc/passwd"],
    ["LANG", ""],
    ["LC_ALL", "tr_TR.UTF-8"],
    ["LC_ALL", "xx_XX.nonsense"],
    ["TERM", ""],
    ["COLUMNS", "0"],
    ["DEBUG", "*"],
    ["CONSOLA_LEVEL", "5"],
    ["FORCE_COLOR", "3"],
    ["CI", "1"],
    ["NODE_ENV", "development"],
    ["JOURNAL_STREAM", "nonsense"],
    ["CREDENTIALS_DIRECTORY", "/nonexistent"],
    ["NO_PROXY", "*"],
  ])("with %s=%s is no trouble", async (name, value) => {
    expect(await stage.run(["sync"], { [name]: value })).toEqual(GOOD);
  });

  test.if(isBinary).each([
    ["BUN_OPTIONS", "--preload=./preload.js"],
    ["BUN_INSPECT_PRELOAD", "./preload.js"],
    ["BUN_INSPECT", "ws://127.0.0.1:0/x"],
  ])("cannot make us run foreign code or open a debugger with %s", async (name, value) => {
    const ran = await scriptOn(stage, '"$@" sync -c "$CONFIG"; code=$?; ls; exit $code', { [name]: value });
    expect(ran.stdout).not.toContain("evil-was-here");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("disallow");
  });

  test("shows no token where Bun is asked to print requests", async () => {
    for (const value of ["curl", "true", "1"]) {
      const ran = await stage.run(["sync", "-v"], { BUN_CONFIG_VERBOSE_FETCH: value });
      expect(ran.code).toBe(0);
      expect(ran.stderr).not.toContain(stage.simulator.providerToken);
      expect(ran.stderr).not.toMatch(/curl|authorization/i);
    }
  });

  test("has a proxy that is not there: 75, and no token in the message", async () => {
    const ran = await stage.run(["sync", "--retries", "0"], { HTTP_PROXY: "http://user:canary@127.0.0.1:1" });
    expect(ran.code).toBe(75);
    expect(ran.stderr).not.toContain("canary");
  });
});

describe.if(Bun.which("openssl") !== null)("a server with an untrusted certificate", () => {
  /** Runs sync on a stage behind TLS; `more` are lines of the offering, with CERT for the path of the certificate. */
  async function syncOverTls(more: string, env: Readonly<Record<string, string>> = {}) {
    const directory = mkdtempSync(join(tmpdir(), "tls-"));
    const made = await runScript(
      "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1",
      { cwd: directory },
    );
    expect(made.code).toBe(0);
    const [cert, key] = ["cert.pem", "key.pem"].map((name) => readFileSync(join(directory, name), "utf8"));
    const own = await openStage({ resources: 2, tls: { cert: cert ?? "", key: key ?? "" } });
    try {
      const text = readFileSync(own.configPath, "utf8");
      const lines = more.replace("CERT", join(directory, "cert.pem"));
      writeFileSync(own.configPath, text.replace("    backend_type", `${lines}    backend_type`));
      const ran = await own.run(["sync", "--retries", "0"], env);
      return { ...ran, files: own.files().length, asked: own.simulator.requests.length };
    } finally {
      await own.close();
      rmSync(directory, { recursive: true });
    }
  }

  test("is refused with 69, whatever the environment says", async () => {
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }]) {
      const ran = await syncOverTls("", env);
      expect(ran).toMatchObject({ code: 69, stdout: "", files: 0, asked: 0 });
      expect(ran.stderr).toContain("TLS verification");
      expect(ran.stderr).toContain("ca_file");
    }
  });

  test("is trusted by ca_file without a message, and by verify_ssl: false with a warning", async () => {
    expect(await syncOverTls("    ca_file: CERT\n")).toMatchObject({ code: 0, stderr: "", files: 1 });
    const ran = await syncOverTls("    verify_ssl: false\n");
    expect(ran).toMatchObject({ code: 0, files: 1 });
    expect(ran.stderr).toMatch(/ warn [^\n]*verify_ssl/);
  });
});

describe("the working directory", () => {
  test("may be gone", () => expectSync('mkdir gone; cd gone; rmdir ../gone; "$@" sync -c "$CONFIG"'));

  test("that is gone makes a relative configuration one that does not exist", async () => {
    const ran = await scriptOn(stage, 'mkdir gone; cd gone; rmdir ../gone; "$@" sync -c config.yaml');
    expect(ran).toMatchObject({ code: 78, stdout: "" });
    expect(ran.stderr).toContain("config.yaml: the configuration file does not exist");
  });

  test.if(isRoot)("may be one that this user cannot enter", async () => {
    const own = await openStage({ resources: 1 });
    try {
      const script = `mkdir shut; chmod 700 shut; chmod 711 .; chown -R 65534 out config.yaml; cd shut
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@" sync -c "$CONFIG"`;
      expect(await scriptOn(own, script)).toEqual(GOOD);
      expect(own.files()).toHaveLength(1);
    } finally {
      await own.close();
    }
  });

  test.if(isRoot)("and HOME may be read-only", async () => {
    const own = await openStage({ resources: 1 });
    try {
      chmodSync(own.directory, 0o555);
      const script = `chown -R 65534 . && HOME=$PWD setpriv --reuid=65534 --regid=65534 --clear-groups "$@" sync -c "$CONFIG"`;
      expect(await scriptOn(own, script)).toEqual(GOOD);
      expect(own.files()).toHaveLength(1);
    } finally {
      await own.close();
    }
  });
});

describe("standard streams", () => {
  test.each([
    ["<&-"],
    [">&-"],
    ["2>&-"],
    ["<&- >&-"],
    ["<&- 2>&-"],
    [">&- 2>&-"],
    ["<&- >&- 2>&-"],
    ["2>/dev/full"],
    ["</dev/zero"],
  ])("with %s no file gets what was meant for them", async (redirection) => {
    const script = `exec ${redirection}; "$@" sync -v --json -c "$CONFIG"; code=$?; "$@" sync -v -c none.yaml; exit $code`;
    expect([0, 74]).toContain((await scriptOn(stage, script)).code);
    for (const name of stage.everything()) {
      const text = readFileSync(join(stage.out, name), "utf8");
      expect(text).not.toMatch(/dryRun|none\.yaml|info sync/);
    }
    for (const name of stage.files()) expect(stage.read(name).result.storageResources).toHaveLength(3);
  });

  test("a full standard error does not stop a run, nor change its code", async () => {
    const good = await scriptOn(stage, '"$@" sync -v -c "$CONFIG" 2>/dev/full');
    expect(good).toEqual(GOOD);
    for (const redirection of ["2>/dev/full", "2>&-"]) {
      expect((await scriptOn(stage, `"$@" sync -c none.yaml ${redirection}`)).code).toBe(78);
      expect((await scriptOn(stage, `"$@" snyc ${redirection}`)).code).toBe(64);
    }
  });

  test("a reader of standard error that goes away does not stop a run", async () => {
    const ran = await scriptOn(stage, '"$@" sync -v -c "$CONFIG" 2> >(true); exit $?');
    expect(ran).toEqual(GOOD);
  });
});

describe("zones and clocks", () => {
  const CLOCKS = [
    ["the beginning of 1970", "1970-01-01T00:00:00Z", "UTC", "1970-01-01-00-00", "1970-01-01T00:00:00+00:00"],
    ["after 2038", "2038-01-19T03:14:08Z", "UTC", "2038-01-19-03-14", "2038-01-19T03:14:08+00:00"],
    ["a leap day", "2028-02-29T23:59:59Z", "UTC", "2028-02-29-23-59", "2028-02-29T23:59:59+00:00"],
    [
      "the hour before a fold",
      "2026-10-25T00:30:00Z",
      "Europe/Zurich",
      "2026-10-25-02-30",
      "2026-10-25T02:30:00+02:00",
    ],
    [
      "the hour after a fold",
      "2026-10-25T01:30:00Z",
      "Europe/Zurich",
      "2026-10-25-02-30",
      "2026-10-25T02:30:00+01:00",
    ],
    ["a gap", "2026-03-29T01:00:00Z", "Europe/Zurich", "2026-03-29-03-00", "2026-03-29T03:00:00+02:00"],
    ["midnight", "2026-11-24T23:00:00Z", "Europe/Zurich", "2026-11-25-00-00", "2026-11-25T00:00:00+01:00"],
    [
      "a quarter of an hour",
      "2026-11-25T00:00:00Z",
      "Asia/Kathmandu",
      "2026-11-25-05-45",
      "2026-11-25T05:45:00+05:45",
    ],
  ] as const;

  test.each(CLOCKS)("%s gives a name and a date (%s in %s)", async (_, at, zone, minute, date) => {
    const own = await openStage({ resources: 2, orders: 1 });
    try {
      writeFileSync(own.configPath, `timezone: ${zone}\n${readFileSync(own.configPath, "utf8")}`);
      const now = () => new Date(at);
      for (const mode of ["sync", "orders"] as const) {
        expect((await own.runHere(mode, { now })).report.exitCode).toBe(0);
      }
      const [order] = own.world.orders;
      expect(own.files()).toEqual([`${minute}-all.json`, `${minute}-create_${order?.uuid}.json`]);
      for (const name of own.files()) expect(own.read(name).meta.date).toBe(date);
    } finally {
      await own.close();
    }
  });

  test.skipIf(FAKETIME === null || !isBinary).each(CLOCKS)(
    "%s on the clock of the compiled binary changes names and dates only (%s in %s; needs faketime)",
    async (_, at, zone, minute, date) => {
      const own = await openStage({ resources: 2, orders: 1 });
      try {
        writeFileSync(own.configPath, `timezone: ${zone}\n${readFileSync(own.configPath, "utf8")}`);
        const clock = at.slice(0, 19).replace("T", " ");
        own.simulator.setDateClock(() => new Date(at));
        for (const mode of ["sync", "orders"]) {
          expect(await own.run([mode], clockAt(clock))).toEqual(GOOD);
        }
        const [order] = own.world.orders;
        expect(order?.state).toBe("done");
        expect(own.files()).toEqual([`${minute}-all.json`, `${minute}-create_${order?.uuid}.json`]);
        for (const name of own.files()) expect(own.read(name).meta.date).toBe(date);
      } finally {
        await own.close();
      }
    },
  );

  test("both hours of a fold share a name: the second snapshot replaces the first, whole", async () => {
    const own = await openStage({ resources: 2 });
    try {
      writeFileSync(own.configPath, `timezone: Europe/Zurich\n${readFileSync(own.configPath, "utf8")}`);
      const first = await own.runHere("sync", { now: () => new Date("2026-10-25T00:30:00Z") });
      const second = await own.runHere("sync", { now: () => new Date("2026-10-25T01:30:00Z") });
      expect([first, second].map(({ report }) => report.files[0]?.action)).toEqual(["create", "replace"]);
      expect(own.files()).toEqual(["2026-10-25-02-30-all.json"]);
      expect(own.read("2026-10-25-02-30-all.json").meta.date).toBe("2026-10-25T02:30:00+01:00");
    } finally {
      await own.close();
    }
  });

  test("without a timezone in the file the minute is that of TZ", async () => {
    const minutes: string[] = [];
    for (const zone of ["UTC", "Asia/Tokyo"]) {
      const ran = await stage.run(["sync", "-n"], { TZ: zone });
      const { files } = JSON.parse(ran.stdout);
      expect(files[0].document.meta.date).toEndWith(zone === "UTC" ? "+00:00" : "+09:00");
      minutes.push(files[0].path.slice(-25, -9));
    }
    expect(minutes[0]).not.toBe(minutes[1]);
  });

  test("a clock that was set back does not hide the snapshot that was published last", async () => {
    const own = await openStage({ resources: 12 });
    try {
      const at = (date: string) => ({ now: () => new Date(date) });
      await own.runHere("sync", at("2038-01-01T00:00:00Z"));
      for (const { uuid } of own.world.resources().slice(0, 6)) own.world.terminate(uuid);
      const back = await own.runHere("sync", at("2026-01-01T00:00:00Z"));
      expect(back.report).toMatchObject({ exitCode: 65, problems: [{ code: "shrunk" }] });
      expect(own.files()).toEqual(["2038-01-01-00-00-all.json"]);
    } finally {
      await own.close();
    }
  });
});

test("needs nothing that a small machine may lack", async () => {
  const script = `ulimit -n 32; ulimit -c 0; "$@" sync -c "$CONFIG"`;
  await expectSync(script);
  expect((await runSubject(["--version"], { env: {} })).code).toBe(0);
});

const denier = join(import.meta.dir, "children", "deny-writable-code.ts");
const canDeny = Bun.spawnSync([process.execPath, denier, "true"]).exitCode === 0;

test.skipIf(!canDeny)("needs no memory that is both written and executed (needs Linux 6.3)", async () => {
  await expectSync(`"${process.execPath}" "${denier}" "$@" sync -c "$CONFIG"`);
});
