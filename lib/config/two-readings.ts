// What an unquoted word of the file means in YAML 1.1 and not in 1.2. The Python programs that read the same file use
// 1.1, where `no` is false and 0755 is 493. Such a value is kept apart, so that each key decides what it may mean.

/** A value that the two versions of YAML read differently. */
export class TwoReadings {
  /** The flag that YAML 1.1 sees in a word such as `no`; null for a number. */
  readonly flag: boolean | null;

  constructor(flag: boolean | null) {
    this.flag = flag;
  }
}

const FLAG = /^(?:(yes|Yes|YES|on|On|ON)|no|No|NO|off|Off|OFF)$/;
/** Octal to one version and decimal or a word to the other: 0755, 0o755, 0x1ff. */
const NUMBER = /^[-+]?0[0-9ox]/;

/** The value of an unquoted scalar, or what stands for a value with two readings. */
export function plainValue(value: unknown, source: string): unknown {
  const flag = FLAG.exec(source);
  if (flag) return new TwoReadings(flag[1] !== undefined);
  return typeof value === "number" && NUMBER.test(source) ? new TwoReadings(null) : value;
}
