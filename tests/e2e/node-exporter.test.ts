// A real node exporter reads the metrics of two configurations and both modes, side by side in one directory. It is
// asked over HTTP on this machine only.

import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "pathe";
import { openStage, type Stage } from "../stage.ts";

setDefaultTimeout(60_000);

const exporter = Bun.which("prometheus-node-exporter") ?? Bun.which("node_exporter");
const MODES = ["sync", "orders"] as const;

let stage: Stage | null = null;
let child: Bun.Subprocess | null = null;

afterEach(async () => {
  child?.kill();
  await child?.exited;
  await stage?.close();
  [child, stage] = [null, null];
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function scrape(directory: string): Promise<string> {
  const port = await freePort();
  const flags = ["--collector.disable-defaults", "--collector.textfile", "--web.disable-exporter-metrics"];
  child = Bun.spawn(
    [
      exporter ?? "",
      ...flags,
      `--collector.textfile.directory=${directory}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => null);
    if (answer !== null) return answer.text();
    await Bun.sleep(20);
  }
}

/** The second configuration has the same offering in a directory of its own. */
function secondConfig({ directory, configPath, out }: Stage): string {
  const [second, other] = [join(directory, "second.yaml"), join(directory, "second")];
  mkdirSync(other);
  const text = readFileSync(configPath, "utf8").replace(out, other);
  writeFileSync(second, text, { mode: 0o600 });
  return second;
}

test.skipIf(exporter === null)(
  `a node exporter shows every series of two configurations and both modes${exporter === null ? " (needs prometheus-node-exporter)" : ""}`,
  async () => {
    stage = await openStage({ resources: 12, orders: 2 });
    const prom = join(stage.directory, "prom");
    mkdirSync(prom);
    const configs = [stage.configPath, secondConfig(stage)];
    const written: string[] = [];
    for (const [n, config] of configs.entries()) {
      for (const mode of MODES) {
        const file = join(prom, `${mode}-${n}.prom`);
        const ran = await stage.run([mode, "-c", config, "--metrics-file", file]);
        expect(ran).toMatchObject({ code: 0, stderr: "" });
        written.push(...seriesIn(readFileSync(file, "utf8")));
      }
    }
    const shown = await scrape(prom);
    expect(shown).toContain("node_textfile_scrape_error 0\n");
    expect(seriesIn(shown).sort()).toEqual(written.sort());
    expect(new Set(written).size).toBe(written.length);
    expect(written.filter((series) => series.startsWith("waldur_cscs_storage_exit_code{"))).toHaveLength(4);
  },
);

/** Names with their labels in order: the exporter sorts them. */
function seriesIn(text: string): string[] {
  return [...text.matchAll(/^(waldur_cscs_storage_\w+)\{(.*)\} /gm)].map(([, name, labels = ""]) => {
    const pairs = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([pair]) => pair);
    return `${name}{${pairs.sort().join(",")}}`;
  });
}
