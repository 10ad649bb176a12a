import { FailureError, fail } from "../../runner/failure-error.js";
import { finding } from "../../runner/judge.js";
import { has } from "../../runner/net/smtp/capabilities.js";
import { hello, heloDomain, starttls } from "../../runner/net/smtp/commands.js";
import { replyClass, replyText } from "../../runner/net/smtp/reply.js";
import { accepted, rejected, SmtpSession } from "../../runner/net/smtp/session.js";
import { requireTrusted, type SecureOptions } from "../../runner/net/tls.js";
import { noteAnomalies } from "./anomalies.js";
import type { Ctx, SmtpEvidence } from "./evidence.js";
import { leave } from "./leave.js";
import type { Input } from "./schema.js";

export type TlsMode = NonNullable<Input["tls"]["mode"]>;

/** RFC 8314, section 3.3: on this port TLS comes first. */
const IMPLICIT_TLS_PORT = 465;

export function tlsMode(input: Input): TlsMode {
  return input.tls.mode ?? (input.target_port === IMPLICIT_TLS_PORT ? "implicit" : "opportunistic");
}

/** One way to try TLS: after a broken handshake the next needs a connection of its own. */
type Way = "full" | "reduced" | "none";

/**
 * A session that has greeted, introduced itself and is secured as the input asks.
 *
 * A handshake that breaks is tried once more with a small ClientHello, since boxes on the way drop large ones. Where TLS was only an
 * opportunity, a third connection goes on in the clear, as a mail server would, and the result says so.
 */
export function openSession(ctx: Ctx, input: Input, evidence: SmtpEvidence): Promise<SmtpSession> {
  return tlsMode(input) === "none" ? introduce(ctx, input, evidence, "none") : openSecured(ctx, input, evidence);
}

async function openSecured(ctx: Ctx, input: Input, evidence: SmtpEvidence): Promise<SmtpSession> {
  try {
    return await introduce(ctx, input, evidence, "full");
  } catch (error) {
    if (!brokeInHandshake(error) || ctx.signal.aborted) throw error;
    return (await tryReduced(ctx, input, evidence)) ?? (await tryInTheClear(ctx, input, evidence, error));
  }
}

function brokeInHandshake(error: unknown): error is FailureError {
  return error instanceof FailureError && error.failure.phase === "tls" && !["tls_certificate", "cancelled"].includes(error.failure.code);
}

async function tryReduced(ctx: Ctx, input: Input, evidence: SmtpEvidence): Promise<SmtpSession | null> {
  if (input.tls.min_version === "TLSv1.3") return null;
  try {
    const session = await introduce(ctx, input, evidence, "reduced");
    evidence.anomalies.push({ kind: "reduced_client_hello", detail: "only a small TLS 1.2 ClientHello was answered" });
    return session;
  } catch (error) {
    if (brokeInHandshake(error) && !ctx.signal.aborted) return null;
    throw error;
  }
}

async function tryInTheClear(ctx: Ctx, input: Input, evidence: SmtpEvidence, broke: FailureError): Promise<SmtpSession> {
  if (tlsMode(input) !== "opportunistic") throw broke;
  const outcome = evidence.starttls;
  const session = await introduce(ctx, input, evidence, "none");
  evidence.starttls = outcome;
  evidence.findings.push(
    finding("warning", "tls_downgrade", `TLS failed (${broke.failure.message}); the run went on in the clear, on a new connection`, "TLS", "plain text"),
  );
  return session;
}

async function introduce(ctx: Ctx, input: Input, evidence: SmtpEvidence, way: Way): Promise<SmtpSession> {
  const session = await SmtpSession.connect(ctx, { ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
  try {
    if (tlsMode(input) === "implicit") await session.secure(secureOptions(input, way));
    const greeting = await session.greet();
    evidence.banner = replyText(greeting);
    accepted("greeting", greeting);
    keepTls(session, input, evidence);
    await introduceOurselves(session, input, evidence);
    if (way !== "none" && tlsMode(input) !== "implicit") await upgrade(session, input, evidence, way);
    return session;
  } catch (error) {
    evidence.tls ??= session.connection.tls;
    await leave(session);
    noteAnomalies(session, evidence);
    throw error;
  }
}

function secureOptions(input: Input, way: Way): SecureOptions {
  return {
    host: input.tls.servername ?? input.target_host,
    min_version: input.tls.min_version,
    reducedHello: way === "reduced",
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  };
}

function introduceOurselves(session: SmtpSession, input: Input, evidence: SmtpEvidence): Promise<void> {
  const domain = heloDomain(input.helo_domain, session.connection);
  evidence.helo_domain = domain;
  return hello(session, domain).then(() => {
    evidence.capabilities = session.capabilities;
    evidence.protocol = session.capabilities === null ? "SMTP" : "ESMTP";
  });
}

async function upgrade(session: SmtpSession, input: Input, evidence: SmtpEvidence, way: Way): Promise<void> {
  const required = tlsMode(input) === "starttls";
  if (!has(session.capabilities, "STARTTLS")) {
    evidence.starttls = "not_offered";
    if (required) throw fail("starttls", "unsupported", "the server does not offer STARTTLS");
    return;
  }
  const inTheClear = evidence.capabilities;
  const { reply, tls } = await starttls(session, secureOptions(input, way)).catch((error) => {
    if (error instanceof FailureError) evidence.starttls = brokenStarttls(session, error);
    throw error;
  });
  if (tls === null) {
    evidence.starttls = replyClass(reply) === 4 ? "refused_temporarily" : "refused";
    if (required) throw rejected("starttls", reply);
    evidence.findings.push(finding("warning", "starttls_refused", `STARTTLS is offered but refused: ${reply.code} ${replyText(reply)}`, "220", reply.code));
    return;
  }
  evidence.starttls = "secured";
  // What was offered in the clear may have been anyone's (RFC 3207, section 4.2).
  evidence.capabilities_before_tls = inTheClear;
  evidence.capabilities = null;
  keepTls(session, input, evidence);
  await introduceOurselves(session, input, evidence);
}

/** What became of a STARTTLS at which the conversation broke. */
function brokenStarttls(session: SmtpSession, { failure: { phase, code } }: FailureError): SmtpEvidence["starttls"] {
  if (phase === "tls") return code === "timeout" ? "handshake_timeout" : "handshake_failed";
  // The go-ahead itself could be read: what is wrong is what stood behind it.
  return code === "protocol_violation" && session.parser.malformed === null ? "injected" : "unanswered";
}

/** The facts are kept before they are judged. */
function keepTls(session: SmtpSession, input: Input, evidence: SmtpEvidence): void {
  const { tls } = session.connection;
  evidence.tls = tls;
  if (tls !== null && input.tls.verify === "require") requireTrusted(tls, input.tls.servername ?? input.target_host);
}
