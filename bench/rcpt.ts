import { confusionOf, playBehaviour, rcptBehaviours, TRUTHS } from "../test/support/rcpt-behaviours.js";
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

const BARE = "bare pipelined node:net loop";

interface Line {
  readonly name: string;
  readonly task: Omit<RcptRequest, "port">;
  readonly goals: readonly Goal[];
}

const LINES: readonly Line[] = [
  {
    name: "one connection for 1,000",
    task: { addresses: 1000, runs: 20, concurrency: 1 },
    goals: [
      { of: "ratio", at: "least", value: 0.6 },
      { of: "ours", at: "least", value: 5000 },
    ],
  },
  { name: "a connection each, 50 at a time", task: { addresses: 1, runs: 3000, concurrency: 50 }, goals: [{ of: "ratio", at: "least", value: 0.7 }] },
];

async function measure(setting: Setting): Promise<Figure[]> {
  return [...(await measureRates(setting)), ...(await measureVerdicts(setting))];
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
    const contenders = new Map<string, () => Promise<number>>();
    for (const { name, task } of LINES) {
      const request = { ...task, port: sink.port, runs: setting.quick ? Math.ceil(task.runs / 5) : task.runs };
      contenders.set(`${name}: ours`, () => perSecond(ours, request));
      contenders.set(`${name}: bare`, () => perSecond(bare, request));
    }
    // Once for nothing: both have to be compiled and warm.
    await interleaved(1, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 9, contenders, setting.progress);
    return LINES.flatMap((line) => figures(line, measured.get(`${line.name}: ours`) as number[], measured.get(`${line.name}: bare`) as number[]));
  } finally {
    for (const child of children.reverse()) await child.stop();
    await sink.stop();
  }
}

async function perSecond(child: Child, request: RcptRequest): Promise<number> {
  return (await child.ask<RcptAnswer>(request)).perSecond;
}

/** A line has one goal: the second one is a line of its own. */
function figures({ name, goals }: Line, ours: readonly number[], peers: readonly number[]): Figure[] {
  return goals.map((goal) => ({
    bench: rcpt.name,
    name,
    unit: "addresses/s",
    peer: BARE,
    ours: spreadOf(ours),
    peers: spreadOf(peers),
    ratio: ratios(ours, peers),
    goal,
    skipped: null,
  }));
}

function skippedFigure(name: string): Figure {
  const skipped = "smtp-sink is not installed; on Debian: apt-get install postfix";
  return { bench: rcpt.name, name, unit: "addresses/s", peer: BARE, ours: null, peers: null, ratio: null, goal: null, skipped };
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
