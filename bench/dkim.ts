import { generateKeyPairSync } from "node:crypto";
import type { SignAnswer, SignRequest } from "./contenders/sign-rounds.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure } from "./support/figure.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const dkim: Bench = {
  name: "dkim",
  summary: "DKIM signatures a second, in one process.",
  measure,
};

const PEER = "nodemailer's signer";
const CONCURRENCY = 20;
const KILOBYTE = 1024;

interface Line {
  readonly name: string;
  readonly key: "rsa" | "ed25519";
  readonly bodyBytes: number;
  readonly total: number;
  /** Nodemailer signs with RSA only. */
  readonly hasPeer: boolean;
}

const LINES: readonly Line[] = [
  { name: "RSA-2048, 1 KB", key: "rsa", bodyBytes: KILOBYTE, total: 3000, hasPeer: true },
  { name: "RSA-2048, 100 KB", key: "rsa", bodyBytes: 100 * KILOBYTE, total: 2000, hasPeer: true },
  { name: "Ed25519, 1 KB", key: "ed25519", bodyBytes: KILOBYTE, total: 6000, hasPeer: false },
  { name: "Ed25519, 100 KB", key: "ed25519", bodyBytes: 100 * KILOBYTE, total: 3000, hasPeer: false },
];

async function measure(setting: Setting): Promise<Figure[]> {
  const keys = {
    rsa: pem(generateKeyPairSync("rsa", { modulusLength: 2048 })),
    ed25519: pem(generateKeyPairSync("ed25519")),
  };
  const children: Child[] = [];
  const start = async (name: "signOurs" | "signNodemailer"): Promise<Child> => {
    const child = await startChild(process.execPath, [setting.workshop.script(name)]);
    children.push(child);
    return child;
  };
  try {
    const contenders = contendersOf(setting, keys, await start("signOurs"), await start("signNodemailer"));
    // Once for nothing: both have to be compiled and warm.
    await interleaved(1, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 7, contenders, setting.progress);
    return LINES.map(({ name }) => figure(name, measured.get(`${name}: ours`) as number[], measured.get(`${name}: ${PEER}`) ?? null));
  } finally {
    for (const child of children.reverse()) await child.stop();
  }
}

function contendersOf({ quick }: Setting, keys: Record<Line["key"], string>, ours: Child, nodemailer: Child): Map<string, () => Promise<number>> {
  const contenders = new Map<string, () => Promise<number>>();
  for (const { name, key, bodyBytes, total, hasPeer } of LINES) {
    const request: SignRequest = { bodyBytes, total: quick ? Math.ceil(total / 6) : total, concurrency: CONCURRENCY, privateKey: keys[key] };
    const perSecond = async (child: Child): Promise<number> => (await child.ask<SignAnswer>(request)).perSecond;
    contenders.set(`${name}: ours`, () => perSecond(ours));
    if (hasPeer) contenders.set(`${name}: ${PEER}`, () => perSecond(nodemailer));
  }
  return contenders;
}

function pem({ privateKey }: ReturnType<typeof generateKeyPairSync>): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

function figure(name: string, ours: readonly number[], peers: readonly number[] | null): Figure {
  const beside = peers === null ? { peers: null, ratio: null } : { peers: spreadOf(peers), ratio: ratios(ours, peers) };
  return { bench: dkim.name, name, unit: "messages/s", ours: spreadOf(ours), peer: peers === null ? "" : PEER, ...beside, goal: null, skipped: null };
}
