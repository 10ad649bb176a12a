import type { RateAnswer, RateRequest } from "../contenders/rate-tasks.js";
import type { Setting } from "./bench.js";
import type { Child } from "./child.js";
import type { Figure, Unit } from "./figure.js";
import { interleaved } from "./rounds.js";
import { ratios, spreadOf } from "./statistics.js";

/** A rate of ours beside a peer's. */
export interface RateLine {
  readonly name: string;
  readonly unit?: Unit;
  readonly probe: string;
  /** A URL, an address with a port, or a port; null if its server is not there. */
  readonly target: string | null;
  readonly input?: object;
  readonly peer: { readonly name: string; readonly way: string; readonly missing: string | null };
  /** Runs of a round, and how many of them at one time. */
  readonly total: number;
  readonly concurrency: number;
  /** For one that takes long; it is measured without a round to warm up. */
  readonly rounds?: number;
  /** The least of our rate to the peer's; null where only the processor time has a goal. */
  readonly least: number | null;
  /** Both are a process of the bench, so that their processor time can be compared, which hardly depends on what else the machine does. */
  readonly showsCpu: boolean;
  /** The most of our processor time to the peer's. */
  readonly mostCpu?: number;
}

/** Measures all lines alternately: ours, the peer, the next line, and again. */
export async function measureRates(bench: string, setting: Setting, lines: readonly RateLine[], ours: Child, peers: Child): Promise<Figure[]> {
  const measured = new Map<string, RateAnswer[]>();
  const present = lines.filter(({ peer }) => peer.missing === null);
  for (const rounds of new Set(present.map((line) => line.rounds))) {
    const contenders = new Map<string, () => Promise<RateAnswer>>();
    for (const line of present.filter((each) => each.rounds === rounds)) {
      contenders.set(`${line.name}: ours beside ${line.peer.name}`, asking(setting, ours, line.probe, line));
      contenders.set(`${line.name}: ${line.peer.name}`, asking(setting, peers, line.peer.way, line));
    }
    // Once for nothing: both have to be compiled and warm.
    if (rounds === undefined) await interleaved(1, contenders, setting.progress);
    const most = setting.quick ? 3 : 7;
    for (const [name, answers] of await interleaved(Math.min(rounds ?? most, most), contenders, setting.progress)) measured.set(name, answers);
  }
  return lines.flatMap((line) => {
    const own = measured.get(`${line.name}: ours beside ${line.peer.name}`);
    const others = measured.get(`${line.name}: ${line.peer.name}`);
    return own === undefined || others === undefined ? [skippedRate(bench, line, line.peer.missing ?? "")] : figures(bench, line, own, others);
  });
}

function asking({ quick }: Setting, child: Child, way: string, { target, input, total, concurrency }: RateLine): () => Promise<RateAnswer> {
  const request: RateRequest = { target: target ?? "", way, concurrency, total: quick ? Math.ceil(total / 4) : total, ...(input && { input }) };
  return () => child.ask<RateAnswer>(request);
}

function figures(bench: string, line: RateLine, ours: readonly RateAnswer[], peers: readonly RateAnswer[]): Figure[] {
  const { name, unit = "probes/s", peer, least, showsCpu, mostCpu } = line;
  const beside = (field: keyof RateAnswer) => {
    const [own, others] = [ours, peers].map((answers) => answers.map((answer) => answer[field])) as [number[], number[]];
    return { bench, peer: peer.name, ours: spreadOf(own), peers: spreadOf(others), ratio: ratios(own, others), skipped: null };
  };
  const rate: Figure = { ...beside("perSecond"), name, unit, goal: least === null ? null : { of: "ratio", at: "least", value: least } };
  if (!showsCpu) return [rate];
  const goal = mostCpu === undefined ? null : ({ of: "ratio", at: "most", value: mostCpu } as const);
  return [rate, { ...beside("cpuMicroseconds"), name: `${name}: CPU`, unit: "µs", goal }];
}

export function skippedRate(bench: string, { name, unit = "probes/s", peer }: RateLine, reason: string): Figure {
  return { bench, name, unit, peer: peer.name, ours: null, peers: null, ratio: null, goal: null, skipped: reason };
}
