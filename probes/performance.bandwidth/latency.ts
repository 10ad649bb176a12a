import type { Context } from "../../runner/harness/context.js";
import { hostOf, portOf } from "../../runner/net/http/message.js";
import type { PingFacts } from "../../runner/net/ping/packet.js";
import { MissingProgramError } from "../../runner/program/missing-program.js";
import { monotonic, round } from "../../runner/run/clock.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { isInstalled } from "../../runner/support/is-installed.js";
import type { Input, Output, RoundTrips } from "./schema.js";

type Ctx = Context<"ping">;
type Method = Output["latency"]["method"];

const IDLE_COUNT = 5;
const INTERVAL_MS = 250;
const WAIT_MS = 1000;

/** Measures round trips to the host, before the transfers and during them. */
export class Latency {
  method: Method;
  error: string | null = null;
  idle: RoundTrips | null = null;
  readonly #host: string;
  readonly #port: number;
  readonly #ctx: Ctx;

  constructor(
    ctx: Ctx,
    readonly input: Input,
  ) {
    const { mode, url, target_host, target_port, latency, ping_port } = input;
    const address = mode === "http" && url !== undefined ? new URL(url) : null;
    this.#ctx = ctx;
    this.#host = address === null ? (target_host as string) : hostOf(address);
    this.#port = ping_port ?? (address === null ? target_port : portOf(address));
    this.method = latency === "auto" ? (mode === "http" ? "tcp" : "icmp") : latency;
    if (latency === "auto" && this.method === "icmp" && !isInstalled("ping")) this.#giveUp("ping is not installed");
  }

  async measureIdle(): Promise<void> {
    if (this.method === "none") return;
    this.idle = await this.#ctx.operation("idle latency", async (operation) => {
      const seen = await this.#roundTrips((facts) => facts.sent < IDLE_COUNT);
      if (seen !== null) operation.reply(null, seen.median_ms === null ? "no answer" : `median ${seen.median_ms} ms by ${this.method}`);
      return seen;
    });
  }

  /** Measures for as long as the transfer takes. */
  async during(transfer: Promise<void>): Promise<RoundTrips | null> {
    let isOver = false;
    const over = transfer.finally(() => {
      isOver = true;
    });
    const [measured] = await Promise.allSettled([this.#roundTrips(() => !isOver), over]);
    await over;
    if (measured.status === "rejected") throw measured.reason;
    return measured.value;
  }

  async #roundTrips(goesOn: (facts: PingFacts) => boolean): Promise<RoundTrips | null> {
    if (this.method === "none") return null;
    const facts: PingFacts = { sent: 0, duplicates: 0, packets: [] };
    try {
      while (goesOn(facts) && this.#ctx.run.deadline.reason === null) await this.#ping(facts);
    } catch (error) {
      this.#note(error);
    }
    return facts.packets.length === 0 ? null : statisticsOf(facts);
  }

  /** One at a time: how many there are depends on how long the transfer takes. */
  async #ping(facts: PingFacts): Promise<void> {
    const began = monotonic();
    const one: PingFacts = { sent: 0, duplicates: 0, packets: [] };
    const target = { ...this.input, host: this.#host };
    const ping = this.#ctx.ping.untimed;
    const options = { count: 1, interval_ms: INTERVAL_MS, wait_ms: WAIT_MS };
    if (this.method === "tcp") await ping.byTcp(target, { ...options, port: this.#port }, one);
    else await ping.byIcmp(target, { ...options, size: 56, dont_fragment: false }, one);
    facts.sent += 1;
    facts.packets.push(...one.packets.slice(0, 1));
    await this.#pause(INTERVAL_MS - (monotonic() - began));
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(0, milliseconds));
      const forget = this.#ctx.run.deadline.onEnd(done);
      function done(): void {
        clearTimeout(timer);
        resolve();
        // It may end at once, before there is anything to forget.
        queueMicrotask(() => forget());
      }
    });
  }

  /** The bandwidth does not depend on it: only what the user asked for by name has to work. */
  #note(error: unknown): void {
    if (error instanceof FailureError) {
      if (this.#ctx.run.deadline.reason === null) this.error ??= error.failure.message;
      return;
    }
    if (!(error instanceof MissingProgramError) || this.input.latency !== "auto") throw error;
    this.#giveUp(error.message);
  }

  #giveUp(message: string): void {
    this.method = "none";
    this.error = message;
  }
}

function statisticsOf({ sent, packets }: PingFacts): RoundTrips {
  const times = packets.flatMap(({ rtt_ms }) => rtt_ms ?? []).sort((a, b) => a - b);
  const ranked = (share: number): number | null => (times.length === 0 ? null : round(times[Math.max(0, Math.ceil(times.length * share) - 1)] as number));
  return { sent, received: times.length, min_ms: ranked(0), median_ms: ranked(0.5), p95_ms: ranked(0.95), max_ms: ranked(1) };
}
