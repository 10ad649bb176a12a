import { generateKeyPairSync } from "node:crypto";
import type { DeliverAnswer, DeliverRequest } from "./contenders/deliver-rounds.js";
import type { ServeSitesAnswer, ServeSitesRequest } from "./contenders/deliver-sites.js";
import type { SitesAnswer, SitesRequest } from "./peers/many-sites.js";
import { startSmtpSink } from "./peers/smtp-sink.js";
import { smtpSource } from "./peers/smtp-source.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Goal } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const deliver: Bench = {
  name: "deliver",
  summary: "Messages a second of the delivery service, and what sick sites cost the healthy ones.",
  measure,
};

const CONNECTIONS = 20;
const BODY_BYTES = 1024;
const NODEMAILER = "nodemailer's pool, NODELAY forced";
const SOURCE = "smtp-source";
const THREE_TIMES: Goal = { of: "ratio", at: "least", value: 3 };
const HALF: Goal = { of: "ratio", at: "least", value: 0.5 };

interface Line {
  readonly name: string;
  readonly total: number;
  readonly isSigned: boolean;
  readonly goals: { readonly nodemailer: Goal | null; readonly source: Goal | null };
}

const LINES: readonly Line[] = [
  { name: "1 KB through a relay, 20 connections", total: 20_000, isSigned: false, goals: { nodemailer: THREE_TIMES, source: HALF } },
  { name: "the same, signed with RSA-2048", total: 4000, isSigned: true, goals: { nodemailer: null, source: null } },
];

async function measure(setting: Setting): Promise<Figure[]> {
  return [...(await measureRates(setting)), await measureSites(setting)];
}

async function measureRates(setting: Setting): Promise<Figure[]> {
  const { script, delivery, folder } = setting.workshop;
  const source = smtpSource();
  const sink = await startSmtpSink(folder);
  if (sink === null || source === null) return LINES.map(({ name }) => skippedFigure(name));
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const children: Child[] = [];
  try {
    const ours = await startChild(process.execPath, [script("deliverOurs"), delivery]);
    children.push(ours);
    const nodemailer = await startChild(process.execPath, [script("deliverNodemailer")]);
    children.push(nodemailer);
    const contenders = new Map<string, () => Promise<number>>();
    for (const { name, total, isSigned } of LINES) {
      const request: DeliverRequest = {
        port: sink.port,
        bodyBytes: BODY_BYTES,
        connections: CONNECTIONS,
        total: setting.quick ? Math.ceil(total / 5) : total,
        privateKey: isSigned ? key : null,
      };
      contenders.set(`${name}: ours`, () => perSecond(ours, request));
      contenders.set(`${name}: ${NODEMAILER}`, () => perSecond(nodemailer, request));
      if (!isSigned) contenders.set(`${name}: ${SOURCE}`, () => source({ ...request, way: "reused", noDelay: true }));
    }
    // Rounds that are not counted: all have to be compiled and warm, as a process is that runs for days.
    await interleaved(setting.quick ? 1 : 4, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 7, contenders, setting.progress);
    return LINES.flatMap((line) => rateFigures(line, measured));
  } finally {
    for (const child of children.reverse()) await child.stop();
    await sink.stop();
  }
}

async function perSecond(child: Child, request: DeliverRequest): Promise<number> {
  return (await child.ask<DeliverAnswer>(request)).perSecond;
}

function rateFigures({ name, isSigned, goals }: Line, measured: ReadonlyMap<string, readonly number[]>): Figure[] {
  const ours = measured.get(`${name}: ours`) as number[];
  const beside = (peer: string, goal: Goal | null): Figure => {
    const peers = measured.get(`${name}: ${peer}`) as number[];
    return {
      bench: deliver.name,
      name,
      unit: "messages/s",
      ours: spreadOf(ours),
      peer,
      peers: spreadOf(peers),
      ratio: ratios(ours, peers),
      goal,
      skipped: null,
    };
  };
  return isSigned ? [beside(NODEMAILER, goals.nodemailer)] : [beside(NODEMAILER, goals.nodemailer), beside(SOURCE, goals.source)];
}

function skippedFigure(name: string): Figure {
  const skipped = "smtp-sink or smtp-source is not installed; on Debian: apt-get install postfix";
  return { bench: deliver.name, name, unit: "messages/s", peer: SOURCE, ours: null, peers: null, ratio: null, goal: null, skipped };
}

/** Half of the sick ones do not let anybody in, the others let everybody in and say nothing. */
const SITES: SitesRequest = { healthy: 450, dead: 25, slow: 25 };
const MESSAGES_EACH = 4;
const AMONG_SICK = "450 healthy sites, 50 dead or slow ones beside them";
const ALONE = "the healthy ones alone";

async function measureSites(setting: Setting): Promise<Figure> {
  const { script, delivery } = setting.workshop;
  const peers = await startChild(process.execPath, [script("manySites")]);
  const ours = await startChild(process.execPath, [script("deliverSites"), delivery]);
  try {
    const { port, servers } = await peers.ask<SitesAnswer>(SITES);
    const request: ServeSitesRequest = { ...SITES, port, servers, messagesEach: MESSAGES_EACH };
    const contenders = new Map([
      [AMONG_SICK, () => millisecondsOf(ours, request)],
      [ALONE, () => millisecondsOf(ours, { ...request, dead: 0, slow: 0 })],
    ]);
    await interleaved(1, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 9, contenders, setting.progress);
    const [among, alone] = [measured.get(AMONG_SICK) as number[], measured.get(ALONE) as number[]];
    const spreads = { ours: spreadOf(among), peers: spreadOf(alone), ratio: ratios(among, alone) };
    return { bench: deliver.name, name: AMONG_SICK, unit: "ms", peer: ALONE, ...spreads, goal: { of: "ratio", at: "most", value: 1.2 }, skipped: null };
  } finally {
    await ours.stop();
    await peers.stop();
  }
}

async function millisecondsOf(child: Child, request: ServeSitesRequest): Promise<number> {
  return (await child.ask<ServeSitesAnswer>(request)).milliseconds;
}
