import type { TlsResultType } from "../../../schemas/tls-policy.js";
import { has } from "../../net/smtp/capabilities.js";
import { hello, heloDomain } from "../../net/smtp/commands.js";
import { replyText } from "../../net/smtp/reply.js";
import { expectAccepted, SmtpSession } from "../../net/smtp/session.js";
import { SessionState } from "../../net/smtp/session-state.js";
import { upgrade } from "../../net/smtp/upgrade.js";
import type { Deadline } from "../../run/deadline.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { judgeTls, tlsSessionOf } from "../../tls-policy/judge.js";
import type { HostTls, TlsJudgement, TlsSession } from "../../tls-policy/policy.js";
import type { TransportSettings } from "../message/outbound-message.js";
import { ownNames } from "../route/own-names.js";
import type { Attempt } from "../transaction/attempt.js";
import { type Endpoint, PooledSession } from "./pooled-session.js";

/** Everything that opening a session with a mail host depends on. */
export interface Opening {
  readonly settings: TransportSettings;
  readonly endpoint: Endpoint;
  readonly sourceAddress: string | null;
  readonly key: string;
  /** The TLS that the host requires. */
  readonly tls: HostTls;
  /** The error of the domain's TLS policy. */
  readonly policyProblem: TlsResultType | null;
  readonly attempt: Attempt;
  readonly secrets: SecretKeeper;
  readonly targets: WireRun["targets"];
  readonly deadline: Deadline;
}

/** A session with a mail host after EHLO, secured as required. Throws what prevented it. */
export async function openDirect(opening: Opening, mayUseTls = true): Promise<PooledSession> {
  const state = new SessionState(opening.secrets, opening.targets);
  state.use(opening.attempt.recorder, opening.deadline);
  try {
    return await introduced(opening, state, mayUseTls && opening.tls.level !== "none");
  } catch (error) {
    state.end();
    if (!(error instanceof HandshakeError) || opening.deadline.reason !== null || !error.mayGoPlain) throw error;
    // After a failed handshake nothing may be sent in plain text on the same connection (RFC 3207): a new one is opened, as mail servers do.
    opening.attempt.record.tls = "failed";
    return openDirect(opening, false);
  }
}

/** The handshake failed. A violation of a policy by a secured session is another error. */
class HandshakeError extends FailureError {
  constructor(
    error: FailureError,
    readonly mayGoPlain: boolean,
  ) {
    super(error.failure);
  }
}

async function introduced(opening: Opening, state: SessionState, mayUseTls: boolean): Promise<PooledSession> {
  const { endpoint, settings, attempt, key } = opening;
  const session = await SmtpSession.connect(state.context, {
    host: endpoint.ipAddress ?? endpoint.host,
    port: endpoint.port,
    address_family: "any",
    connect_timeout_ms: settings.connect_timeout_ms,
    command_timeout_ms: settings.command_timeout_ms,
    ...(opening.sourceAddress === null ? {} : { source_address: opening.sourceAddress }),
  });
  const wasBroken = attempt.record.tls === "failed";
  try {
    expectAccepted("greeting", await session.greet());
    const helloName = heloDomain(settings.helo_domain ?? undefined, session.connection);
    const reply = await hello(session, helloName);
    refuseOwnName(replyText(reply), helloName, endpoint);
    if (mayUseTls) await secure(session, opening, helloName);
    return new PooledSession(session, state, endpoint, key, helloName, wasBroken ? "failed" : attempt.record.tls);
  } catch (error) {
    new PooledSession(session, state, endpoint, key, "", "none").leaveInBackground();
    throw error;
  }
}

async function secure(session: SmtpSession, opening: Opening, helloName: string): Promise<void> {
  const { tls: required, attempt, settings } = opening;
  const { record } = attempt;
  const { ca } = settings.tls;
  const upgraded = await upgrade(session, { host: required.servername, min_version: required.minVersion, ...(ca === undefined ? {} : { ca }) });
  if (upgraded.kind === "not_offered") return enforce(opening, { kind: "not_offered" });
  record.tls = upgraded.kind === "refused" ? "refused" : "failed";
  if (upgraded.kind === "broken") throw new HandshakeError(upgraded.error, judged(opening, { kind: "broken", failure: upgraded.error.failure }).mayGoPlain);
  if (upgraded.kind === "refused") {
    if (upgraded.isClosing || !judged(opening, { kind: "not_offered" }).satisfied) throw upgraded.refusal;
    return;
  }
  record.tls_version = upgraded.tls.version;
  enforce(opening, tlsSessionOf(session.connection));
  record.tls = "secured";
  await hello(session, helloName);
  if (required.requireTls && !has(session.capabilities, "REQUIRETLS"))
    throw failureError("ehlo", "unsupported", `${required.host} does not offer REQUIRETLS, which the message asks for`);
}

/** Nothing is sent in a session that violates the host's policy. */
function enforce(opening: Opening, session: TlsSession): void {
  const { satisfied, problem } = judged(opening, session);
  if (!satisfied && problem !== null) throw new FailureError(problem);
}

function judged({ tls, attempt, policyProblem }: Opening, session: TlsSession): TlsJudgement {
  const judgement = judgeTls(tls, session);
  attempt.record.tls_result = judgement.result.result_type ?? policyProblem;
  return judgement;
}

/** A server that greets with our own name is this machine, or believes to be: the message would loop (5.4.6). */
function refuseOwnName(greeting: string, helloName: string, { host }: Endpoint): void {
  const [name = ""] = greeting.split(/\s/, 1);
  if (!ownNames(helloName).has(name.toLowerCase())) return;
  throw failureError("ehlo", "not_permitted", `mail loop: ${host} calls itself ${name}, which is our own name`);
}
