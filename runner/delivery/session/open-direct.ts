import { has } from "../../net/smtp/capabilities.js";
import { hello, heloDomain, starttls } from "../../net/smtp/commands.js";
import { replyText } from "../../net/smtp/reply.js";
import { accepted, rejected, SmtpSession } from "../../net/smtp/session.js";
import { SessionState } from "../../net/smtp/session-state.js";
import type { Deadline } from "../../run/deadline.js";
import { FailureError, fail } from "../../run/failure-error.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { judgeTls } from "../../tls-policy/judge.js";
import type { HostTls, TlsJudgement, TlsSession } from "../../tls-policy/policy.js";
import { tlsSessionOf } from "../../tls-policy/session.js";
import type { Manners } from "../message/outbound-message.js";
import { ownNames } from "../route/own-names.js";
import type { Attempt } from "../transaction/attempt.js";
import { type Door, PooledSession } from "./pooled-session.js";

/** Everything that opening a session with a mail host depends on. */
export interface Opening {
  readonly manners: Manners;
  readonly door: Door;
  readonly sourceAddress: string | null;
  readonly key: string;
  readonly rule: HostTls;
  readonly attempt: Attempt;
  readonly secrets: SecretKeeper;
  readonly deadline: Deadline;
}

/** A session with a mail host that has greeted and is secured as it has to be. Throws what kept it from that. */
export async function openDirect(opening: Opening, mayUseTls = true): Promise<PooledSession> {
  const state = new SessionState(opening.secrets);
  state.use(opening.attempt.recorder, opening.deadline);
  try {
    return await introduced(opening, state, mayUseTls && opening.rule.level !== "none");
  } catch (error) {
    state.end();
    if (!mayUseTls || !brokeInHandshake(error) || opening.deadline.reason !== null) throw error;
    if (!judged(opening, { kind: "broken", failure: (error as FailureError).failure }).mayGoPlain) throw error;
    // After a broken handshake nothing may be said in the clear on the same connection (RFC 3207): a new one, as mail servers do.
    opening.attempt.record.tls = "failed";
    return openDirect(opening, false);
  }
}

function brokeInHandshake(error: unknown): boolean {
  if (!(error instanceof FailureError)) return false;
  const { phase, reply_code: replyCode } = error.failure;
  return phase === "tls" || (phase === "starttls" && replyCode === null);
}

async function introduced(opening: Opening, state: SessionState, mayUseTls: boolean): Promise<PooledSession> {
  const { door, manners, attempt, key } = opening;
  const session = await SmtpSession.connect(state.context, {
    host: door.ipAddress ?? door.host,
    port: door.port,
    address_family: "any",
    connect_timeout_ms: manners.connect_timeout_ms,
    command_timeout_ms: manners.command_timeout_ms,
    ...(opening.sourceAddress === null ? {} : { source_address: opening.sourceAddress }),
  });
  const wasBroken = attempt.record.tls === "failed";
  try {
    accepted("greeting", await session.greet());
    const helloName = heloDomain(manners.helo_domain ?? undefined, session.connection);
    const reply = await hello(session, helloName);
    refuseOurselves(replyText(reply), helloName, door);
    if (mayUseTls) await upgrade(session, opening, helloName);
    return new PooledSession(session, state, door, key, helloName, wasBroken ? "failed" : attempt.record.tls);
  } catch (error) {
    new PooledSession(session, state, door, key, "", "none").leaveBehind();
    throw error;
  }
}

async function upgrade(session: SmtpSession, opening: Opening, helloName: string): Promise<void> {
  const { rule, manners, attempt } = opening;
  const { record } = attempt;
  if (!has(session.capabilities, "STARTTLS")) return demand(opening, session);
  record.tls = "failed";
  const { ca } = manners.tls;
  const { reply, tls } = await starttls(session, { host: rule.servername, min_version: rule.minVersion, ...(ca === undefined ? {} : { ca }) });
  if (tls === null) {
    record.tls = "refused";
    // It goes on in the clear, on a connection that was never anything else: unless the server says that it is closing.
    if (reply.code === CLOSING || !judged(opening, { kind: "not_offered" }).satisfied) throw rejected("starttls", reply);
    return;
  }
  record.tls_version = tls.version;
  demand(opening, session);
  record.tls = "secured";
  await hello(session, helloName);
  if (rule.requireTls && !has(session.capabilities, "REQUIRETLS"))
    throw fail("ehlo", "unsupported", `${rule.host} does not offer REQUIRETLS, which the message asks for`);
}

/** Nothing is sent in a session that does not hold to the host's policy. */
function demand(opening: Opening, session: SmtpSession): void {
  const { satisfied, problem } = judged(opening, tlsSessionOf(session.connection));
  if (!satisfied && problem !== null) throw new FailureError(problem);
}

function judged({ rule, attempt }: Opening, session: TlsSession): TlsJudgement {
  const judgement = judgeTls(rule, session);
  attempt.record.tls_result = judgement.result.result_type;
  return judgement;
}

/** RFC 5321, section 3.8. */
export const CLOSING = 421;

/** A server that greets by our own name is ourselves, or believes to be: the message would come back for ever (5.4.6). */
function refuseOurselves(greeting: string, helloName: string, { host }: Door): void {
  const [name = ""] = greeting.split(/\s/, 1);
  if (!ownNames(helloName).has(name.toLowerCase())) return;
  throw fail("ehlo", "not_permitted", `${host} calls itself ${name}, which is our own name: the message would go in a circle`);
}
