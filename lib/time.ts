// Lengths of time that several rooms count with.

export const DAY_MS = 86_400_000;
