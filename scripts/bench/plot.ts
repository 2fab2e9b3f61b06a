// Two panels, time and memory, both axes logarithmic, as the text of an SVG.

export type Point = { resources: number; ms: number; bytes: number };
/** `isQuoted`: drawn dashed, because it was not measured in this run. */
export type Series = { name: string; color: string; points: readonly Point[]; isQuoted?: boolean };

const PANEL = { width: 340, height: 260, left: 60, top: 44, gap: 90 };
const WIDTH = 2 * (PANEL.left + PANEL.width) + 60;
const HEIGHT = 400;
const FROM_RESOURCES = 1_000;
const TO_RESOURCES = 1_000_000;

type Axis = {
  title: string;
  of: (point: Point) => number;
  ticks: readonly (readonly [value: number, label: string])[];
};

const TIME: Axis = {
  title: "seconds",
  of: ({ ms }) => ms / 1000,
  ticks: [
    [0.01, "0.01"],
    [0.1, "0.1"],
    [1, "1"],
    [10, "10"],
    [100, "100"],
    [1000, "1000"],
  ],
};
const MEMORY: Axis = {
  title: "peak memory, MB",
  of: ({ bytes }) => bytes / 1e6,
  ticks: [
    [1, "1"],
    [10, "10"],
    [100, "100"],
    [1000, "1 000"],
    [10_000, "10 000"],
  ],
};

/** The whole drawing. */
export function plotText(series: readonly Series[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>Time and memory of a snapshot against the number of resources</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...panel(TIME, series, PANEL.left),
    ...panel(MEMORY, series, PANEL.left + PANEL.width + PANEL.gap),
    ...series.flatMap(legend),
    "</svg>",
    "",
  ].join("\n");
}

function panel(axis: Axis, series: readonly Series[], left: number): string[] {
  const right = left + PANEL.width;
  const bottom = PANEL.top + PANEL.height;
  const x = (resources: number) => left + PANEL.width * share(resources, FROM_RESOURCES, TO_RESOURCES);
  const values = axis.ticks.map(([value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value: number) => bottom - PANEL.height * share(value, low, high);
  return [
    text([left, PANEL.top - 14], axis.title, "start"),
    ...axis.ticks.flatMap(([value, label]) => [
      line([left, y(value)], [right, y(value)]),
      text([left - 8, y(value) + 4], label, "end"),
    ]),
    ...[1_000, 10_000, 100_000, 1_000_000].flatMap((resources) => [
      line([x(resources), PANEL.top], [x(resources), bottom]),
      text([x(resources), bottom + 18], resources < 1e6 ? `${resources / 1000} k` : "1 M", "middle"),
    ]),
    ...series.flatMap((one) => curve(one, (point) => [x(point.resources), y(axis.of(point))])),
  ];
}

/** Where a value is between two others on a logarithmic scale, 0 to 1. */
function share(value: number, low: number, high: number): number {
  return Math.log(value / low) / Math.log(high / low);
}

function curve({ color, points, isQuoted }: Series, place: (point: Point) => [number, number]): string[] {
  const places = points.map(place).map(([x, y]) => [x.toFixed(1), y.toFixed(1)] as const);
  const dashes = isQuoted === true ? ' stroke-dasharray="5 4"' : "";
  const path = places.map(([x, y]) => `${x},${y}`).join(" ");
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`,
    ...places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${color}"/>`),
  ];
}

function legend({ name, color, isQuoted }: Series, at: number): string[] {
  const left = PANEL.left + at * 250;
  const dashes = isQuoted === true ? ' stroke-dasharray="5 4"' : "";
  const y = HEIGHT - 24;
  return [
    `<line x1="${left}" y1="${y}" x2="${left + 28}" y2="${y}" stroke="${color}" stroke-width="2"${dashes}/>`,
    text([left + 36, y + 4], name, "start"),
  ];
}

type Position = readonly [x: number, y: number];

function line([x1, y1]: Position, [x2, y2]: Position): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#dddddd"/>`;
}

function text([x, y]: Position, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#333333">${content}</text>`;
}
