import type { MailHostEndpoint } from "../../runner/mail-sites/endpoint.js";
import { openSession, type TlsRequirement } from "../../runner/mail-sites/open-session.js";
import { PooledSession } from "../../runner/mail-sites/pooled-session.js";
import { leave } from "../../runner/net/smtp/leave.js";
import type { SessionState } from "../../runner/net/smtp/session-state.js";
import { starttlsMissing } from "../../runner/net/smtp/upgrade.js";
import { requireTrusted } from "../../runner/net/transport/tls.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Attempt as Dial } from "../../schemas/network.js";
import { type Decision, decisionOfFailure, type Speaker } from "./decide.js";
import { type Attempt, isOver } from "./evidence.js";
import type { SiteCheck } from "./site-check.js";

/** An open session that may be asked. `pooled.used` is the number of addresses that it was asked for so far. */
export interface Conversation {
  readonly pooled: PooledSession;
  readonly attempt: Attempt;
  readonly endpoint: Speaker;
  /** An earlier job left it open. */
  readonly isResumed: boolean;
}

/** A session after EHLO, secured as far as the input asks, and its record. Throws the failure that prevented it. */
export async function openConversation(check: SiteCheck, endpoint: MailHostEndpoint, key: string, state: SessionState | null): Promise<Conversation> {
  const { ctx, input, evidence, identity, timeouts } = check;
  const { session, record, helloName } = await openSession<Attempt>({
    context: state?.context ?? ctx,
    target: {
      host: endpoint.ipAddress,
      port: endpoint.port,
      address_family: "any",
      connect_timeout_ms: timeouts.connect_timeout_ms,
      command_timeout_ms: timeouts.command_timeout_ms,
      ...(input.source_address === undefined ? {} : { source_address: input.source_address }),
    },
    helloName: (connection) => {
      evidence.helo_domain = identity.helloName(connection);
      return evidence.helo_domain;
    },
    tls: input.tls.mode === "none" ? null : tlsRequirement(check, endpoint.host),
    dialled: ([dial]) => {
      if (dial === undefined) return null;
      const attempt = attemptOf(endpoint.host, dial);
      evidence.attempts.push(attempt);
      return attempt;
    },
    abandon: async (abandoned, attempt, error) => {
      if (error instanceof FailureError) endAttempt(attempt, decisionOfFailure(error.failure));
      await leave(abandoned);
    },
  });
  const dialledAt = ctx.run.recorder.began + record.at_ms;
  const dialled = { at: dialledAt, connectedAt: dialledAt + record.duration_ms };
  return { pooled: new PooledSession(session, state, endpoint, key, helloName, record.tls, dialled), attempt: record, endpoint, isResumed: false };
}

export function attemptOf(host: string, dial: Dial): Attempt {
  return { mx_host: host, ...dial, tls: "none", ended_at: null, code: null, message: null, answered: 0 };
}

/** Records the point at which a conversation ended before every address was answered. */
export function endAttempt(attempt: Attempt, { decided_at: at, code, message, error }: Decision): void {
  Object.assign(attempt, { ended_at: at, code, message: message ?? error });
}

function tlsRequirement({ ctx, input: { tls } }: SiteCheck, host: string): TlsRequirement {
  const isRequired = tls.mode === "starttls";
  return {
    options: { host, min_version: tls.min_version, ...(tls.ca === undefined ? {} : { ca: tls.ca }) },
    enforce: (upgraded) => {
      if (upgraded.kind === "not_offered" && isRequired) throw starttlsMissing();
      if (upgraded.kind === "refused" && isRequired) throw upgraded.refusal;
      if (upgraded.kind === "secured" && tls.verify === "require") requireTrusted(upgraded.tls, host);
    },
    mayGoPlain: () => !isRequired && !isOver(ctx),
  };
}
