import { has } from "../../runner/net/smtp/capabilities.js";
import { hello, starttls } from "../../runner/net/smtp/commands.js";
import { leave } from "../../runner/net/smtp/leave.js";
import { accepted, rejected, type SmtpContext, SmtpSession } from "../../runner/net/smtp/session.js";
import { requireTrusted } from "../../runner/net/transport/tls.js";
import { FailureError, fail } from "../../runner/run/failure-error.js";
import { type Decision, decisionOfFailure } from "./decide.js";
import { type Ctx, isOver, type Visit } from "./evidence.js";
import type { Input } from "./schema.js";

export interface Door {
  readonly host: string;
  readonly ipAddress: string;
  /** Under which the session runs: this run's, or one that may outlive it. */
  readonly context: SmtpContext;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  /** The name to greet with; it may depend on the address that the connection leaves from. */
  readonly helloName: (connection: { readonly localAddress: string | null }) => string;
}

/** A session that has greeted and is secured as far as the input asks, and what is noted of it. Throws what kept it from that. */
export async function openSession(ctx: Ctx, input: Input, door: Door, visits: Visit[]): Promise<{ session: SmtpSession; visit: Visit }> {
  try {
    return await introduce(input, door, visits, input.tls.mode !== "none");
  } catch (error) {
    if (!brokeInHandshake(error) || input.tls.mode !== "opportunistic" || isOver(ctx)) throw error;
    // After a broken handshake nothing may be said in the clear on the same connection (RFC 3207): a new one, as a mail server does.
    const opened = await introduce(input, door, visits, false);
    opened.visit.tls = "failed";
    return opened;
  }
}

function brokeInHandshake(error: unknown): boolean {
  if (!(error instanceof FailureError)) return false;
  const { phase, code, reply_code: replyCode } = error.failure;
  return (phase === "tls" && code !== "tls_certificate") || (phase === "starttls" && replyCode === null);
}

async function introduce(input: Input, door: Door, visits: Visit[], mayUpgrade: boolean): Promise<{ session: SmtpSession; visit: Visit }> {
  const { session, visit } = await dial(input, door, visits);
  try {
    accepted("greeting", await session.greet());
    await hello(session, door.helloName(session.connection));
    if (mayUpgrade) await upgrade(session, input, door, visit);
    return { session, visit };
  } catch (error) {
    if (error instanceof FailureError) endVisit(visit, decisionOfFailure(error.failure));
    await leave(session);
    throw error;
  }
}

/** Where a conversation ended before every address was answered. */
export function endVisit(visit: Visit, { decided_at: at, code, message, error }: Decision): void {
  Object.assign(visit, { ended_at: at, code, message: message ?? error });
}

async function dial(input: Input, door: Door, visits: Visit[]): Promise<{ session: SmtpSession; visit: Visit }> {
  const attempts: Omit<Visit, "mx_host" | "tls" | "ended_at" | "code" | "message" | "answered">[] = [];
  const noted = (): Visit => {
    const [attempt] = attempts;
    const visit: Visit = { mx_host: door.host, ...(attempt as (typeof attempts)[number]), tls: "none", ended_at: null, code: null, message: null, answered: 0 };
    visits.push(visit);
    return visit;
  };
  const target = {
    host: door.ipAddress,
    port: input.mx_port,
    address_family: "any",
    connect_timeout_ms: door.connectTimeoutMs,
    command_timeout_ms: door.commandTimeoutMs,
    ...(input.source_address === undefined ? {} : { source_address: input.source_address }),
  } as const;
  try {
    const session = await SmtpSession.connect(door.context, target, attempts);
    return { session, visit: noted() };
  } catch (error) {
    if (attempts.length > 0) noted();
    throw error;
  }
}

async function upgrade(session: SmtpSession, input: Input, door: Door, visit: Visit): Promise<void> {
  const isRequired = input.tls.mode === "starttls";
  if (!has(session.capabilities, "STARTTLS")) {
    if (isRequired) throw fail("starttls", "unsupported", "the server does not offer STARTTLS");
    return;
  }
  visit.tls = "failed";
  const { reply, tls } = await starttls(session, {
    host: door.host,
    min_version: input.tls.min_version,
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  });
  if (tls === null) {
    visit.tls = "refused";
    // It goes on in the clear, on a connection that was never anything else: unless the server says that it is closing.
    if (isRequired || reply.code === CLOSING) throw rejected("starttls", reply);
    return;
  }
  if (input.tls.verify === "require") requireTrusted(tls, door.host);
  visit.tls = "secured";
  await hello(session, door.helloName(session.connection));
}

/** RFC 5321, section 3.8. */
export const CLOSING = 421;
