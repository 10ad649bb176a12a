import { has } from "../../runner/net/smtp/capabilities.js";
import { hello, starttls } from "../../runner/net/smtp/commands.js";
import { leave } from "../../runner/net/smtp/leave.js";
import { expectAccepted, rejected, type SmtpContext, SmtpSession } from "../../runner/net/smtp/session.js";
import { requireTrusted } from "../../runner/net/transport/tls.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { type Decision, decisionOfFailure } from "./decide.js";
import { type Attempt, type Ctx, isOver } from "./evidence.js";
import type { Input } from "./schema.js";

export interface Endpoint {
  readonly host: string;
  readonly ipAddress: string;
  /** What the session runs under: this run, or a state that may outlive it. */
  readonly context: SmtpContext;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  /** The name to greet with; it may depend on the address that the connection leaves from. */
  readonly helloName: (connection: { readonly localAddress: string | null }) => string;
}

/** A session after EHLO, secured as far as the input asks, and its record. Throws the failure that prevented it. */
export async function openSession(ctx: Ctx, input: Input, endpoint: Endpoint, recorded: Attempt[]): Promise<{ session: SmtpSession; attempt: Attempt }> {
  try {
    return await introduce(input, endpoint, recorded, input.tls.mode !== "none");
  } catch (error) {
    if (!brokeInHandshake(error) || input.tls.mode !== "opportunistic" || isOver(ctx)) throw error;
    // After a broken handshake nothing may be said in the clear on the same connection (RFC 3207): a new one, as a mail server does.
    const opened = await introduce(input, endpoint, recorded, false);
    opened.attempt.tls = "failed";
    return opened;
  }
}

function brokeInHandshake(error: unknown): boolean {
  if (!(error instanceof FailureError)) return false;
  const { phase, code, reply_code: replyCode } = error.failure;
  return (phase === "tls" && code !== "tls_certificate") || (phase === "starttls" && replyCode === null);
}

async function introduce(input: Input, endpoint: Endpoint, recorded: Attempt[], mayUpgrade: boolean): Promise<{ session: SmtpSession; attempt: Attempt }> {
  const { session, attempt } = await dial(input, endpoint, recorded);
  try {
    expectAccepted("greeting", await session.greet());
    await hello(session, endpoint.helloName(session.connection));
    if (mayUpgrade) await upgrade(session, input, endpoint, attempt);
    return { session, attempt };
  } catch (error) {
    if (error instanceof FailureError) endAttempt(attempt, decisionOfFailure(error.failure));
    await leave(session);
    throw error;
  }
}

/** Records where a conversation ended before every address was answered. */
export function endAttempt(attempt: Attempt, { decided_at: at, code, message, error }: Decision): void {
  Object.assign(attempt, { ended_at: at, code, message: message ?? error });
}

async function dial(input: Input, endpoint: Endpoint, recorded: Attempt[]): Promise<{ session: SmtpSession; attempt: Attempt }> {
  const dials: Omit<Attempt, "mx_host" | "tls" | "ended_at" | "code" | "message" | "answered">[] = [];
  const noted = (): Attempt => {
    const [first] = dials;
    const attempt: Attempt = {
      mx_host: endpoint.host,
      ...(first as (typeof dials)[number]),
      tls: "none",
      ended_at: null,
      code: null,
      message: null,
      answered: 0,
    };
    recorded.push(attempt);
    return attempt;
  };
  const target = {
    host: endpoint.ipAddress,
    port: input.mx_port,
    address_family: "any",
    connect_timeout_ms: endpoint.connectTimeoutMs,
    command_timeout_ms: endpoint.commandTimeoutMs,
    ...(input.source_address === undefined ? {} : { source_address: input.source_address }),
  } as const;
  try {
    const session = await SmtpSession.connect(endpoint.context, target, dials);
    return { session, attempt: noted() };
  } catch (error) {
    if (dials.length > 0) noted();
    throw error;
  }
}

async function upgrade(session: SmtpSession, input: Input, endpoint: Endpoint, attempt: Attempt): Promise<void> {
  const isRequired = input.tls.mode === "starttls";
  if (!has(session.capabilities, "STARTTLS")) {
    if (isRequired) throw failureError("starttls", "unsupported", "the server does not offer STARTTLS");
    return;
  }
  attempt.tls = "failed";
  const { reply, tls } = await starttls(session, {
    host: endpoint.host,
    min_version: input.tls.min_version,
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  });
  if (tls === null) {
    attempt.tls = "refused";
    // It goes on in the clear, on a connection that was never anything else: unless the server says that it is closing.
    if (isRequired || reply.code === CLOSING) throw rejected("starttls", reply);
    return;
  }
  if (input.tls.verify === "require") requireTrusted(tls, endpoint.host);
  attempt.tls = "secured";
  await hello(session, endpoint.helloName(session.connection));
}

/** RFC 5321, section 3.8. */
export const CLOSING = 421;
