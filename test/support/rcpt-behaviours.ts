import { readdirSync, readFileSync } from "node:fs";
import type { newest } from "../../probes/mail.rcpt/schema.js";
import { run } from "../../runner/harness/run.js";
import type { Delivery } from "../../runner/lab/transcript-player.js";
import type { FilledOf } from "../../schemas/contract.js";
import type { RcptReason, RcptVerdict } from "../../schemas/rcpt.js";
import { playConnections } from "./play-connections.js";

export type RcptOutput = FilledOf<(typeof newest)["output"]>;

/** What the mailbox really is. */
export const TRUTHS = ["exists", "catch_all", "full", "disabled", "missing"] as const;
export type Truth = (typeof TRUTHS)[number];

/** A labelled server: what it does, what is true, and what the probe must make of it. See fixtures/README.md. */
export interface Behaviour {
  readonly name: string;
  readonly truth: Truth;
  readonly verdict: RcptVerdict;
  readonly reason: RcptReason;
  readonly input: Readonly<Record<string, unknown>>;
  readonly deliveries: readonly Delivery[];
  /** One for each connection, the last for every later one too. */
  readonly transcripts: readonly string[];
}

const FOLDER = new URL("../../fixtures/mail.rcpt/1.0.0/", import.meta.url);
const ALL_DELIVERIES: readonly Delivery[] = ["whole", "lines", "bytes"];

export function rcptBehaviours(): Behaviour[] {
  const files = readdirSync(FOLDER).sort();
  return files.filter((file) => /^[^.]+\.transcript$/.test(file)).map((file) => read(file.slice(0, -".transcript".length), files));
}

function read(name: string, files: readonly string[]): Behaviour {
  const more = files.filter((file) => file.startsWith(`${name}.`) && /\.\d\.transcript$/.test(file));
  const transcripts = [`${name}.transcript`, ...more].map((file) => readFileSync(new URL(file, FOLDER), "utf8"));
  const header = (field: string): string | undefined => new RegExp(`^# ${field}: (.*)$`, "m").exec(transcripts[0] as string)?.[1];
  const delivery = header("delivery");
  return {
    name,
    truth: header("truth") as Truth,
    verdict: header("verdict") as RcptVerdict,
    reason: header("reason") as RcptReason,
    input: JSON.parse(header("input") ?? "{}"),
    deliveries: delivery === undefined ? ALL_DELIVERIES : [delivery as Delivery],
    transcripts,
  };
}

/** What every conversation on the loopback is asked with, unless it says something else. */
export function rcptInput(port: number): Record<string, unknown> {
  return {
    mx_host: "127.0.0.1",
    mx_port: port,
    allow_private_addresses: true,
    helo_domain: "probe.example.net",
    mail_from: "bounce@probe.example.net",
    connect_timeout_ms: 10_000,
    command_timeout_ms: 10_000,
    timeout_ms: 20_000,
  };
}

export interface Played {
  readonly output: RcptOutput;
  readonly mismatches: readonly string[];
  readonly openSockets: number;
  readonly connections: number;
  readonly said: readonly string[];
}

/** Plays the transcripts to one run. */
export async function playRcpt(transcripts: readonly string[], input: Readonly<Record<string, unknown>>, delivery: Delivery = "whole"): Promise<Played> {
  const server = await onNewPort(transcripts, delivery);
  try {
    const { output } = await run("mail.rcpt@1.0.0", { ...rcptInput(server.port), ...input });
    for (let waited = 0; server.openSockets > 0 && waited < 1000; waited += 5) await new Promise((resolve) => setTimeout(resolve, 5));
    return {
      output: output as RcptOutput,
      openSockets: server.openSockets,
      connections: server.connections,
      mismatches: server.mismatches.map(({ message }) => message),
      said: server.conversation.filter(({ speaker }) => speaker === "client").map(({ text }) => text),
    };
  } finally {
    await server.close();
  }
}

/** What a server said of a random address is remembered with its port for a day, and the system gives a port again. */
const knownPorts = new Set<number>();

async function onNewPort(transcripts: readonly string[], delivery: Delivery): ReturnType<typeof playConnections> {
  for (;;) {
    const server = await playConnections(transcripts, delivery);
    if (!knownPorts.has(server.port)) {
      knownPorts.add(server.port);
      return server;
    }
    await server.close();
  }
}

export async function playBehaviour(behaviour: Behaviour, delivery: Delivery = behaviour.deliveries[0] as Delivery): Promise<Played> {
  return playRcpt(behaviour.transcripts, { email: "ada@example.org", ...behaviour.input }, delivery);
}

/** How often each truth was given each verdict. */
export type Confusion = Record<Truth, Record<RcptVerdict, number>>;

export function confusionOf(seen: readonly { truth: Truth; verdict: RcptVerdict }[]): Confusion {
  const row = (): Record<RcptVerdict, number> => ({ valid: 0, risky: 0, invalid: 0, unknown: 0 });
  const confusion: Confusion = { exists: row(), catch_all: row(), full: row(), disabled: row(), missing: row() };
  for (const { truth, verdict } of seen) confusion[truth][verdict] += 1;
  return confusion;
}
