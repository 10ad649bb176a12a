import { printableLine } from "../../support/printable.js";
import type { Style } from "../../support/style.js";
import { cellsOf, cut, pad } from "../../support/text-width.js";
import { bar } from "./time-axis.js";

/** A path through a network, as network.traceroute reports it, as far as it is drawn. */
export interface DrawnPath {
  readonly hops: readonly DrawnHop[];
  readonly routers: readonly DrawnRouter[];
  readonly loops: readonly string[];
  readonly ip_address: string | null;
}

interface DrawnHop {
  readonly ttl: number;
  readonly addresses: readonly string[];
  readonly probes: readonly { readonly address: string | null; readonly rtt_ms: number | null; readonly message: string | null }[];
  readonly loss_percent: number;
}

interface DrawnRouter {
  readonly address: string;
  readonly names: readonly string[];
  readonly as_number: number | null;
}

interface Line {
  readonly hop: string;
  readonly place: string;
  readonly owner: string;
  /** Of the round trips; null without one. */
  readonly times: readonly [min: number, max: number] | null;
  readonly words: string;
  readonly paint: (text: string) => string;
}

const SILENT = "no answer";
const LONGEST_BAR = 24;
const SHORTEST_BAR = 6;
const LONGEST_PLACE = 39;
const LONGEST_OWNER = 40;
/** With less room than this, names are left out. */
const SHORTEST_OWNER = 10;
const LONGEST_WORDS = 28;

/** A line for each address that answered for a hop: its name and AS if they are known, and its round trips from the shortest to the longest on one scale. */
export function pathPicture(path: DrawnPath, { width, style }: { readonly width: number; readonly style: Style }): string[] {
  const lines = path.hops.flatMap((hop) => linesOf(hop, path, style));
  const longest = Math.max(...lines.map(({ times }) => times?.[1] ?? 0));
  const hops = Math.max(...lines.map(({ hop }) => hop.length));
  const places = Math.min(LONGEST_PLACE, Math.max(...lines.map(({ place }) => place.length)));
  const texts = lines.map(({ times }) => timesText(times));
  const times = Math.max(...texts.map((text) => text.length));
  const words = Math.min(LONGEST_WORDS, Math.max(...lines.map((line) => cellsOf(line.words))));
  const left = width - (2 + hops + 2 + places + 2 + times + 2) - (words > 0 ? words + 2 : 0);
  const bars = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, Math.floor(left * 0.35)));
  const owned = Math.min(LONGEST_OWNER, left - bars - 2, Math.max(...lines.map(({ owner }) => cellsOf(owner))));
  const owners = left - bars - 2 < SHORTEST_OWNER ? 0 : owned;
  const axis = { width: bars, cellsAt: (moment: number) => (longest === 0 ? 0 : (moment / longest) * bars), cuts: [] };
  return lines.map((line, index) => {
    const drawn = line.times === null ? " ".repeat(bars) : bar({ at: line.times[0], duration: line.times[1] - line.times[0] }, axis);
    const cells = [pad(line.hop, hops, "right"), pad(cut(line.place, places), places)];
    if (owners > 0) cells.push(style.dim(pad(cut(line.owner, owners), owners)));
    cells.push(line.paint(drawn), pad(texts[index] as string, times, "right"));
    return `  ${[...cells, line.paint(cut(line.words, words))].join("  ")}`.trimEnd();
  });
}

function linesOf({ ttl, addresses, probes, loss_percent }: DrawnHop, path: DrawnPath, style: Style): Line[] {
  if (addresses.length === 0) return [{ hop: String(ttl), place: SILENT, owner: "", times: null, words: "", paint: style.dim }];
  const silent = loss_percent > 0 ? `${probes.filter((probe) => probe.address === null).length} of ${probes.length} silent` : "";
  return addresses.map((address, index) => {
    const own = probes.filter((probe) => probe.address === address);
    const messages = [...new Set(own.flatMap(({ message }) => (message === null ? [] : [printableLine(message)])))];
    const isLoop = path.loops.includes(address);
    const isTarget = address === path.ip_address;
    const words = [...(index === 0 && silent !== "" ? [silent] : []), ...messages, ...(isLoop ? ["loop"] : [])].join(", ");
    const paint = messages.length > 0 || isLoop ? style.red : isTarget ? style.green : style.blue;
    return { hop: index === 0 ? String(ttl) : "", place: address, owner: ownerOf(address, path.routers), times: timesOf(own), words, paint };
  });
}

function ownerOf(address: string, routers: readonly DrawnRouter[]): string {
  const router = routers.find((each) => each.address === address);
  if (router === undefined) return "";
  const [name] = router.names;
  return [...(name === undefined ? [] : [printableLine(name)]), ...(router.as_number === null ? [] : [`AS${router.as_number}`])].join("  ");
}

function timesOf(probes: DrawnHop["probes"]): readonly [number, number] | null {
  const times = probes.flatMap(({ rtt_ms }) => rtt_ms ?? []);
  return times.length === 0 ? null : [Math.min(...times), Math.max(...times)];
}

function timesText(times: Line["times"]): string {
  if (times === null) return "";
  const [min, max] = times.map((time) => time.toFixed(time < 100 ? 1 : 0));
  return min === max ? `${min} ms` : `${min}-${max} ms`;
}
