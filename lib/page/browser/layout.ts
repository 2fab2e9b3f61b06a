// A squarified treemap (Bruls, Huizing, van Wijk 2000): rectangles whose areas are the amounts, none of them thin.

export type Box = { x: number; y: number; width: number; height: number };

/** @param amounts positive, the largest first */
export function squarify(amounts: readonly number[], box: Box): Box[] {
  const boxes: Box[] = [];
  let left = { ...box };
  // Summed from the smallest: what is left after a subtraction would be too much or too little for the last ones.
  const rests: number[] = [];
  for (const amount of amounts.toReversed()) rests.push((rests.at(-1) ?? 0) + amount);
  for (let at = 0; at < amounts.length; ) {
    const rest = rests[amounts.length - 1 - at] ?? 0;
    const scale = rest > 0 ? (left.width * left.height) / rest : 0;
    const side = Math.min(left.width, left.height);
    let end = at + 1;
    let sum = amounts[at] ?? 0;
    let worst = ratio(amounts, { at, end, sum: sum * scale, scale, side });
    while (end < amounts.length) {
      const more = sum + (amounts[end] ?? 0);
      const next = ratio(amounts, { at, end: end + 1, sum: more * scale, scale, side });
      if (next > worst) break;
      [sum, worst] = [more, next];
      end++;
    }
    left = layRow(amounts.slice(at, end), { left, scale, sum }, boxes);
    at = end;
  }
  return boxes;
}

type Row = { at: number; end: number; sum: number; scale: number; side: number };

/** Of the longer side to the shorter one, in the worst rectangle of a row. */
function ratio(amounts: readonly number[], { at, end, sum, scale, side }: Row): number {
  if (sum <= 0 || side <= 0) return Number.POSITIVE_INFINITY;
  const largest = (amounts[at] ?? 0) * scale;
  const smallest = (amounts[end - 1] ?? 0) * scale;
  return Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));
}

function layRow(
  row: readonly number[],
  { left, scale, sum }: { left: Box; scale: number; sum: number },
  boxes: Box[],
): Box {
  const isColumn = left.width >= left.height;
  const side = isColumn ? left.height : left.width;
  const thickness = side > 0 ? (sum * scale) / side : 0;
  let offset = 0;
  for (const amount of row) {
    const length = thickness > 0 ? (amount * scale) / thickness : 0;
    boxes.push(
      isColumn
        ? { x: left.x, y: left.y + offset, width: thickness, height: length }
        : { x: left.x + offset, y: left.y, width: length, height: thickness },
    );
    offset += length;
  }
  return isColumn
    ? { ...left, x: left.x + thickness, width: Math.max(0, left.width - thickness) }
    : { ...left, y: left.y + thickness, height: Math.max(0, left.height - thickness) };
}
