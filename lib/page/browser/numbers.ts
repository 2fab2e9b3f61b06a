// Amounts as people read them, in the decimal units that quotas have: space in TB, inodes as a number. Groups of three
// digits, because a comma and a point mean different things in different countries.

export type Measure = "space" | "inodes";

/** Not broken at the end of a line, and narrow. */
const GROUP = "\u202f";
/** Sums of fractions have an error in the last of their digits. */
const DECIMALS = 3;

/** Up to three decimals; of what is less than one, three digits. */
export function plain(value: number): string {
  const size = Math.abs(value);
  const text = size > 0 && size < 1 ? Number(value.toPrecision(DECIMALS)) : Number(value.toFixed(DECIMALS));
  const [sign, whole = "", rest = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(decimal(text))?.slice(1) ?? [];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, GROUP);
  return `${sign === "-" ? "−" : ""}${grouped}${rest}`;
}

/** Never with an exponent. */
function decimal(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(12).replace(/0+$/, "") : text;
}

/** In full, with the unit. */
export function amount(value: number, measure: Measure): string {
  if (Number.isNaN(value)) return "–";
  return measure === "space" ? `${plain(value)}\u00a0TB` : plain(value);
}

const STEPS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** Three digits of many inodes, and one decimal of many TB: for where there is little room. */
export function short(value: number, measure: Measure): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (measure === "space")
    return amount(size >= 100 ? Math.round(value) : size >= 1 ? Number(value.toFixed(1)) : value, measure);
  for (const [step, letter] of STEPS)
    if (size >= step) return `${plain(Number((value / step).toPrecision(3)))}\u00a0${letter}`;
  return plain(value);
}

/** What was gained or lost, with a sign; empty where nothing was. */
export function difference(value: number, measure: Measure): string {
  if (Math.abs(value) < 5e-10 || Number.isNaN(value)) return "";
  return `${value > 0 ? "+" : ""}${short(value, measure)}`;
}

export function percent(share: number): string {
  const value = share * 100;
  return value >= 10
    ? `${Math.round(value)}\u00a0%`
    : value >= 0.1
      ? `${value.toFixed(1)}\u00a0%`
      : "<\u00a00.1\u00a0%";
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${plain(value)} ${value === 1 ? one : many}`;
}
