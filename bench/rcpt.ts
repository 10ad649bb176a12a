import type { RcptVerdict } from "../schemas/rcpt.js";
import { confusionOf, playBehaviour, rcptBehaviours, TRUTHS } from "../test/support/rcpt-behaviours.js";
import { type CorpusEntry, checkEntry, rcptCorpus } from "../test/support/rcpt-corpus.js";
import type { RcptAnswer, RcptRequest } from "./contenders/rcpt-tasks.js";
import { startSmtpSink } from "./peers/smtp-sink.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const rcpt: Bench = {
  name: "rcpt",
  summary: "Addresses a second of mail.rcpt against postfix's smtp-sink, and what it makes of labelled servers.",
  measure,
};

/** The peer: the bare loop writes as many transactions at a time as we do, or one. */
const BARE = { 16: "bare loop, 16 transactions a write", 1: "bare loop, a transaction a write" } as const;
const PORTIONS = [16, 1] as const;

type Answers = ReadonlyMap<string, readonly RcptAnswer[]>;

interface Line {
  readonly name: string;
  readonly task: Omit<RcptRequest, "port" | "together">;
  readonly ratioGoal: Goal;
  readonly ownGoal: Goal | null;
}

const LINES: readonly Line[] = [
  {
    name: "one connection for 1,000",
    task: { addresses: 1000, runs: 60, concurrency: 1 },
    ratioGoal: { of: "ratio", at: "least", value: 0.6 },
    ownGoal: { of: "ours", at: "least", value: 5000 },
  },
  {
    name: "a connection each, 50 at a time",
    task: { addresses: 1, runs: 6000, concurrency: 50 },
    ratioGoal: { of: "ratio", at: "least", value: 0.7 },
    ownGoal: null,
  },
];

async function measure(setting: Setting): Promise<Figure[]> {
  return [...(await measureRates(setting)), ...(await measureVerdicts(setting)), ...(await measureCorpus(setting))];
}

async function measureRates(setting: Setting): Promise<Figure[]> {
  const { script, library, folder } = setting.workshop;
  const sink = await startSmtpSink(folder);
  if (sink === null) return LINES.map(({ name }) => skippedFigure(name));
  const children: Child[] = [];
  try {
    const ours = await startChild(process.execPath, [script("rcptOurs"), library]);
    children.push(ours);
    const bare = await startChild(process.execPath, [script("rcptBare")]);
    children.push(bare);
    const contenders = new Map<string, () => Promise<RcptAnswer>>();
    for (const { name, task } of LINES) {
      const request = { ...task, port: sink.port, runs: setting.quick ? Math.ceil(task.runs / 5) : task.runs };
      contenders.set(`${name}: ours`, () => ours.ask<RcptAnswer>({ ...request, together: 16 }));
      for (const together of PORTIONS) contenders.set(`${name}: ${together}`, () => bare.ask<RcptAnswer>({ ...request, together }));
    }
    // Rounds that are not counted: both have to be compiled and warm, as a process is that runs for days.
    await interleaved(setting.quick ? 1 : 4, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 9, contenders, setting.progress);
    return LINES.flatMap((line) => [...figures(line, measured), cpuFigure(line, measured)]);
  } finally {
    for (const child of children.reverse()) await child.stop();
    await sink.stop();
  }
}

/** The goal is a ratio to the loop that writes as much at a time as we do; the absolute speed has no goal. */
function figures({ name, task, ratioGoal, ownGoal }: Line, measured: Answers): Figure[] {
  const rates = (contender: string): number[] => (measured.get(`${name}: ${contender}`) as readonly RcptAnswer[]).map(({ perSecond }) => perSecond);
  const ours = rates("ours");
  const common = { bench: rcpt.name, name, unit: "addresses/s", ours: spreadOf(ours), skipped: null } as const;
  // For one address there is but one portion.
  const beside = PORTIONS.slice(0, task.addresses === 1 ? 1 : 2).map((together): Figure => {
    const peers = rates(String(together));
    return { ...common, peer: BARE[together], peers: spreadOf(peers), ratio: ratios(ours, peers), goal: together === 16 ? ratioGoal : null };
  });
  return ownGoal === null ? beside : [...beside, { ...common, peer: "", peers: null, ratio: null, goal: ownGoal }];
}

/** On a busy machine this wobbles less than the rate. */
function cpuFigure({ name }: Line, measured: Answers): Figure {
  const costs = (contender: string): number[] => (measured.get(`${name}: ${contender}`) as readonly RcptAnswer[]).map(({ cpuMicroseconds }) => cpuMicroseconds);
  const [ours, peers] = [costs("ours"), costs("16")];
  const values = { ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) };
  return { bench: rcpt.name, name: `CPU an address, ${name}`, unit: "µs", peer: BARE[16], ...values, goal: null, skipped: null };
}

function skippedFigure(name: string): Figure {
  const skipped = "smtp-sink is not installed; on Debian: apt-get install postfix";
  return { bench: rcpt.name, name, unit: "addresses/s", peer: BARE[16], ours: null, peers: null, ratio: null, goal: null, skipped };
}

/** The confusion matrix over the labelled servers of fixtures/mail.rcpt: what is true of a mailbox, and what it is called. */
async function measureVerdicts({ progress }: Setting): Promise<Figure[]> {
  const seen = [];
  const behaviours = rcptBehaviours();
  for (const [index, behaviour] of behaviours.entries()) {
    progress(`server ${index + 1} of ${behaviours.length}: ${behaviour.name}`);
    const { output } = await playBehaviour(behaviour);
    seen.push({ truth: behaviour.truth, verdict: output.results[0]?.verdict ?? "unknown" });
  }
  const confusion = confusionOf(seen);
  const cells = TRUTHS.flatMap((truth) =>
    (["valid", "risky", "invalid", "unknown"] as const).map((verdict) => ({ truth, verdict, count: confusion[truth][verdict] })),
  );
  return cells
    .filter(({ count, ...cell }) => count > 0 || isWrong(cell))
    .map(({ truth, verdict, count }) => ({
      bench: rcpt.name,
      name: `mailbox ${WORDS[truth]}, called ${verdict}`,
      unit: "servers",
      ours: spreadOf([count]),
      peer: `of ${behaviours.filter((behaviour) => behaviour.truth === truth).length} labelled`,
      peers: null,
      ratio: null,
      goal: isWrong({ truth, verdict }) ? { of: "ours", at: "most", value: 0 } : null,
      skipped: null,
    }));
}

const WORDS = { exists: "exists", catch_all: "may exist: any is taken", full: "is full", disabled: "is disabled", missing: "does not exist" } as const;

/** What must never be said: that a mailbox is none where it may be one, and that it is one where there is none. */
function isWrong({ truth, verdict }: { truth: (typeof TRUTHS)[number]; verdict: string }): boolean {
  const isNone = truth === "missing" || truth === "disabled";
  return verdict === "invalid" ? !isNone : verdict === "valid" && truth !== "exists";
}

const VERDICTS = ["valid", "risky", "invalid", "unknown"] as const;

/** The confusion matrix over fixtures/mail.rcpt/corpus.json, whose labels were given without reading the tables; and each missing mailbox that stays unknown. */
async function measureCorpus({ progress }: Setting): Promise<Figure[]> {
  const corpus = rcptCorpus();
  const results: { entry: CorpusEntry; verdict: RcptVerdict }[] = [];
  for (const [index, entry] of corpus.entries()) {
    progress(`corpus ${index + 1} of ${corpus.length}: ${entry.id}`);
    results.push({ entry, verdict: (await checkEntry(entry, index)).results[0]?.verdict ?? "unknown" });
  }
  const count = (name: string, found: readonly unknown[], goal: Goal | null): Figure => {
    const peer = `of ${corpus.length} labelled without the tables`;
    return { bench: rcpt.name, name, unit: "servers", ours: spreadOf([found.length]), peer, peers: null, ratio: null, goal, skipped: null };
  };
  const cells = (["exists", "missing", "undecidable"] as const).flatMap((truth) =>
    VERDICTS.map((verdict) =>
      count(
        `corpus: ${truth}, called ${verdict}`,
        results.filter((each) => each.entry.truth === truth && each.verdict === verdict),
        null,
      ),
    ),
  );
  const wrong = results.filter(({ entry, verdict }) => !entry.acceptable.includes(verdict));
  const missed = results.filter(({ entry, verdict }) => entry.truth === "missing" && verdict === "unknown");
  return [
    ...cells,
    count("corpus: a verdict that is not acceptable", wrong, { of: "ours", at: "most", value: 0 }),
    ...missed.map((each) => count(`corpus: unknown, and missing: ${each.entry.id}`, [each], null)),
  ];
}
