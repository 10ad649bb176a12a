import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { encodeRequest, type NtpReply, readReply, referenceText } from "../../runner/net/ntp/message.js";
import type { NtsKeys } from "../../runner/net/nts/capability.js";
import { timeServer } from "../../runner/net/nts/time-server.js";
import type { UdpPeer, UdpReply } from "../../runner/net/udp/peer.js";
import { round } from "../../runner/run/clock.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { judge } from "./judge.js";
import { establishKeys, type Request, securedRequest } from "./nts.js";
import { type Input, newest, type Output, type Sample } from "./schema.js";

type Ctx = Context<"udp" | "nts" | "clock">;

export default defineProbe({
  name: "network.ntp",
  summary: "Asks an NTP server for the time, and reports how far the clocks differ and how well the server is synchronised.",
  needs: ["udp", "nts", "clock"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: ({ nts }) => certificateViolations("/nts/ca", nts?.ca),
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  const timed: TimedReply[] = [];
  const failure = await ctx.attempt(async () => {
    const keys = input.nts === undefined ? null : await establishKeys(input, input.nts, ctx, evidence);
    const target = { host: input.target_host, port: input.target_port };
    const peer = await ctx.udp.peer({ ...input, ...(keys === null ? target : timeServer(keys, target)) });
    for (let number = 0; number < input.samples; number++) {
      if (number > 0) await sleep(input.interval_ms, undefined, { signal: ctx.signal });
      if (!(await takeSample({ peer, keys, input, ctx, evidence, timed }))) break;
    }
  });
  summarise(evidence, timed);
  evidence.failure = failure ?? (timed.length === 0 && evidence.kiss_code === null ? noTime(evidence.samples) : null);
  evidence.findings.push(...judge(input, evidence));
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

interface TimedReply {
  readonly reply: NtpReply;
  readonly offset: number;
  readonly delay: number;
}

interface Asking {
  readonly peer: UdpPeer;
  /** Null for time that is not authenticated. */
  readonly keys: NtsKeys | null;
  readonly input: Input;
  readonly ctx: Ctx;
  readonly evidence: Evidence<Output>;
  readonly timed: TimedReply[];
}

function plainRequest(nonce: Buffer): Request {
  return { packet: encodeRequest(nonce), isAuthentic: () => true };
}

/** False if the server refuses to answer more. A request without an answer is a lost sample, unless it was the only one. */
async function takeSample({ peer, keys, input, ctx, evidence, timed }: Asking): Promise<boolean> {
  const nonce = randomBytes(8);
  const at_ms = round(ctx.clock.now() - ctx.run.recorder.began);
  const sample: Sample = { outcome: "timeout", at_ms, offset_ms: null, delay_ms: null, message: null };
  evidence.samples.push(sample);
  try {
    const request = keys === null ? plainRequest(nonce) : securedRequest(nonce, keys, evidence);
    const read = (datagram: Buffer) => {
      const reply = readReply(datagram, nonce, wallClock(ctx.clock.now()));
      return reply !== null && request.isAuthentic(datagram) ? reply : null;
    };
    const answer = await peer.ask({ name: "NTP", phase: "query", query: () => request.packet, read, timeoutMs: input.command_timeout_ms });
    note(evidence, answer.reply);
    return take(sample, answer, evidence, timed);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { code, message } = error.failure;
    sample.outcome = code === "timeout" ? "timeout" : "invalid";
    sample.message = message;
    if (code !== "timeout" || input.samples === 1 || ctx.run.deadline.reason !== null) throw error;
    return true;
  }
}

/** RFC 5905, section 8: T1 and T4 are this machine's, T2 and T3 the server's. */
function take(sample: Sample, { reply, sentAt, receivedAt }: UdpReply<NtpReply>, evidence: Evidence<Output>, timed: TimedReply[]): boolean {
  if (reply.stratum === 0) {
    sample.outcome = "kiss";
    sample.message = evidence.kiss_code = referenceText(reply);
    return false;
  }
  if (reply.received === null || reply.transmitted === null || reply.transmitted < reply.received)
    throw failureError("query", "protocol_violation", "the reply has no times of the server, or they run backwards");
  const [sent, arrived] = [wallClock(sentAt), wallClock(receivedAt)];
  const offset = (reply.received - sent + (reply.transmitted - arrived)) / 2;
  const delay = Math.max(0, arrived - sent - (reply.transmitted - reply.received));
  sample.outcome = "reply";
  sample.offset_ms = round(offset);
  sample.delay_ms = round(delay);
  timed.push({ reply, offset, delay });
  return true;
}

/** This machine's UTC clock in milliseconds, as precise as the monotonic one. */
function wallClock(reading: number): number {
  // Date.now() is cut to milliseconds, so half of one is added on average.
  const drift = Date.now() + 0.5 - (performance.timeOrigin + performance.now());
  return performance.timeOrigin + reading + (Math.abs(drift) > 2 ? drift : 0);
}

/** What the server says of itself; the last reply counts. */
function note(evidence: Evidence<Output>, reply: NtpReply): void {
  const { stratum, leap, version } = reply;
  Object.assign(evidence, { stratum, leap, version, reference_id: stratum === 0 ? null : referenceText(reply) });
  evidence.synchronised = stratum > 0 && stratum < 16 && leap !== "not_synchronised";
  // Often less than a microsecond, which round() would show as 0.
  evidence.precision_ms = Number(reply.precisionMs.toPrecision(3));
  evidence.root_delay_ms = round(reply.rootDelayMs);
  evidence.root_dispersion_ms = round(reply.rootDispersionMs);
  evidence.reference_age_s = reply.reference === null || reply.transmitted === null ? null : round((reply.transmitted - reply.reference) / 1000);
}

/** The shortest delay has the least room for an error of the offset. */
function summarise(evidence: Evidence<Output>, timed: readonly TimedReply[]): void {
  const best = timed.reduce<TimedReply | null>((shortest, each) => (shortest === null || each.delay < shortest.delay ? each : shortest), null);
  if (best === null) return;
  evidence.offset_ms = round(best.offset);
  evidence.delay_ms = round(best.delay);
  evidence.root_distance_ms = round((best.delay + best.reply.rootDelayMs) / 2 + best.reply.rootDispersionMs);
  const others = timed.filter((each) => each !== best);
  if (others.length > 0) evidence.jitter_ms = round(Math.sqrt(others.reduce((sum, { offset }) => sum + (offset - best.offset) ** 2, 0) / others.length));
}

function noTime(samples: readonly Sample[]) {
  return failureError("query", "timeout", `none of ${samples.length} requests was answered`).failure;
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const times = { offset_ms: null, delay_ms: null, jitter_ms: null };
  const server = { synchronised: null, stratum: null, leap: null, reference_id: null, reference_age_s: null };
  const roots = { root_delay_ms: null, root_dispersion_ms: null, root_distance_ms: null, precision_ms: null, version: null, kiss_code: null };
  return { status: "ok", failure: null, target_host, target_port, ...times, ...server, ...roots, nts: null, samples: [], findings: [] };
}
