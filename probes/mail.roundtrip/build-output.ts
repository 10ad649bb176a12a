import { utc } from "../../runner/run/clock.js";
import { finding } from "../../runner/run/judge.js";
import { failure } from "../../schemas/failure.js";
import type { ReceivedHop } from "../../schemas/received.js";
import type { ReceiveEvidence } from "../mail.receive/evidence.js";
import type { SendEvidence } from "../mail.send/evidence.js";
import type { Ctx, Hop, RoundtripEvidence } from "./evidence.js";
import { picked } from "./parts.js";
import { ATTEMPT_FACTS, type Input, RECEIVE_FACTS, type Reached, SEND_FACTS } from "./schema.js";
import { type Conversations, mayArrive, type SentAndReceived } from "./send-and-receive.js";
import { setTimes } from "./times.js";

/** Combines the results of the two conversations. */
export function conclude(evidence: RoundtripEvidence, result: SentAndReceived, conversations: Conversations, input: Input): void {
  const { sent, received } = result;
  if (sent !== null) noteSending(evidence, sent, conversations.send);
  noteReceiving(evidence, received, conversations.imap);
  evidence.arrival = arrivalOf(sent, received);
  if (evidence.arrival === "arrived") noteMessage(evidence, received);
  evidence.clean_up = { outcome: cleanUpOf(evidence.arrival, received, input), deleted_uids: received.deleted_uids };
  setTimes(evidence, result, conversations.send);
  noteFailure(evidence, sent, received, input);
}

function noteSending(evidence: RoundtripEvidence, sent: SendEvidence, ctx: Ctx): void {
  evidence.delivery = sent.delivery;
  evidence.greylist_delay_ms = sent.greylist_delay_ms;
  evidence.send = { ...reached(ctx), ...picked(sent, SEND_FACTS), attempts: sent.attempts.map((attempt) => picked(attempt, ATTEMPT_FACTS)) };
  evidence.findings.push(...sent.findings);
}

function noteReceiving(evidence: RoundtripEvidence, received: ReceiveEvidence, ctx: Ctx): void {
  evidence.receive = { ...reached(ctx), ...picked(received, RECEIVE_FACTS) };
  // A message that has not arrived is this run's failure.
  evidence.findings.push(...received.findings.filter(({ reason }) => reason !== "no_recent_message"));
}

function reached({ run }: Ctx): Reached {
  const { ipAddress, connectedAt } = run.recorder;
  return { ip_address: ipAddress, connected_time: connectedAt === null ? null : utc(connectedAt) };
}

function arrivalOf(sent: SendEvidence | null, received: ReceiveEvidence): RoundtripEvidence["arrival"] {
  if (received.matched > 0) return "arrived";
  if (sent === null || !mayArrive(sent)) return "not_awaited";
  return received.failure === null ? "not_arrived" : "unknown";
}

/** The first copy is the message; the newest is first. */
function noteMessage(evidence: RoundtripEvidence, { messages, duplicates }: ReceiveEvidence): void {
  const message = messages.at(-1);
  if (message === undefined) return;
  Object.assign(evidence, picked(message, ["internal_date", "authentication", "spam", "folder", "is_spam_folder", "uid", "size_bytes"]));
  evidence.hops = sharesOf(message.received);
  evidence.duplicates = duplicates;
}

function cleanUpOf(
  arrival: RoundtripEvidence["arrival"],
  { matched, matched_uids: uids, deleted_uids: deleted }: ReceiveEvidence,
  { clean_up: asked }: Input,
): RoundtripEvidence["clean_up"]["outcome"] {
  if (!asked) return "not_asked";
  // It is unknown whether it arrived: it may still be there.
  if (matched === 0) return arrival === "unknown" ? "failed" : "nothing_there";
  return deleted.length === uids.length ? "deleted" : "failed";
}

/** One of the two conversations broke, or the message did not come. What a server left open is decided by whether it came. */
function noteFailure(evidence: RoundtripEvidence, sent: SendEvidence | null, received: ReceiveEvidence, { wait_ms: waitMs }: Input): void {
  const { arrival } = evidence;
  const isSolved = sent?.delivery === "unknown" && arrival === "arrived";
  if (isSolved) {
    const words = `the message arrived although its acceptance was not confirmed: ${sent.failure?.message}`;
    evidence.findings.push(finding("warning", "taken_without_answer", words));
  }
  if (sent !== null && sent.failure !== null && !isSolved) {
    Object.assign(evidence, { failure: sent.failure, failed_part: "send", error_type: sent.error_type });
  } else if (received.failure !== null) {
    Object.assign(evidence, { failure: received.failure, failed_part: "imap", error_type: received.error_type });
  } else if (arrival === "not_arrived") {
    const words = `the message was taken at ${evidence.accepted_at}, and was in none of the folders ${waitMs} ms later`;
    Object.assign(evidence, { failure: failure("probe", "timeout", words), failed_part: "imap", error_type: received.error_type });
  }
}

/** The share of each hop in the time from sender to mailbox. The clocks of hosts differ: a hop with a negative delay has no share. */
export function sharesOf(hops: readonly ReceivedHop[]): Hop[] {
  const total = hops.reduce((sum, { delay_to_next_seconds: delay }) => sum + Math.max(0, delay ?? 0), 0);
  return hops.map((hop) => {
    const { delay_to_next_seconds: delay } = hop;
    return { ...hop, share_percent: delay === null || delay < 0 || total === 0 ? null : Math.round((delay / total) * 1000) / 10 };
  });
}
