// The README is true: its tables are compared with the code, its demonstration and its units are tried. The commands
// of an administrator are typed in pages.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { EXIT_CODES } from "../../cmd/exit-codes.ts";
import { command as orders } from "../../cmd/orders.ts";
import { command as sync } from "../../cmd/sync.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { ROOT, readPage } from "../pages.ts";
import { BINARY, listPublic, openStage, runCommand, runSubject, type Stage } from "../stage.ts";

const readme = readPage("README.md");
const UNITS = join(ROOT, "packaging", "systemd");
const benchmark = readPage("docs/benchmark.md");

describe("tables", () => {
  test("the options are those of the commands, with the words of their help", () => {
    const shown = readme.table("### Options");
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
    expect(readme.table("### Exit codes")).toEqual(EXIT_CODES.map(([code, when]) => [`${code}`, when]));
    const { stdout } = await runSubject(["--help"]);
    const [, codes = ""] = stdout.split("EXIT CODES\n");
    const helped = [...codes.replaceAll(/\n {6}/g, " ").matchAll(/^ *(\d+) {2}(.*)$/gm)];
    expect(readme.table("### Exit codes")).toEqual(helped.map(([, code = "", when = ""]) => [code, when]));
  });

  test("the figures in short are those of the tables below them", () => {
    const measured = (caption: string): Record<string, string[]> =>
      Object.fromEntries(benchmark.table(`${caption}:`).map(([name = "", ...cells]) => [name, cells]));
    const shown = Object.fromEntries(benchmark.table("## In short"));
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
    const growth = measured("Time and peak memory of `sync`");
    const peaks = ["10 000", "100 000", "1 000 000"].map((size) => least(growth[size]?.[1]));
    expect(shown["memory at 10 000, 100 000, 1 000 000 resources"]).toBe(
      `${peaks.join(", ")}; an idle start has ${growth["nothing loaded"]?.[1]}`,
    );
    const far = benchmark.table("`sync` with 20 ms a request:").find(([size]) => size === "100 000") ?? [];
    expect(shown["the same with 20 ms a request"]).toBe(`${far[6]} times what the latency alone costs`);
    const [orders = []] = benchmark.table("`orders` with pending orders of mixed types and 20 ms a request:");
    expect(shown["orders with 20 ms a request"]).toBe(`${orders[5]} times what the latency alone costs`);
    const charged = measured("10 000 resources on a server that charges for queries");
    const seconds = (name: string) => `${Math.round(Number.parseFloat(charged[name]?.[3] ?? ""))} s`;
    const [first, next] = [seconds("sync, the first"), seconds("the next, nothing changed")];
    expect(shown["10 000 resources on a server of 2024, at its measured cost"]).toBe(
      `${first}, and ${next} where nothing changed since the last run; asking for every field takes ${seconds("one curl without field=")}`,
    );
  });
});

describe("what it shows", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({ resources: 20, orders: 3 });
    mkdirSync(join(stage.directory, "dist"));
    symlinkSync(BINARY, join(stage.directory, "dist", "waldur-cscs-storage"));
  });
  afterAll(() => stage.close());

  const shell = (line: string) =>
    runCommand(["bash", "-o", "pipefail", "-c", line], { cwd: stage.directory });

  test("the demonstration shows what it says", async () => {
    const [shown = ""] = readme.blocks("console").filter((block) => block.includes("a simulated Waldur at"));
    const [, line = ""] = /^\$ (.*)$/m.exec(shown) ?? [];
    const { code, stdout } = await shell(line);
    expect(code).toBe(0);
    const neutral = stdout
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
      .replaceAll(stage.directory, "DIR")
      .replaceAll(/\d{4}-\d\d-\d\d-\d\d-\d\d-/g, "YYYY-MM-DD-HH-MM-");
    expect(neutral).toStartWith(shown.replace(`$ ${line}\n`, "").replace("…\n", ""));
  });

  test("the example configuration loads once its token file is there", async () => {
    const [yaml = ""] = readme.blocks("yaml");
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
      for (const name of readdirSync(UNITS)) {
        const here = readFileSync(join(UNITS, name), "utf8")
          .replace("/usr/bin/waldur-cscs-storage", BINARY)
          .replace("User=waldur-storage", "User=root")
          .replace("#LoadCredential=", "LoadCredential=");
        writeFileSync(join(units, name), here);
      }
      const { code, stderr } = await shell(`systemd-analyze verify ${units}/*`);
      const about = stderr.split("\n").filter((line) => line.includes(units) || line.includes("waldur"));
      expect({ code, about }).toEqual({ code: 0, about: [] });
    },
  );

  test.skipIf(Bun.which("systemd-analyze") === null).each(["orders", "sync", "orders-interval"])(
    "the unit of %s is exposed less than 2.0 (needs systemd-analyze)",
    async (mode) => {
      const unit = join(UNITS, `waldur-cscs-storage-${mode}.service`);
      const { stdout } = await shell(`systemd-analyze security --no-pager --offline=true ${unit}`);
      const [, level] = /Overall exposure level for \S+: (\S+)/.exec(stdout) ?? [];
      expect(Number(level)).toBeLessThanOrEqual(2);
    },
  );

  test.each([
    ["orders", 300],
    ["sync", 3600],
  ])(
    "the unit and the cron line of %s end it only after its deadline and a call that is under way",
    (mode, deadline) => {
      const longest = deadline + 4 * 30;
      const unit = readFileSync(join(UNITS, `waldur-cscs-storage-${mode}.service`), "utf8");
      expect(Number(/^TimeoutStartSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(longest);
      expect(unit).toContain("\nSuccessExitStatus=10\n");
      expect(unit).toContain("\nLimitCORE=0\n");
      const line = new RegExp(` flock -n -E 75 \\S+/${mode} timeout -k 60 (\\d+) \\S+ ${mode} -c `);
      const [cron = ""] = readme.blocks("cron");
      expect(Number(line.exec(cron)?.[1])).toBeGreaterThan(longest);
    },
  );

  const nginx = ["/usr/sbin/nginx", Bun.which("nginx") ?? ""].find((path) => path !== "" && existsSync(path));
  test.skipIf(nginx === undefined)("nginx serves the files and not the state (needs nginx)", async () => {
    await stage.run(["sync"]);
    const port = freePort();
    const [server = ""] = readPage("docs/operations.md").blocks("nginx");
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
