import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { SavedState } from "./job-state.js";
import type { OutgoingMessage } from "./message-identity.js";
import type { Input, Output, Recipient } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock" | "memory">;
export type SendEvidence = Evidence<Output>;
export type { Recipient, SendAttempt } from "./schema.js";

/** Every field before anything has happened in this run; an earlier run of the same job may have come further. */
export function emptyEvidence(input: Input, { token, subject, message_id }: OutgoingMessage, saved: SavedState | null): SendEvidence {
  return {
    status: "ok",
    failure: null,
    error_type: null,
    delivery: "not_sent",
    host: input.host,
    port: input.port,
    from_addr: input.from_addr,
    to_addr: input.to_addr,
    token,
    subject,
    message_id,
    message_size_bytes: null,
    dkim: null,
    reply_code: null,
    reply_message: null,
    recipients: [input.to_addr, ...input.recipients].map((address, index) => ({ ...UNTRIED, ...saved?.recipients[index], address })),
    attempt_count: 0,
    attempts: saved?.attempts ?? [],
    goes_on_at: null,
    greylisted: false,
    greylist_delay_ms: null,
    banner: null,
    helo_domain: null,
    capabilities: null,
    capabilities_before_tls: null,
    tls: null,
    auth: null,
    findings: [],
  };
}

const UNTRIED = { address: "", outcome: "not_sent", attempt: null, phase: null, code: null, enhanced_code: null, message: null } as const;

/** Neither accepted nor permanently rejected, and not in doubt: it may be retried. */
export function isOpen({ outcome }: Recipient): boolean {
  return outcome === "not_sent" || outcome === "deferred";
}
