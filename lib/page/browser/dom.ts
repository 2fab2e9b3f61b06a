// Elements, made of names and texts. Nothing here, and nothing above, makes HTML of a text.

type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A name that users chose: it does not change the writing direction around it. */
export function name(text: string, attributes: Attributes = {}): HTMLElement {
  return el("bdi", attributes, text);
}

export function button(attributes: Attributes, onClick: () => void, ...children: readonly Child[]) {
  const made = el("button", { type: "button", ...attributes }, ...children);
  made.addEventListener("click", onClick);
  return made;
}

/** A moment, in UTC, with how long ago it was. */
export function moment(at: string | null, now: number): Node {
  const time = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(time)) return document.createTextNode("never");
  const iso = new Date(time).toISOString();
  const shown = `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  return el("time", { datetime: iso, title: shown }, ago(now - time));
}

export function stamp(at: string | null): string {
  const time = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(time)) return "unknown";
  const iso = new Date(time).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

const UNITS = [
  ["day", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

export function ago(ms: number): string {
  for (const [unit, length] of UNITS) {
    const count = Math.floor(ms / length);
    if (count >= 1) return `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""} ago`;
  }
  return ms < -60_000 ? "in the future" : "just now";
}
