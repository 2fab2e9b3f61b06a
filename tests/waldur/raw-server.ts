// A server of raw sockets, for what no well-behaved HTTP server can be made to do: be silent, drip, break off, say
// garbage. It answers each request by a script; a connection is closed after one answer unless the script keeps it.

import { connect, createServer, type Server, type Socket } from "node:net";

export type RawRequest = {
  method: string;
  /** As on the request line: a path with its query, or a whole URL when the server is used as a proxy. */
  target: string;
  headers: Headers;
  body: string;
  arrivedAt: number;
};

/** What a script may do to the client. */
export type Wire = {
  /** Sends bytes or text as they are. */
  send(bytes: string | Uint8Array): void;
  /** Sends the rest, and closes in an orderly way. */
  end(bytes?: string | Uint8Array): void;
  /** Breaks the connection off with a reset. */
  reset(): void;
  /** Settles when the connection is gone. */
  closed: Promise<void>;
};

export type Script = (request: RawRequest, wire: Wire, nth: number) => void | Promise<void>;

export type RawServer = {
  origin: string;
  /** Ends with `/api/`. */
  url: string;
  port: number;
  requests: RawRequest[];
  /** Connections accepted so far. */
  connections: () => number;
  stop(): Promise<void>;
};

/** A whole answer as bytes on the wire; the length is stated truthfully unless a header says otherwise. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = "",
): Uint8Array {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const all = { "Content-Length": String(bytes.byteLength), Connection: "close", ...headers };
  return Buffer.concat([Buffer.from(head(status, all)), bytes]);
}

/** A status line and headers, for scripts that continue by hand. */
export function head(status: number, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

/** A JSON answer with 200. */
export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): Uint8Array {
  return answer(200, { "Content-Type": "application/json", ...headers }, JSON.stringify(body));
}

/** Starts a server that answers the nth request (from 0) as the script says. */
export function startRaw(script: Script): Promise<RawServer> {
  const requests: RawRequest[] = [];
  return listen((socket) => {
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const parsed = parseRequest(received);
      if (parsed === null) return;
      received = "";
      requests.push(parsed);
      void script(parsed, wireOf(socket), requests.length - 1);
    });
  }, requests);
}

/** Starts a server that accepts connections and never says a word, not even of TLS. */
export function startMute(): Promise<RawServer> {
  return listen(() => undefined, []);
}

/** Starts a forward proxy for plain http: it repeats each request to where it goes. */
export function startProxy(): Promise<RawServer> {
  return startRaw(async (request, wire) => {
    const { method, target, headers, body } = request;
    const forwarded = new Headers(headers);
    for (const name of ["proxy-connection", "connection", "accept-encoding", "host"]) forwarded.delete(name);
    const got = await fetch(target, {
      method,
      headers: forwarded,
      ...(body === "" ? {} : { body }),
      redirect: "manual",
    });
    const passed = Object.fromEntries(
      ["content-type", "x-result-count"].flatMap((name) => {
        const value = got.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    wire.end(answer(got.status, passed, await got.bytes()));
  });
}

/** Starts a proxy that only tunnels; it sees who is asked for, and nothing of what is said. */
export function startTunnel(): Promise<RawServer & { heard: () => string }> {
  const requests: RawRequest[] = [];
  let heard = "";
  const started = listen((socket) => {
    socket.once("data", (chunk) => {
      const parsed = parseRequest(chunk.toString("latin1"));
      if (parsed?.method !== "CONNECT") return void socket.destroy();
      requests.push(parsed);
      const [host, port] = parsed.target.split(":");
      const far = connect(Number(port), host ?? "");
      far.on("connect", () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n"));
      far.on("error", () => socket.destroy());
      far.on("close", () => socket.destroy());
      socket.on("close", () => far.destroy());
      socket.on("data", (bytes) => {
        heard += bytes.toString("latin1");
        far.write(bytes);
      });
      far.on("data", (bytes) => socket.write(bytes));
    });
  }, requests);
  return started.then((server) => ({ ...server, heard: () => heard }));
}

async function listen(accept: (socket: Socket) => void, requests: RawRequest[]): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    // A client that gives up resets the connection; that is what many scripts are for.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    accept(socket);
  });
  const port = await portOf(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/api/`,
    port,
    requests,
    connections: () => connections,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

function parseRequest(text: string): RawRequest | null {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  const headers = new Headers(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  const body = text.slice(end + 4);
  if (body.length < Number(headers.get("content-length") ?? 0)) return null;
  const [method = "", target = ""] = line.split(" ");
  return { method, target, headers, body, arrivedAt: performance.now() };
}

function wireOf(socket: Socket): Wire {
  return {
    send: (bytes) => void socket.write(bytes),
    end: (bytes) => void (bytes === undefined ? socket.end() : socket.end(bytes)),
    reset: () => void socket.resetAndDestroy(),
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}
