// A real nginx on a socket of its own, serving a directory by the server block that docs/operations.md shows.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { readPage } from "../pages.ts";
import type { Stage } from "../stage.ts";
import { waitFor } from "./wait-for.ts";

export const CAN_SERVE = Bun.which("nginx") !== null;

/** Appended to the name of a test that is skipped. */
export const NEEDS_NGINX = CAN_SERVE ? "" : " (skipped: needs nginx)";

export type WebServer = {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
};

/** @param port also listens there, for programs that know no sockets */
export async function serveStage(
  stage: Pick<Stage, "directory" | "out">,
  port: number | null = null,
): Promise<WebServer> {
  const home = join(stage.directory, "nginx");
  const socket = join(home, "socket");
  mkdirSync(home);
  const listen = `listen unix:${socket};${port === null ? "" : ` listen 127.0.0.1:${port};`}`;
  writeFileSync(join(home, "nginx.conf"), configFor(stage.out, home, listen));
  const server = Bun.spawn(["nginx", "-p", home, "-c", "nginx.conf", "-e", "error.log"], {
    cwd: home,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const answers = () => Bun.spawnSync(["curl", "-s", "--unix-socket", socket, "http://localhost/"]).success;
  await waitFor(answers);
  return {
    get: (path, headers = {}) => fetch(`http://localhost${path}`, { unix: socket, headers }),
    async stop() {
      server.kill("SIGTERM");
      await server.exited;
    },
  };
}

/** The worker must be allowed to reach the test's directory, so it stays who we are. */
function configFor(root: string, home: string, listen: string): string {
  const server = shownServer()
    .replace(/listen [^;]+;/, listen)
    .replace(/root [^;]+;/, `root ${root};`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${home}/${kind};`,
  );
  return `daemon off;
worker_processes 2;
pid ${home}/pid;
${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http {
  access_log off;
  types { text/html html; application/json json; }
${temporary.join("\n")}
${server}
}
`;
}

function shownServer(): string {
  const [server] = readPage("docs/operations.md").blocks("nginx");
  if (server === undefined) throw new Error("docs/operations.md shows no server block for nginx");
  return server;
}
