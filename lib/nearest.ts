// The known word that was probably meant, for misspelt configuration keys and command-line words.

const MAX_DISTANCE = 2;

/** Shorter beginnings of a word could mean many. */
const SHORTEST_BEGINNING = 6;

/**
 * The closest known word within two edits (a swap of neighbours is one), else one that begins with the word, separators
 * aside, else one that has all its parts, or null; short words need a closer match.
 */
export function nearestWord(word: string, known: Iterable<string>): string | null {
  let nearest: string | null = null;
  let least = MAX_DISTANCE + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance * 2 < Math.max(word.length, candidate.length)) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest ?? longerWord(word, known) ?? fullerWord(word, known);
}

/**
 * The one known word that has a similar part for each part of this one, such as `shrink_guard_percent` for
 * `shrink_gaurd`: near enough for a hint, not for an error.
 */
export function wordAlike(word: string, known: Iterable<string>): string | null {
  const parts = partsOf(word);
  if (parts.length < 2) return null;
  const alike = [...known].filter((candidate) =>
    parts.every((part) => nearestPart(part, partsOf(candidate)) !== null),
  );
  return alike.length === 1 ? (alike[0] ?? null) : null;
}

function nearestPart(part: string, known: readonly string[]): string | null {
  return (
    known.find((one) => one === part || editDistance(part, one) * 2 < Math.min(part.length, one.length)) ??
    null
  );
}

/** `waldur_url` means `waldur_api_url`: the one word that has all parts of this one, and the fewest others. */
function fullerWord(word: string, known: Iterable<string>): string | null {
  const parts = partsOf(word);
  if (parts.length < 2) return null;
  const fuller = [...known]
    .map((candidate) => ({ candidate, others: partsOf(candidate).filter((part) => !parts.includes(part)) }))
    .filter(({ candidate }) => parts.every((part) => partsOf(candidate).includes(part)))
    .toSorted((one, other) => one.others.length - other.others.length);
  const [first, second] = fuller;
  if (first === undefined || first.others.length === second?.others.length) return null;
  return first.candidate;
}

function partsOf(word: string): string[] {
  return word
    .toLowerCase()
    .split(/[-_]+/)
    .filter((part) => part !== "");
}

/** `output_dir` and `outputdir` mean `output_directory`. */
function longerWord(word: string, known: Iterable<string>): string | null {
  const bare = (text: string) => text.toLowerCase().replace(/[-_]/g, "");
  const beginning = bare(word);
  if (beginning.length < SHORTEST_BEGINNING) return null;
  const longer = [...known].filter((candidate) => bare(candidate).startsWith(beginning));
  return longer.length === 1 ? (longer[0] ?? null) : null;
}

/** Optimal string alignment distance; of words that differ much in length, one that is too large. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = at(above, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let cost = Math.min(at(above, column) + 1, at(current, column - 1) + 1, substitution);
      if (row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(before, column - 2) + 1);
      }
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return at(above, b.length);
}

function at(costs: readonly number[], index: number): number {
  return costs[index] ?? Number.POSITIVE_INFINITY;
}
