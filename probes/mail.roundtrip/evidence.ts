import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { OutgoingMessage } from "../mail.send/message-identity.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock" | "memory">;
export type RoundtripEvidence = Evidence<Output>;
export type Hop = RoundtripEvidence["hops"][number];

/** Every field before anything has happened. */
export function emptyEvidence({ send, receive }: Input, { token, message_id, subject }: OutgoingMessage): RoundtripEvidence {
  return {
    status: "ok",
    failure: null,
    failed_part: null,
    error_type: null,
    token,
    message_id,
    subject,
    delivery: "not_sent",
    arrival: "not_awaited",
    accepted_at: null,
    seen_at: null,
    internal_date: null,
    submission_ms: null,
    greylist_delay_ms: null,
    transit_ms: null,
    total_ms: null,
    hops: [],
    authentication: null,
    spam: [],
    folder: null,
    is_spam_folder: null,
    uid: null,
    size_bytes: null,
    duplicates: null,
    clean_up: { outcome: "not_asked", deleted_uids: [] },
    send: sendNothingYet(send),
    receive: receiveNothingYet(receive),
    findings: [],
  };
}

function sendNothingYet({ host, port }: Input["send"]): RoundtripEvidence["send"] {
  return {
    ip_address: null,
    connected_time: null,
    host,
    port,
    reply_code: null,
    reply_message: null,
    recipients: [],
    attempt_count: 0,
    greylisted: false,
    banner: null,
    helo_domain: null,
    tls: null,
    auth: null,
    dkim: null,
    attempts: [],
  };
}

function receiveNothingYet({ host, port }: Input["receive"]): RoundtripEvidence["receive"] {
  return {
    ip_address: null,
    connected_time: null,
    host,
    port,
    tls: null,
    capabilities: null,
    found_by: null,
    searches: 0,
    folders: [],
    reconnects: [],
  };
}
