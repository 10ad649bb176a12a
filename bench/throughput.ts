import type { FloodAnswer } from "./contenders/tasks.js";
import { startBlackboxExporter } from "./peers/blackbox-exporter.js";
import { type SmtpSink, startSmtpSink } from "./peers/smtp-sink.js";
import type { Bench, Setting } from "./support/bench.js";
import { startBare, startProbeRun, startSmtplib } from "./support/contenders.js";
import type { Figure, Goal, Unit } from "./support/figure.js";
import { processorTime } from "./support/processor-time.js";
import { interleaved, type Measurement } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const throughput: Bench = {
  name: "throughput",
  summary: "Probes a second of network.smtp against postfix's smtp-sink, beside others that hold the same conversation.",
  measure,
};

const OURS = "probe-run";
const BARE = "bare node:net loop";
const BLACKBOX = "blackbox exporter";
/** However many probes are under way elsewhere, it is measured in as many threads as suit it. */
const SMTPLIB_THREADS = 50;
const SMTPLIB = `smtplib, ${SMTPLIB_THREADS} threads`;

const GOALS = new Map<string, Goal>([
  [BARE, { of: "ratio", at: "least", value: 0.8 }],
  [BLACKBOX, { of: "ratio", at: "least", value: 3 }],
  [SMTPLIB, { of: "ratio", at: "least", value: 3 }],
]);

const HOW_TO_GET = new Map([
  [BLACKBOX, "it is not installed; on Debian: apt-get install prometheus-blackbox-exporter"],
  [SMTPLIB, "Python is not installed; on Debian: apt-get install python3"],
]);

const CONCURRENCIES = [50, 500];
const DEFAULT_EFFORT = { rounds: 9, total: 4000, warmUp: 4000 };
const QUICK_EFFORT = { rounds: 3, total: 500, warmUp: 500 };

interface Load {
  readonly port: number;
  readonly total: number;
  readonly concurrency: number;
}

/** A contender that runs a given number of probes. */
interface Contender {
  flood(load: Load): Promise<FloodAnswer>;
  stop(): Promise<void>;
}

async function measure(setting: Setting): Promise<Figure[]> {
  const sink = await startSmtpSink(setting.workshop.folder);
  if (sink === null) return CONCURRENCIES.map((concurrency) => skipped(BARE, concurrency, "smtp-sink is not installed; on Debian: apt-get install postfix"));
  const contenders = new Map<string, Contender>();
  try {
    await startAll(setting, contenders);
    const figures: Figure[] = [];
    for (const concurrency of CONCURRENCIES) figures.push(...(await measureAt(concurrency, sink, setting, contenders)));
    return figures;
  } finally {
    for (const contender of contenders.values()) await contender.stop();
    await sink.stop();
  }
}

/** Each goes into the map as soon as it runs, so that it is stopped whatever happens to the next. */
async function startAll({ workshop }: Setting, contenders: Map<string, Contender>): Promise<void> {
  const ours = await startProbeRun(workshop);
  contenders.set(OURS, { flood: (load) => ours.ask({ task: "flood", ...load }), stop: () => ours.stop() });
  const bare = await startBare(workshop);
  contenders.set(BARE, { flood: (load) => bare.ask({ task: "flood", ...load }), stop: () => bare.stop() });
  const blackbox = await startBlackboxExporter(workshop);
  if (blackbox !== null) contenders.set(BLACKBOX, { flood: (load) => blackbox.ask(load), stop: () => blackbox.stop() });
  const smtplib = await startSmtplib();
  if (smtplib !== null) contenders.set(SMTPLIB, { flood: (load) => smtplib.ask({ ...load, threads: SMTPLIB_THREADS }), stop: () => smtplib.stop() });
}

async function measureAt(concurrency: number, sink: SmtpSink, setting: Setting, contenders: ReadonlyMap<string, Contender>): Promise<Figure[]> {
  const { rounds, total, warmUp } = setting.quick ? QUICK_EFFORT : DEFAULT_EFFORT;
  const say = (text: string): void => setting.progress(`${concurrency} at a time, ${text}`);
  const floods = new Map(
    [...contenders].map(([name, each]): [string, Measurement<FloodAnswer>] => [name, () => each.flood({ port: sink.port, total, concurrency })]),
  );
  for (const [name, contender] of contenders) {
    say(`warming up: ${name}`);
    await contender.flood({ port: sink.port, total: warmUp, concurrency });
  }
  const sinkBefore = processorTime(sink.pid);
  const measured = await interleaved(rounds, floods, say);
  const sinkTime = sinkBefore === null ? null : (processorTime(sink.pid) as number) - sinkBefore;
  const figures = [...GOALS.keys()].flatMap((name) => besides(name, concurrency, total, measured));
  return sinkTime === null ? figures : [...figures, sinkFigure(concurrency, sinkTime / (total * rounds * contenders.size))];
}

function besides(peer: string, concurrency: number, total: number, measured: ReadonlyMap<string, readonly FloodAnswer[]>): Figure[] {
  const [ours, peers] = [measured.get(OURS) as readonly FloodAnswer[], measured.get(peer)];
  if (peers === undefined) return [skipped(peer, concurrency, HOW_TO_GET.get(peer) as string)];
  const rate = ({ seconds }: FloodAnswer): number => total / seconds;
  const figures = [figureOf(`rate, ${concurrency} at a time`, "probes/s", peer, ours.map(rate), peers.map(rate), GOALS.get(peer) ?? null)];
  // On a busy machine this wobbles less than the rate: it does not count the time in which others had the processor.
  const costs = (answers: readonly FloodAnswer[]): number[] => answers.map(({ cpuMicroseconds }) => cpuMicroseconds).filter((cost) => cost !== null);
  const known = costs(peers).length === peers.length;
  if (known) figures.push(figureOf(`CPU a probe, ${concurrency} at a time`, "µs", peer, costs(ours), costs(peers), null));
  return figures;
}

function figureOf(name: string, unit: Unit, peer: string, ours: readonly number[], peers: readonly number[], goal: Goal | null): Figure {
  return { bench: throughput.name, name, unit, peer, ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers), goal, skipped: null };
}

/** No client is faster than the server: 1,000,000 divided by this is its limit. */
function sinkFigure(concurrency: number, microseconds: number): Figure {
  const name = `CPU a probe, ${concurrency} at a time`;
  return {
    bench: throughput.name,
    name,
    unit: "µs",
    peer: "smtp-sink itself",
    ours: null,
    peers: spreadOf([microseconds]),
    ratio: null,
    goal: null,
    skipped: null,
  };
}

function skipped(peer: string, concurrency: number, reason: string): Figure {
  const nothing = { ours: null, peers: null, ratio: null };
  return { bench: throughput.name, name: `rate, ${concurrency} at a time`, unit: "probes/s", peer, ...nothing, goal: GOALS.get(peer) ?? null, skipped: reason };
}
