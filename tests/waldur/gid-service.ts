// A small service of GIDs on a real socket, as `unix_gid: http` meets it: a token for a client secret, GIDs for slugs,
// and every fault that a test wants.

export const CLIENT_SECRET = "canary-secret-0123456789abcdef";

export type Asked = { path: string; slugs: string[]; authorization: string | null; body: string };
export type GidService = ReturnType<typeof startGidService>;

/** What a test may change between two runs. */
type Behaviour = {
  gids: Record<string, unknown>;
  /** Seconds that a token lasts. */
  lifetime: number;
  /** In place of the answer to a request; undefined: the usual one. */
  instead: (asked: Asked) => Response | Promise<Response> | undefined;
};

export function startGidService(
  gids: Record<string, unknown> = {},
  tls: { cert: string; key: string } | null = null,
) {
  const behaviour: Behaviour = { gids, lifetime: 300, instead: () => undefined };
  const asked: Asked[] = [];
  const tokens = new Set<string>();
  const answer = (request: Asked): Response => {
    if (request.path === "/token") {
      const form = new URLSearchParams(request.body);
      if (form.get("client_secret") !== CLIENT_SECRET || form.get("client_id") !== "gateway")
        return Response.json({ error: "invalid_client" }, { status: 401 });
      const token = `token-${tokens.size}`;
      tokens.add(token);
      return Response.json({ access_token: token, expires_in: behaviour.lifetime, token_type: "Bearer" });
    }
    if (request.path !== "/hpc/api/v1/export/waldur/projects") return new Response("?", { status: 404 });
    const bearer = /^Bearer (.*)$/.exec(request.authorization ?? "")?.[1] ?? "";
    if (!tokens.has(bearer)) return Response.json({ detail: "no such token" }, { status: 401 });
    const projects = request.slugs.flatMap((slug) =>
      Object.hasOwn(behaviour.gids, slug) ? [{ posixName: slug, unixGid: behaviour.gids[slug] }] : [],
    );
    return Response.json({ projects });
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    ...(tls === null ? {} : { tls }),
    async fetch(request) {
      const url = new URL(request.url);
      const one = {
        path: url.pathname,
        slugs: url.searchParams.getAll("projects"),
        authorization: request.headers.get("authorization"),
        body: await request.text(),
      };
      asked.push(one);
      return (await behaviour.instead(one)) ?? answer(one);
    },
  });
  const origin = `${tls === null ? "http" : "https"}://127.0.0.1:${server.port}`;
  return {
    behaviour,
    asked,
    /** The last segments of the paths that were asked for. */
    steps: () => asked.map(({ path }) => path.split("/").at(-1) ?? ""),
    /** Every token that was given is refused from now on. */
    revoke: () => tokens.clear(),
    /** Lines of `backend_settings`. */
    settings: {
      unix_gid: "http",
      hpc_user_api_url: `${origin}/hpc`,
      hpc_user_oidc_token_url: `${origin}/token`,
      hpc_user_client_id: "gateway",
      hpc_user_client_secret: CLIENT_SECRET,
    },
    stop: () => server.stop(true),
  };
}
