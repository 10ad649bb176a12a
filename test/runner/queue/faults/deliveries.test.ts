import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeAfterEach, inside, internet } from "../../../support/delivery.js";
import { Immortal, Program } from "./program.js";

closeAfterEach();

/** `npm run test:long` delivers more. */
const IS_LONG = process.env.PROBE_RUN_LONG === "1";
const MESSAGES = IS_LONG ? 2000 : 200;
/** Slow enough that kills hit every step, also after the final dot, and few enough messages that each run gets some kills. */
const LATENCY_MS = IS_LONG ? 3 : 40;
const LIVES_MS: readonly [number, number] = IS_LONG ? [400, 1500] : [300, 700];
const GREYLISTED_EACH = 5;

interface ResultLine {
  readonly jobid: string;
  readonly part?: number;
  readonly data: { readonly recipients: readonly { readonly address: string; readonly outcome: string }[] };
}

test(`kill -9 of workers during ${MESSAGES} deliveries: none is lost, and none is delivered twice`, { timeout: 240_000 }, async () => {
  const cwd = await mkdtemp(join(tmpdir(), "probe-run-deliveries-"));
  const seen = new Set<string>();
  const rcpt = (address: string): string => {
    const isGreylisted = Number(/\d+/.exec(address)?.[0]) % GREYLISTED_EACH === 0 && !seen.has(address);
    seen.add(address);
    return isGreylisted ? "450 4.2.0 Greylisted" : "250 2.1.5 OK";
  };
  const net = await internet("one MX 10 a\ntwo MX 10 b", {
    a: ["127.0.0.41", { rcpt, latencyMs: LATENCY_MS }],
    b: ["127.0.0.42", { rcpt, latencyMs: LATENCY_MS }],
  });
  const recipients = Array.from({ length: MESSAGES }, (_, index) => `r${index}@${index % 2 === 0 ? "one" : "two"}.example`);
  const input = (recipient: string) => ({
    ...inside(net),
    mail_from: "ada@sender.example",
    recipients: [recipient],
    fields: { subject: "Hello", text: "Hello." },
    retry: { first_ms: 300 },
  });
  const start =
    (...argv: string[]) =>
    (stdin = "") =>
      new Program(argv, { cwd, stdin });
  const stdin = recipients.map((recipient) => `${JSON.stringify(input(recipient))}\n`).join("");
  const stored = start("enqueue", "mail.deliver", "-", "--batch", "mail", "--attempts", "1000")(stdin);
  expect((await stored.ended).code, stored.err).toBe(0);
  const workers = [0, 1].map(() => new Immortal(() => start("work", "--concurrency", "16", "--lease", "700")(), LIVES_MS));
  const consumer = new Immortal(() => start("consume", "--lease", "5000")(), [600_000, 600_001]);
  const last = (): ResultLine[] => consumer.lines.map((line) => JSON.parse(line) as ResultLine).filter(({ part }) => part === undefined);
  try {
    await expect.poll(() => new Set(last().map(({ jobid }) => jobid)).size, { timeout: 220_000, interval: 500 }).toBe(MESSAGES);
  } finally {
    await Promise.all([...workers, consumer].map((each) => each.end()));
  }
  const outcomes = new Map(last().map(({ data }) => [data.recipients[0]?.address as string, data.recipients[0]?.outcome as string]));
  const received = new Map<string, number>();
  for (const { to } of [...net.host("a").messages, ...net.host("b").messages])
    for (const address of to) received.set(address, (received.get(address) ?? 0) + 1);
  const wrong = recipients.filter((address) => {
    const times = received.get(address) ?? 0;
    return outcomes.get(address) === "delivered" ? times !== 1 : outcomes.get(address) !== "unknown" || times > 1;
  });
  expect(wrong.map((address) => `${address}: ${outcomes.get(address)}, received ${received.get(address) ?? 0} times`)).toEqual([]);
  // The reports are correct, and most are not `unknown`.
  expect([...outcomes.values()].filter((outcome) => outcome === "delivered").length).toBeGreaterThan(MESSAGES / 2);
  expect(workers.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(1);
  await rm(cwd, { recursive: true });
});
