// A point in time as people write it: so long ago, or a date with or without a time of day.

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DURATION = /^(\d+(?:\.\d+)?)([mhdw])$/;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:?\d\d)?$/;

/** In milliseconds since 1970; null when the text is neither. Without an offset it is the time of this machine. */
export function parseSince(text: string, now: Date): number | null {
  const [, count, unit = ""] = DURATION.exec(text) ?? [];
  if (count !== undefined) return now.getTime() - Number(count) * (UNITS[unit] ?? 0);
  const [, day, time = "00:00", offset = ""] = TIME.exec(text) ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(at) ? null : at;
}
