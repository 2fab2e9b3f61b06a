// What the server says, before it becomes bytes: JSON for objects that are missing or refused, Django's HTML pages for
// endpoints that are missing and for errors of the server itself, whatever the client accepts.

/** How the bytes reach the client; everything but `whole` is a fault. */
export type Delivery = "whole" | "gzip-cut" | "cut" | "drop" | "hang" | "drip";

export type Answer = {
  status: number;
  headers: Record<string, string>;
  body: string;
  delivery?: Delivery;
  /** Of a page of a list. */
  rows?: number;
};

const DJANGO = { Vary: "Accept-Language, Cookie", "Content-Language": "en" };
const JSON_TYPE = { "Content-Type": "application/json" };
const HTML_TYPE = { "Content-Type": "text/html; charset=utf-8" };

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...JSON_TYPE, ...DJANGO, ...headers }, body: JSON.stringify(body) };
}

/** 200, 201 or 204 without a body and so without a content type. */
export function empty(status = 200): Answer {
  return { status, headers: { ...DJANGO }, body: "" };
}

export function detail(status: number, text: string): Answer {
  return json(status, { detail: text });
}

export function notAuthenticated(text: string): Answer {
  return json(401, { detail: text }, { "WWW-Authenticate": "Token" });
}

export function forbidden(): Answer {
  return detail(403, "You do not have permission to perform this action.");
}

/** `what` is Waldur's name of the kind of object, capitalised. */
export function noSuch(what: string): Answer {
  return detail(404, `No ${what} matches the given query.`);
}

export function wrongState(...legal: readonly string[]): Answer {
  return detail(409, `Valid states for operation: ${legal.join(", ")}.`);
}

export function noEndpoint(): Answer {
  const text = "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>";
  return html(404, "Not Found", text);
}

export function serverError(status = 500): Answer {
  const title = status === 500 ? "Server Error (500)" : `${status} ${REASONS[status] ?? "Error"}`;
  return html(status, title, `<h1>${title}</h1><p></p>`);
}

const REASONS: Readonly<Record<number, string>> = {
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

export function html(status: number, title: string, body: string): Answer {
  const page = [
    "",
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    `  <title>${title}</title>`,
    "</head>",
    "<body>",
    `  ${body}`,
    "</body>",
    "</html>",
    "",
  ];
  return { status, headers: { ...HTML_TYPE, ...DJANGO }, body: page.join("\n") };
}

export function redirect(status: number, location: string): Answer {
  return { status, headers: { ...HTML_TYPE, ...DJANGO, Location: location }, body: "" };
}
