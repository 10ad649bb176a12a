import { escaped } from "./html.js";
import type { OperationSummary } from "./summarise.js";

const WIDTH = 640;
const HISTOGRAM_HEIGHT = 120;
const BINS = 40;
const ROW = 22;
const NAMES = 180;

/** `12.3 ms` */
export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

/** How often each duration was measured. The scale is logarithmic, because the slowest are often a hundred times as slow. The values are sorted. */
export function histogram(sorted: readonly number[]): string {
  const least = Math.max(0.001, sorted[0] ?? 0.001);
  const most = Math.max(least * 1.0001, sorted.at(-1) ?? least);
  const place = (value: number): number => Math.log(Math.max(least, value) / least) / Math.log(most / least);
  const bins = new Array<number>(BINS).fill(0);
  for (const value of sorted) {
    const bin = Math.min(BINS - 1, Math.floor(place(value) * BINS));
    bins[bin] = (bins[bin] as number) + 1;
  }
  const highest = bins.reduce((a, b) => Math.max(a, b), 1);
  const width = WIDTH / BINS;
  const bars = bins.flatMap((count, index) => {
    if (count === 0) return [];
    const height = Math.max(1, Math.round((count / highest) * HISTOGRAM_HEIGHT));
    const from = least * (most / least) ** (index / BINS);
    return `<rect x="${index * width}" y="${HISTOGRAM_HEIGHT - height}" width="${width - 1}" height="${height}"><title>${count} from ${milliseconds(from)}</title></rect>`;
  });
  return `<svg class="picture" viewBox="0 0 ${WIDTH} ${HISTOGRAM_HEIGHT}" role="img" aria-label="Durations from ${milliseconds(least)} to ${milliseconds(most)}">${bars.join("")}</svg>
<p class="soft ends"><span>${milliseconds(least)}</span><span>${milliseconds(most)}</span></p>`;
}

/** The runs as one waterfall: each operation begins where it usually does; the bar is its median, the line behind it reaches to p99. */
export function waterfall(operations: readonly OperationSummary[]): string {
  const end = operations.reduce((most, { startMs, spread }) => Math.max(most, startMs + spread.p99), 0.001);
  const scale = (value: number): number => Math.round((value / end) * (WIDTH - NAMES) * 10) / 10;
  const rows = operations.map(({ name, startMs, spread }, index) => {
    const top = index * ROW;
    const x = NAMES + scale(startMs);
    const title = `${name}: median ${milliseconds(spread.p50)}, p99 ${milliseconds(spread.p99)}`;
    return `<g><title>${escaped(title)}</title><text x="0" y="${top + 15}">${escaped(name.length > 24 ? `${name.slice(0, 23)}…` : name)}</text><rect class="tail" x="${x}" y="${top + 9}" width="${Math.max(1, scale(spread.p99))}" height="4"/><rect x="${x}" y="${top + 4}" width="${Math.max(1, scale(spread.p50))}" height="14"/></g>`;
  });
  const height = Math.max(ROW, operations.length * ROW);
  return `<svg class="picture" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Operations of a typical run">${rows.join("")}</svg>`;
}
