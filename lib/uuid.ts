// Uuids: this program writes them as Waldur does, as 32 lower-case hex digits, and reads them in any spelling.

const PLAIN = /^[0-9a-f]{32}$/;
const DASHED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether it is a uuid as Waldur writes it, so fit for a file name too. */
export function isPlainUuid(value: unknown): value is string {
  return typeof value === "string" && PLAIN.test(value);
}

/** The 32 lower-case hex digits of a uuid in any spelling; null for everything else. */
export function plainUuid(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const lower = value.toLowerCase();
  const plain = DASHED.test(lower) ? lower.replaceAll("-", "") : lower;
  return PLAIN.test(plain) ? plain : null;
}
