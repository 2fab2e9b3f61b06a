// The README is true: what it shows is run here, and its tables are compared with the code.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "pathe";
import { EXIT_CODES } from "../../cmd/exit-codes.ts";
import { command as orders } from "../../cmd/orders.ts";
import { command as sync } from "../../cmd/sync.ts";
import { OWN_KEYS } from "../../lib/config/known-keys.ts";
import { loadConfig } from "../../lib/config/load.ts";
import manifest from "../../package.json" with { type: "json" };
import { BINARY, listPublic, openStage, runCommand, runSubject, type Stage } from "../stage.ts";

const root = resolve(import.meta.dir, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, body = ""]) => body,
  );
}

/** Rows of the first table below a heading, as cells without back-quotes. */
function table(heading: string, page = readme): string[][] {
  const [, section = ""] = page.split(`${heading}\n`);
  const lines = section.split("\n");
  const start = lines.findIndex((line) => line.startsWith("| "));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").replaceAll("\\|", "|").trim()),
  );
}

function commandsIn(block: string): string[] {
  return block
    .split("\n")
    .filter((line) => line.startsWith("$ "))
    .map((line) => line.slice(2));
}

describe("tables", () => {
  test("the options are those of the commands, with the words of their help", () => {
    const shown = table("### Options");
    const flags = { ...orders.args, ...sync.args };
    const expected = Object.entries(flags).map(([name, flag]) => {
      const { alias, valueHint, description = "" } = flag;
      const words = "options" in flag ? flag.options?.join("|") : undefined;
      const value = words ?? valueHint ?? "";
      return [
        `${alias === undefined ? "" : `-${alias}, `}--${name}${value === "" ? "" : ` ${value}`}`,
        description.replace(/ \(default (?:300|3600)\)/, ""),
      ];
    });
    expect(shown.map(([option, , , meaning]) => [option, meaning]).sort()).toEqual(expected.sort());
    for (const [option = "", inOrders, inSync] of shown) {
      const name = /--([\w-]+)/.exec(option)?.[1] ?? "";
      expect([name, inOrders !== "", inSync !== ""]).toEqual([
        name,
        Object.hasOwn(orders.args, name),
        Object.hasOwn(sync.args, name),
      ]);
    }
    const deadline = shown.find(([option]) => option?.startsWith("--deadline"));
    expect(orders.args.deadline?.description).toContain(`default ${deadline?.[1]}`);
    expect(sync.args.deadline?.description).toContain(`default ${deadline?.[2]}`);
  });

  test("the exit codes are those of the help", async () => {
    expect(table("### Exit codes")).toEqual(EXIT_CODES.map(([code, when]) => [`${code}`, when]));
    const { stdout } = await runSubject(["--help"]);
    const [, codes = ""] = stdout.split("EXIT CODES\n");
    const helped = [...codes.replaceAll(/\n {6}/g, " ").matchAll(/^ *(\d+) {2}(.*)$/gm)];
    expect(table("### Exit codes")).toEqual(helped.map(([, code = "", when = ""]) => [code, when]));
  });

  test("the keys of backend_settings are those of the code, with their defaults", async () => {
    const rows = table("Keys of `backend_settings`:");
    expect(rows.map(([key]) => key)).toEqual([...OWN_KEYS.settings]);
    const directory = mkdtempSync(join(tmpdir(), "readme-"));
    try {
      const path = join(directory, "c.yaml");
      writeFileSync(
        path,
        `offerings: [{waldur_api_url: "http://127.0.0.1:1", waldur_api_token: "abcdefgh", waldur_offering_uuid: "${"1".repeat(32)}", backend_type: cscs-hpc-storage}]`,
        { mode: 0o600 },
      );
      const { offerings } = await loadConfig(path, { env: {}, cwd: "/", allowInsecure: false });
      const settings = Object.entries(offerings[0]?.settings ?? {});
      for (const [key = "", shown] of rows) {
        const camel = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
        const actual = settings.find(([name]) => name === camel)?.[1];
        expect(`${key}: ${shownDefault(key, actual)}`).toBe(`${key}: ${shown}`);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("the figures are those of docs/benchmark.md", () => {
    const page = readFileSync(join(root, "docs/benchmark.md"), "utf8");
    const measured = (caption: string): Record<string, string[]> =>
      Object.fromEntries(table(`${caption}:`, page).map(([name = "", ...cells]) => [name, cells]));
    const shown = Object.fromEntries(table("## What it costs"));
    const least = (text = "") => text.replace(/ \(median .*\)/, "");
    const start = measured("Start, and a pass over an offering without orders");
    const idle = start["orders with nothing to do"] ?? [];
    expect(shown["--version"]).toBe(`${least(start["--version"]?.[3])} times an empty compiled program`);
    expect(shown["a pass of orders without orders"]).toBe(
      `${Math.round(Number.parseFloat(idle[0] ?? ""))} ms, ${least(idle[3])} times the bare start and its two requests`,
    );
    for (const size of ["10 000", "100 000"]) {
      const sync = measured(`${size} resources, no latency`);
      const pipeline = sync["one curl with the same fields, one jq, sync, mv"] ?? [];
      expect(shown[`sync of ${size} resources, no latency`]).toBe(
        `${sync.sync?.[0]}; one curl and one jq take ${Number.parseFloat(pipeline[2] ?? "").toFixed(1)} times as long`,
      );
    }
    const memory = measured("Peak memory of `sync`");
    const peaks = ["10 000", "100 000", "1 000 000"].map((size) => least(memory[size]?.[0]));
    expect(shown["memory at 10 000, 100 000, 1 000 000 resources"]).toBe(
      `${peaks.join(", ")}; an idle start has ${memory["nothing loaded"]?.[0]}`,
    );
    expect(page).toContain(/on (\d{4}-\d{2}-\d{2}), on 2 cores/.exec(readme)?.[1] ?? "a date");
  });
});

/** A default as the table shows it. */
function shownDefault(key: string, value: unknown): string {
  if (key === "output_directory") return String(value).replace(/^\/(.*?)\/?$/, "$1/");
  if (key === "storage_system") return value === null ? "the offering's slug" : String(value);
  if (key === "require_mount") return value === null ? "none" : String(value);
  if (key === "unix_gid") return (value as { kind: string }).kind;
  if (key === "file_mode") return `"0${(value as number).toString(8)}"`;
  if (key === "default_permissions") return `"${value}"`;
  if (key === "permissions_allowed") return `"${(value as number).toString(8)}"`;
  if (key === "mount_roots") return String(value) === "/" ? "the beginning of mount_point" : String(value);
  if (key === "max_quota_tb") return value === null ? "none" : String(value);
  if (key === "data_types") return value === null ? "any" : String(value);
  return String(value);
}

describe("commands", () => {
  let stage: Stage;
  let bin: string;

  beforeAll(async () => {
    stage = await openStage({ resources: 20, orders: 3 });
    bin = join(stage.directory, "bin");
    mkdirSync(bin);
    symlinkSync(BINARY, join(bin, "waldur-cscs-storage"));
  });
  afterAll(() => stage.close());

  const shell = (line: string) =>
    runCommand(["bash", "-o", "pipefail", "-c", line], {
      cwd: stage.directory,
      env: { PATH: `${bin}:${process.env.PATH}` },
    });

  test("every bun script that it names exists", () => {
    const named = [...readme.matchAll(/bun@1\.4\.5 run (\w+)/g)].map(([, name = ""]) => name);
    expect([...new Set(named)].sort()).toEqual(["build", "contract", "demo", "e2e", "test", "verify"]);
    for (const name of named) expect(Object.keys(manifest.scripts)).toContain(name);
  });

  test("the test command of the pipeline is that of the README", () => {
    const [command] = blocks("console")
      .flatMap(commandsIn)
      .filter((line) => line.endsWith(" run verify"));
    expect(readFileSync(join(root, ".ci/run"), "utf8")).toContain(`CI=1 ${command}\n`);
  });

  test("every line with the program in it runs and ends with 0", async () => {
    const lines = blocks("console")
      .flatMap(commandsIn)
      .filter((line) => line.includes("-c config.yaml"))
      // Before the orders are handled, there is something to see.
      .sort((one, other) => Number(other.includes("--dry-run")) - Number(one.includes("--dry-run")));
    expect(lines.length).toBe(6);
    for (const line of lines) {
      const { code, stdout, stderr } = await shell(line);
      expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: "" });
      if (line.includes("jq")) expect(stdout.trim()).not.toBe("");
    }
    expect(listPublic(stage.out)).toHaveLength(4);
  });

  test("the cron lines run, in silence", async () => {
    const lines = blocks("cron")
      .flatMap((block) => block.split("\n"))
      .filter((line) => /^[\d*]/.test(line))
      .map((line) => line.split(" ").slice(5).join(" "));
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const ran = await shell(
        line.replace("/etc/waldur/config.yaml", "config.yaml").replace("/usr/local/bin/", ""),
      );
      expect({ line, ...ran }).toEqual({ line, code: 0, stdout: "", stderr: "" });
    }
  });

  test("the demonstration shows what it says", async () => {
    const [shown = ""] = blocks("console").filter((block) => block.includes("a simulated Waldur at"));
    const [line = ""] = commandsIn(shown);
    const { code, stdout } = await shell(line);
    expect(code).toBe(0);
    const neutral = stdout
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
      .replaceAll(stage.directory, "DIR")
      .replaceAll(/\d{4}-\d\d-\d\d-\d\d-\d\d-/g, "YYYY-MM-DD-HH-MM-");
    expect(neutral).toStartWith(shown.replace(`$ ${line}\n`, "").replace("…\n", ""));
  });

  test("the example configuration loads once its token file is there", async () => {
    const [yaml = ""] = blocks("yaml");
    const path = join(stage.directory, "example.yaml");
    writeFileSync(path, yaml);
    writeFileSync(join(stage.directory, "waldur.token"), "0123456789abcdef\n", { mode: 0o600 });
    const config = await loadConfig(path, { env: {}, cwd: "/", allowInsecure: false });
    expect(config.warnings).toEqual([]);
    expect(config.offerings).toMatchObject([{ sync: true, orders: true, name: "Storage" }]);
  });

  test.skipIf(Bun.which("systemd-analyze") === null)(
    "systemd accepts the units (needs systemd-analyze)",
    async () => {
      const units = join(stage.directory, "units");
      mkdirSync(units);
      for (const unit of blocks("ini")) {
        const name = /system\/(\S+)/.exec(unit)?.[1] ?? "";
        const here = unit
          .replace("/usr/local/bin/waldur-cscs-storage", BINARY)
          .replace("User=waldur-storage", "User=root");
        writeFileSync(join(units, name), here);
      }
      const { code, stderr } = await shell(`systemd-analyze verify ${units}/*`);
      const about = stderr.split("\n").filter((line) => line.includes(units) || line.includes("waldur"));
      expect({ code, about }).toEqual({ code: 0, about: [] });
    },
  );

  const nginx = ["/usr/sbin/nginx", Bun.which("nginx") ?? ""].find((path) => path !== "" && existsSync(path));
  test.skipIf(nginx === undefined)("nginx serves the files and not the state (needs nginx)", async () => {
    const port = freePort();
    const [server = ""] = blocks("nginx");
    const config = join(stage.directory, "nginx.conf");
    writeFileSync(
      config,
      `daemon off; pid ${stage.directory}/nginx.pid; error_log stderr; user root;
events {}
http { access_log off;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${stage.directory}/${kind};`).join("\n")}
${server.replace("8080", `127.0.0.1:${port}`).replace("/srv/storage-orders", stage.out)} }`,
    );
    const child = Bun.spawn([nginx ?? "", "-c", config], { stdout: "ignore", stderr: "ignore" });
    try {
      const [file = ""] = listPublic(stage.out);
      const answer = await fetchWhenUp(`http://127.0.0.1:${port}/${file}`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ status: "success" });
      const state = await fetch(`http://127.0.0.1:${port}/.waldur-cscs-storage/snapshot.json`);
      expect(state.status).toBe(403);
      const index = await (await fetch(`http://127.0.0.1:${port}/`)).text();
      expect(index).toContain(file);
      expect(index).not.toContain(".waldur-cscs-storage");
    } finally {
      child.kill();
      await child.exited;
    }
  });
});

test("the tests that hold the promises exist under the names that it gives", () => {
  const rows = table("## What holds the promises");
  expect(rows.length).toBeGreaterThan(15);
  for (const [, held = ""] of rows) {
    const [, file = "", name = ""] = /^(tests\/\S+): (.+)$/.exec(held) ?? [];
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    expect(readFileSync(join(root, file), "utf8")).toContain(name);
  }
});

test("every file that it links to exists, and the map of folders is the tree", () => {
  for (const [, target = ""] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    expect([target, existsSync(join(root, target))]).toEqual([target, true]);
  }
  for (const [, folder = ""] of readme.matchAll(/^((?:lib|cmd|tests|docs)\/(?:\w+\/)?) {2,}/gm)) {
    expect([folder, existsSync(join(root, folder))]).toEqual([folder, true]);
  }
});

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  server.stop(true);
  return port ?? 0;
}

async function fetchWhenUp(url: string): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      return await fetch(url);
    } catch (error) {
      if (tries > 100) throw error;
      await Bun.sleep(20);
    }
  }
}
