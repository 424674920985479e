/** Where the bars and lines of a chart stand. Pure. */

export interface Bucket {
  /** Its beginning, Unix milliseconds. */
  readonly t: number;
  readonly counts: readonly number[];
  /** Milliseconds; null = nothing was tried. */
  readonly lines: readonly (number | null)[];
}

export interface Bar {
  readonly x: number;
  readonly width: number;
  /** From the top of the chart, one for each count, the first at the bottom. */
  readonly parts: readonly { readonly y: number; readonly height: number }[];
}

export interface Drawing {
  readonly bars: readonly Bar[];
  readonly paths: readonly string[];
  readonly countTicks: readonly { readonly value: number; readonly y: number }[];
  readonly timeTop: number;
  yOfMs(ms: number): number;
}

/** A bar that holds something is never thinner than this. */
const leastPx = 2;

export function drawingOf(buckets: readonly Bucket[], width: number, height: number, limitMs = 0): Drawing {
  const most = Math.max(1, ...buckets.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0)));
  const slowest = Math.max(1, limitMs, ...buckets.flatMap(({ lines }) => lines.map((ms) => ms ?? 0)));
  const [top, topMs] = [roundTop(most), roundTop(slowest)];
  const y = (count: number): number => height - (count / top) * height;
  const yMs = (ms: number): number => height - (ms / topMs) * height;
  const step = width / Math.max(1, buckets.length);
  const gap = Math.min(2, step * 0.2);
  const bars = buckets.map(({ counts }, index) => {
    let edge = height;
    const parts = counts.map((count) => {
      const tall = count === 0 ? 0 : Math.max(leastPx, height - y(count));
      edge = Math.max(0, edge - tall);
      return { y: edge, height: tall };
    });
    return { x: index * step, width: Math.max(1, step - gap), parts };
  });
  const lines = Math.max(0, ...buckets.map((bucket) => bucket.lines.length));
  const paths = Array.from({ length: lines }, (_, which) =>
    pathOf(
      buckets.map((bucket, index) => {
        const ms = bucket.lines[which] ?? null;
        return ms === null ? undefined : [index * step + (step - gap) / 2, yMs(ms)];
      }),
    ),
  );
  return {
    bars,
    paths,
    countTicks: [0, top / 2, top].filter(Number.isInteger).map((value) => ({ value, y: y(value) })),
    timeTop: topMs,
    yOfMs: yMs,
  };
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function roundTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5].find((digit) => digit * power >= most) ?? 10) * power;
}

/** A line through the points, with a gap where there is none. */
function pathOf(points: readonly (readonly [number, number] | undefined)[]): string {
  return points
    .flatMap((point, index) =>
      point === undefined
        ? []
        : `${points[index - 1] === undefined ? 'M' : 'L'}${point[0].toFixed(1)} ${point[1].toFixed(1)}`,
    )
    .join('');
}
