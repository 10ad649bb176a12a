import type { Deadline } from "../deadline.js";
import { FailureError, fail } from "../failure-error.js";
import { has } from "../net/smtp/capabilities.js";
import { hello, heloDomain, starttls } from "../net/smtp/commands.js";
import { replyText } from "../net/smtp/reply.js";
import { accepted, rejected, SmtpSession } from "../net/smtp/session.js";
import { requireTrusted } from "../net/tls.js";
import type { SecretKeeper } from "../secret-keeper.js";
import type { Attempt } from "./attempt.js";
import type { Manners } from "./order.js";
import { ownNames } from "./own-names.js";
import { type Door, PooledSession, SessionState } from "./pooled-session.js";
import type { TlsDemand } from "./tls-demand.js";

/** Everything that opening a session with a mail host depends on. */
export interface Opening {
  readonly manners: Manners;
  readonly door: Door;
  readonly sourceAddress: string | null;
  readonly key: string;
  readonly demand: TlsDemand;
  readonly attempt: Attempt;
  readonly secrets: SecretKeeper;
  readonly deadline: Deadline;
}

/** A session with a mail host that has greeted and is secured as it has to be. Throws what kept it from that. */
export async function openDirect(opening: Opening, mayUseTls = true): Promise<PooledSession> {
  const state = new SessionState(opening.secrets);
  state.use(opening.attempt.recorder, opening.deadline);
  try {
    return await introduced(opening, state, mayUseTls && opening.demand.level !== "none");
  } catch (error) {
    state.letGo();
    if (!mayUseTls || !brokeInHandshake(error) || opening.demand.level !== "may" || opening.deadline.reason !== null) throw error;
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

async function upgrade(session: SmtpSession, { door, demand, attempt }: Opening, helloName: string): Promise<void> {
  const { record } = attempt;
  if (!has(session.capabilities, "STARTTLS")) {
    if (demand.level === "must") throw fail("starttls", "unsupported", `${door.host} does not offer STARTTLS, which ${demand.source} asks for`);
    return;
  }
  record.tls = "failed";
  const { reply, tls } = await starttls(session, { host: door.host, min_version: demand.minVersion, ...(demand.ca === undefined ? {} : { ca: demand.ca }) });
  if (tls === null) {
    record.tls = "refused";
    // It goes on in the clear, on a connection that was never anything else: unless the server says that it is closing.
    if (demand.level === "must" || reply.code === CLOSING) throw rejected("starttls", reply);
    return;
  }
  record.tls_version = tls.version;
  if (demand.verify) requireTrusted(tls, door.host);
  record.tls = "secured";
  await hello(session, helloName);
}

/** RFC 5321, section 3.8. */
export const CLOSING = 421;

/** A server that greets by our own name is ourselves, or believes to be: the message would come back for ever (5.4.6). */
function refuseOurselves(greeting: string, helloName: string, { host }: Door): void {
  const [name = ""] = greeting.split(/\s/, 1);
  if (!ownNames(helloName).has(name.toLowerCase())) return;
  throw fail("ehlo", "not_permitted", `${host} calls itself ${name}, which is our own name: the message would go in a circle`);
}
