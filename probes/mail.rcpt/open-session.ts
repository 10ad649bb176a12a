import { hello } from "../../runner/net/smtp/commands.js";
import { leave } from "../../runner/net/smtp/leave.js";
import { expectAccepted, type SmtpContext, SmtpSession } from "../../runner/net/smtp/session.js";
import { starttlsMissing, type Upgrade, upgrade } from "../../runner/net/smtp/upgrade.js";
import { requireTrusted } from "../../runner/net/transport/tls.js";
import { FailureError } from "../../runner/run/failure-error.js";
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

interface Opened {
  readonly session: SmtpSession;
  readonly attempt: Attempt;
}

/** A session after EHLO, secured as far as the input asks, and its record. Throws the failure that prevented it. */
export async function openSession(ctx: Ctx, input: Input, endpoint: Endpoint, recorded: Attempt[]): Promise<Opened> {
  const opened = await introduce(input, endpoint, recorded);
  if (input.tls.mode === "none") return opened;
  const upgraded = await orLeave(opened, () => secure(opened, input, endpoint));
  if (upgraded.kind !== "broken") return opened;
  await abandon(opened, upgraded.error);
  if (input.tls.mode !== "opportunistic" || isOver(ctx)) throw upgraded.error;
  // A new connection without TLS, as a mail server does.
  const again = await introduce(input, endpoint, recorded);
  again.attempt.tls = "failed";
  return again;
}

async function introduce(input: Input, endpoint: Endpoint, recorded: Attempt[]): Promise<Opened> {
  const opened = await dial(input, endpoint, recorded);
  const { session } = opened;
  await orLeave(opened, async () => {
    expectAccepted("greeting", await session.greet());
    await hello(session, endpoint.helloName(session.connection));
  });
  return opened;
}

async function orLeave<Result>(opened: Opened, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await abandon(opened, error);
    throw error;
  }
}

async function abandon({ session, attempt }: Opened, error: unknown): Promise<void> {
  if (error instanceof FailureError) endAttempt(attempt, decisionOfFailure(error.failure));
  await leave(session);
}

/** Records the point at which a conversation ended before every address was answered. */
export function endAttempt(attempt: Attempt, { decided_at: at, code, message, error }: Decision): void {
  Object.assign(attempt, { ended_at: at, code, message: message ?? error });
}

async function dial(input: Input, endpoint: Endpoint, recorded: Attempt[]): Promise<Opened> {
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

async function secure({ session, attempt }: Opened, input: Input, endpoint: Endpoint): Promise<Upgrade> {
  const isRequired = input.tls.mode === "starttls";
  const upgraded = await upgrade(session, {
    host: endpoint.host,
    min_version: input.tls.min_version,
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  });
  attempt.tls = TLS_SHOWN[upgraded.kind];
  if (upgraded.kind === "not_offered" && isRequired) throw starttlsMissing();
  if (upgraded.kind === "refused" && (isRequired || upgraded.isClosing)) throw upgraded.refusal;
  if (upgraded.kind !== "secured") return upgraded;
  if (input.tls.verify === "require") {
    // Not trusted, it counts as failed.
    attempt.tls = "failed";
    requireTrusted(upgraded.tls, endpoint.host);
    attempt.tls = "secured";
  }
  await hello(session, endpoint.helloName(session.connection));
  return upgraded;
}

const TLS_SHOWN = { not_offered: "none", refused: "refused", broken: "failed", secured: "secured" } as const;
