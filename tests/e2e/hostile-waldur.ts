// A Waldur of one offering whose lists hold whatever a test writes into them: rows as texts, which no well-behaved
// server would send, and none of which is kept.

const OFFERING = "a".repeat(32);
const JSON_TYPE = "application/json";

/** Rows `from` to `to` of a list of `count`; `isOutline` asks for the uuid and little more. */
export type HostileList = (span: { from: number; to: number; isOutline: boolean }) => {
  body: string;
  count: number;
};

/** The uuid of the nth row. */
export function uuidOf(n: number): string {
  return (n + 1).toString(16).padStart(32, "0");
}

/** A resource that is fine but for what a test changes; `attributes` is JSON. */
export function resourceText(
  n: number,
  { attributes = "{}", ...changed }: Readonly<Record<string, unknown>> & { attributes?: string } = {},
): string {
  const row = {
    uuid: uuidOf(n),
    slug: `data-${n}`,
    state: "OK",
    limits: { storage: 10 },
    options: {},
    backend_id: "",
    backend_metadata: {},
    project_uuid: "b".repeat(32),
    project_name: "Project",
    project_slug: "project",
    customer_uuid: "c".repeat(32),
    customer_name: "Customer",
    customer_slug: "customer",
    ...changed,
  };
  return `${JSON.stringify(row).slice(0, -1)},"attributes":${attributes}}`;
}

/** A pending Create order for the resource of the same number. */
export function orderText(n: number, attributes = "{}"): string {
  const row = {
    uuid: uuidOf(n),
    type: "Create",
    state: "pending-provider",
    created: "2026-01-01T00:00:00Z",
    offering_uuid: OFFERING,
    marketplace_resource_uuid: uuidOf(n),
    limits: { storage: 10 },
    project_slug: "project",
    customer_slug: "customer",
  };
  return `${JSON.stringify(row).slice(0, -1)},"attributes":${attributes}}`;
}

/** A list of so many rows. */
export function rowsOf(count: number, text: (n: number) => string): HostileList {
  return ({ from, to, isOutline }) => {
    const rows: string[] = [];
    for (let n = from; n < Math.min(to, count); n++)
      rows.push(
        isOutline ? JSON.stringify({ uuid: uuidOf(n), marketplace_resource_uuid: uuidOf(n) }) : text(n),
      );
    return { body: `[${rows.join(",")}]`, count };
  };
}

const NOTHING = rowsOf(0, () => "");

/** Starts the server; `origin` is where the API is. */
export function startHostile({
  resources = NOTHING,
  orders = NOTHING,
}: {
  resources?: HostileList;
  orders?: HostileList;
}) {
  let requests = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    idleTimeout: 60,
    fetch({ url, method }) {
      requests++;
      const { pathname, searchParams } = new URL(url);
      const [name = "", uuid = ""] = pathname.slice("/api/".length).split("/");
      if (method === "POST") return answer("{}", 0);
      if (name === "marketplace-provider-offerings")
        return answer(JSON.stringify({ uuid: OFFERING, slug: "offering", type: "Marketplace.Slurm" }), 1);
      const list = name === "marketplace-orders" ? orders : resources;
      const fields = searchParams.getAll("field");
      if (uuid !== "") {
        const n = Number.parseInt(uuid, 16) - 1;
        if (list === NOTHING) return answer(resourceText(n), 1);
        return answer(list({ from: n, to: n + 1, isOutline: false }).body.slice(1, -1), 1);
      }
      if (fields.includes("offering_uuid") && fields.length === 3)
        return answer(
          JSON.stringify([{ offering_uuid: OFFERING, project_slug: "p", customer_slug: "c" }]),
          1,
        );
      if (searchParams.get("state") === "Terminated") return answer("[]", 0);
      const size = Number(searchParams.get("page_size") ?? 10);
      const page = Number(searchParams.get("page") ?? 1);
      const { body, count } = list({
        from: (page - 1) * size,
        to: page * size,
        isOutline: fields.length <= 2,
      });
      return answer(body, count);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/api/`,
    offering: OFFERING,
    requests: () => requests,
    stop: () => server.stop(true),
  };
}

function answer(body: string, count: number): Response {
  return new Response(body, { headers: { "Content-Type": JSON_TYPE, "X-Result-Count": String(count) } });
}
