import { MissingProgramError, type Packages } from "../../program/missing-program.js";
import { type ProgramResult, runProgram } from "../../program/run-program.js";
import { monotonic, round } from "../../run/clock.js";
import { failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Address } from "../transport/address.js";
import { type NamedTarget, targetAddresses } from "../transport/target-addresses.js";
import { lostPacket, type PingedPacket, type PingFacts } from "./packet.js";
import { icmpOf, mtuIn, type PingLine, readPingLine } from "./ping-output.js";

const PACKAGES: Packages = { debian: "iputils-ping", alpine: "iputils", fedora: "iputils", macos: null };
/** iputils takes its interval and its wait in seconds. */
const SECOND_MS = 1000;

export interface IcmpPingOptions {
  readonly count: number;
  readonly interval_ms: number;
  /** How long the reply to the last packet is waited for. */
  readonly wait_ms: number;
  readonly size: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly dont_fragment: boolean;
}

/** Echo requests by the ping of iputils. */
export async function pingByIcmp(run: WireRun, target: NamedTarget, options: IcmpPingOptions, facts: PingFacts): Promise<void> {
  const [address] = (await targetAddresses(run, target)) as [Address];
  run.recorder.ipAddress = address.address;
  const session = new PingSession(run, address.family, facts);
  const result = await runProgram(run.deadline, {
    program: "ping",
    arguments: argumentsOf(address, target, options),
    packages: PACKAGES,
    interrupt: "SIGINT",
    onLine: (line, at) => session.take(readPingLine(line), at),
  });
  session.end();
  judgeResult(result, facts, run);
}

function argumentsOf({ address, family }: Address, { source_address }: NamedTarget, options: IcmpPingOptions): string[] {
  const { count, interval_ms, wait_ms, size, ttl, tos, dont_fragment } = options;
  return [
    family === 4 ? "-4" : "-6",
    "-n",
    "-D",
    "-O",
    ...["-c", String(count)],
    ...["-i", String(interval_ms / SECOND_MS)],
    ...["-W", String(wait_ms / SECOND_MS)],
    ...["-s", String(size)],
    ...(ttl === undefined ? [] : ["-t", String(ttl)]),
    ...(tos === undefined ? [] : ["-Q", String(tos)]),
    ...["-M", dont_fragment ? "do" : "dont"],
    ...(source_address === undefined ? [] : ["-I", source_address]),
    address,
  ];
}

class PingSession {
  readonly #bySeq = new Map<number, PingedPacket>();
  #last: PingedPacket | null = null;

  constructor(
    readonly run: WireRun,
    readonly family: 4 | 6,
    readonly facts: PingFacts,
  ) {}

  take(line: PingLine | null, at: number): void {
    switch (line?.kind) {
      case "reply":
        this.#reply(line, at);
        break;
      case "error":
        this.#error(line, at);
        break;
      case "unanswered":
        this.#packet(line.seq);
        break;
      case "corrupt":
        // It follows the line of the reply that it is about.
        if (this.#last !== null) this.#last.outcome = "corrupt";
        break;
      case "sent":
        this.facts.sent = line.count;
        for (let seq = 1; seq <= line.count; seq++) this.#packet(seq);
    }
  }

  /** A run that ended early has no summary: what is known of was sent. */
  end(): void {
    this.facts.packets.sort((a, b) => a.seq - b.seq);
    this.facts.sent = Math.max(this.facts.sent, this.facts.packets.length);
  }

  #reply({ seq, from, ttl, rttMs, flaws }: Extract<PingLine, { kind: "reply" }>, at: number): void {
    if (flaws.includes("duplicate")) {
      this.facts.duplicates += 1;
      return;
    }
    const packet = this.#packet(seq);
    const began = at - (rttMs ?? 0);
    Object.assign(packet, { from, ttl, rtt_ms: rttMs, at_ms: round(began - this.run.recorder.began), outcome: flaws.length > 0 ? "corrupt" : "reply" });
    this.#last = packet;
    this.#record(`packet ${seq}`, began, at, `ttl ${ttl ?? "?"}${flaws.length > 0 ? ` (${flaws.join(", ")})` : ""}`);
  }

  #error({ seq, from, message, mtu }: Extract<PingLine, { kind: "error" }>, at: number): void {
    const packet = this.#packet(seq);
    if (packet.outcome === "reply") return;
    const icmp = icmpOf(message, this.family);
    Object.assign(packet, { from, message, mtu, outcome: "error", icmp_type: icmp?.type ?? null, icmp_code: icmp?.code ?? null });
    this.#record(`packet ${seq}`, at, at, `${from}: ${message}`);
  }

  #packet(seq: number): PingedPacket {
    const known = this.#bySeq.get(seq);
    if (known !== undefined) return known;
    const packet = lostPacket(seq);
    this.#bySeq.set(seq, packet);
    this.facts.packets.push(packet);
    return packet;
  }

  #record(name: string, from: number, to: number, message: string): void {
    this.run.recorder.end(this.run.recorder.begin(name, from), null, message, to);
  }
}

/** ping ends with 1 if nothing came back, which the packets say, and with 2 for everything else. */
function judgeResult({ code, stderr }: ProgramResult, facts: PingFacts, { deadline, recorder }: WireRun): void {
  if (deadline.reason !== null) throw failureError("probe", deadline.reason, `${facts.packets.length} packets until then`);
  if (/invalid option|unrecognized option/i.test(stderr)) throw new MissingProgramError("ping", "is not the one of iputils", PACKAGES);
  if (/operation not permitted|permission denied/i.test(stderr))
    throw new MissingProgramError("ping", "may not send ICMP here: give it the capability NET_RAW, or use method tcp", null);
  const [line = ""] = stderr.split("\n").filter((each) => each.trim() !== "");
  const local = /local error: (.*)/i.exec(stderr)?.[1];
  if (local !== undefined) {
    noteLocalErrors(facts, local, round(monotonic() - recorder.began));
    return;
  }
  if (code === 0 || (code === 1 && facts.sent > 0)) return;
  const words = line.replace(/^ping: /, "");
  if (/network is unreachable|no route/i.test(words)) throw failureError("connect", "unreachable", words);
  throw failureError("connect", "unknown", words === "" ? `ping ended with ${code}` : words);
}

/** The system itself refused to send: the packet is larger than the path allows. */
function noteLocalErrors(facts: PingFacts, message: string, at: number): void {
  for (const packet of facts.packets)
    if (packet.outcome === "lost") Object.assign(packet, { outcome: "error", message, mtu: mtuIn(message), at_ms: packet.at_ms ?? at });
}
