import type { SendAnswer, SendRequest } from "./contenders/send-rounds.js";
import { startSmtpSink } from "./peers/smtp-sink.js";
import { smtpSource } from "./peers/smtp-source.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const send: Bench = {
  name: "send",
  summary: "Messages a second against postfix's smtp-sink, over 20 connections.",
  measure,
};

const CONNECTIONS = 20;
const KILOBYTE = 1024;

const NODELAY = "nodemailer, NODELAY forced";
const AS_IT_IS = "nodemailer";
const SOURCE = "smtp-source";
const PEERS = [NODELAY, AS_IT_IS, SOURCE] as const;
type Peer = (typeof PEERS)[number];

interface Line {
  readonly name: string;
  readonly task: Pick<SendRequest, "bodyBytes" | "total" | "way">;
  readonly goals: Partial<Record<Peer, Goal>>;
}

const LINES: readonly Line[] = [
  {
    name: "1 KB, sessions reused",
    task: { bodyBytes: KILOBYTE, total: 20_000, way: "reused" },
    goals: { [NODELAY]: { of: "ratio", at: "least", value: 3 }, [SOURCE]: { of: "ratio", at: "least", value: 0.5 } },
  },
  { name: "100 KB, sessions reused", task: { bodyBytes: 100 * KILOBYTE, total: 3000, way: "reused" }, goals: {} },
  { name: "1 KB, a session each", task: { bodyBytes: KILOBYTE, total: 3000, way: "fresh" }, goals: {} },
  { name: "100 KB, a session each", task: { bodyBytes: 100 * KILOBYTE, total: 1000, way: "fresh" }, goals: {} },
];

/** Nagle's algorithm and a delayed acknowledgement cost it 40 ms a message: there is nothing to see in more of them. */
const FEW = 10;

async function measure(setting: Setting): Promise<Figure[]> {
  const { script, library, folder } = setting.workshop;
  const source = smtpSource();
  const sink = await startSmtpSink(folder);
  if (sink === null || source === null) return LINES.map(({ name }) => skippedFigure(name));
  const children: Child[] = [];
  try {
    const ours = await startChild(process.execPath, [script("sendOurs"), library]);
    children.push(ours);
    const nodemailer = await startChild(process.execPath, [script("sendNodemailer")]);
    children.push(nodemailer);
    const contenders = new Map<string, () => Promise<number>>();
    for (const { name, task } of LINES) {
      const request = { ...task, port: sink.port, connections: CONNECTIONS, noDelay: true, total: setting.quick ? Math.ceil(task.total / 5) : task.total };
      const few = { ...request, noDelay: false, total: Math.ceil(request.total / FEW) };
      contenders.set(`${name}: ours`, () => perSecond(ours, request));
      contenders.set(`${name}: ${NODELAY}`, () => perSecond(nodemailer, request));
      contenders.set(`${name}: ${AS_IT_IS}`, () => perSecond(nodemailer, few));
      contenders.set(`${name}: ${SOURCE}`, () => source(request));
    }
    // Once for nothing: all have to be compiled and warm.
    await interleaved(1, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 5, contenders, setting.progress);
    return LINES.flatMap((line) => figures(line, measured));
  } finally {
    for (const child of children.reverse()) await child.stop();
    await sink.stop();
  }
}

async function perSecond(child: Child, request: SendRequest): Promise<number> {
  return (await child.ask<SendAnswer>(request)).perSecond;
}

function figures({ name, goals }: Line, measured: ReadonlyMap<string, readonly number[]>): Figure[] {
  const ours = measured.get(`${name}: ours`) as number[];
  return PEERS.map((peer): Figure => {
    const peers = measured.get(`${name}: ${peer}`) as number[];
    const spreads = { ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) };
    return { bench: send.name, name, unit: "messages/s", peer, ...spreads, goal: goals[peer] ?? null, skipped: null };
  });
}

function skippedFigure(name: string): Figure {
  const skipped = "smtp-sink or smtp-source is not installed; on Debian: apt-get install postfix";
  return { bench: send.name, name, unit: "messages/s", peer: SOURCE, ours: null, peers: null, ratio: null, goal: null, skipped };
}
