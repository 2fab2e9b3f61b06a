// Two panels, time and memory, both axes logarithmic, as the text of an SVG.

import { count } from "./table.ts";

export type Point = { resources: number; ms: number; bytes: number };
/** `isQuoted`: drawn dashed, because it was not measured in this run. */
export type Series = { name: string; color: string; points: readonly Point[]; isQuoted?: boolean };

type Axis = { title: string; of: (point: Point) => number; ticks: readonly number[] };
type Position = readonly [x: number, y: number];

const PANEL = { width: 340, height: 260, left: 60, top: 44, gap: 90 };
const WIDTH = 2 * (PANEL.left + PANEL.width) + 60;
const HEIGHT = 400;
const BOTTOM = PANEL.top + PANEL.height;
const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const TIME: Axis = {
  title: "seconds",
  of: ({ ms }) => ms / 1000,
  ticks: [0.01, 0.1, 1, 10, 100, 1000],
};
const MEMORY: Axis = {
  title: "peak memory, MB",
  of: ({ bytes }) => bytes / 1e6,
  ticks: [1, 10, 100, 1000, 10_000],
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

function panel({ title, of, ticks }: Axis, series: readonly Series[], left: number): string[] {
  const right = left + PANEL.width;
  const x = (resources: number) => left + PANEL.width * share(resources, SIZES);
  const y = (value: number) => BOTTOM - PANEL.height * share(value, ticks);
  return [
    text([left, PANEL.top - 14], title, "start"),
    ...ticks.flatMap((value) => [
      line([left, y(value)], [right, y(value)]),
      text([left - 8, y(value) + 4], value < 1 ? `${value}` : count(value), "end"),
    ]),
    ...SIZES.flatMap((resources) => [
      line([x(resources), PANEL.top], [x(resources), BOTTOM]),
      text([x(resources), BOTTOM + 18], resources < 1e6 ? `${resources / 1000} k` : "1 M", "middle"),
    ]),
    ...series.flatMap((one) =>
      curve(
        one,
        one.points.map((point) => [x(point.resources), y(of(point))]),
      ),
    ),
  ];
}

/** Where a value is between the first and the last tick of a logarithmic scale, 0 to 1. */
function share(value: number, ticks: readonly number[]): number {
  const [low = 1, high = 1] = [ticks[0], ticks.at(-1)];
  return Math.log(value / low) / Math.log(high / low);
}

function curve({ color, isQuoted = false }: Series, places: readonly Position[]): string[] {
  const path = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${isQuoted ? DASHES : ""}/>`,
    ...places.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="${color}"/>`),
  ];
}

const DASHES = ' stroke-dasharray="5 4"';

function legend(series: Series, at: number): string[] {
  const left = PANEL.left + at * 250;
  const y = HEIGHT - 24;
  const sample = [left, left + 28].map((x): Position => [x, y]);
  return [...curve(series, sample).slice(0, 1), text([left + 36, y + 4], series.name, "start")];
}

function line([x1, y1]: Position, [x2, y2]: Position): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#dddddd"/>`;
}

function text([x, y]: Position, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#333333">${content}</text>`;
}
