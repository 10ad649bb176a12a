import { has } from "../../runner/net/smtp/capabilities.js";
import { hello, heloDomain, starttls } from "../../runner/net/smtp/commands.js";
import { replyText } from "../../runner/net/smtp/reply.js";
import { accepted, rejected, SmtpSession } from "../../runner/net/smtp/session.js";
import { requireTrusted, type SecureOptions } from "../../runner/net/transport/tls.js";
import { openByMode, type Way } from "../../runner/service-check/open-by-mode.js";
import { upgrade } from "../../runner/service-check/starttls.js";
import type { TlsMode } from "../../schemas/service.js";
import { noteAnomalies } from "./anomalies.js";
import type { Ctx, SmtpEvidence } from "./evidence.js";
import { leave } from "./leave.js";
import type { Input } from "./schema.js";

/** RFC 8314, section 3.3: on this port TLS comes first. */
const IMPLICIT_TLS_PORT = 465;

export function tlsMode(input: Input): TlsMode {
  return input.tls.mode ?? (input.target_port === IMPLICIT_TLS_PORT ? "implicit" : "opportunistic");
}

/** A session that has greeted, introduced itself and is secured as the input asks. */
export function openSession(ctx: Ctx, input: Input, evidence: SmtpEvidence): Promise<SmtpSession> {
  const { min_version } = input.tls;
  return openByMode({ mode: tlsMode(input), min_version, signal: ctx.signal, evidence, introduce: (way) => introduce(ctx, input, evidence, way) });
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
    if (way !== "none" && tlsMode(input) !== "implicit") await secure(session, input, evidence, way);
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

async function secure(session: SmtpSession, input: Input, evidence: SmtpEvidence, way: Way): Promise<void> {
  const inTheClear = evidence.capabilities;
  const isSecured = await upgrade(
    {
      verb: "STARTTLS",
      mode: tlsMode(input),
      isOffered: has(session.capabilities, "STARTTLS"),
      expected: "220",
      ask: () => starttls(session, secureOptions(input, way)).then(({ reply, tls }) => (tls === null ? rejected("starttls", reply) : null)),
      isMalformed: () => session.parser.malformed !== null,
    },
    evidence,
  );
  if (!isSecured) return;
  // What was offered in the clear may have been anyone's (RFC 3207, section 4.2).
  evidence.capabilities_before_tls = inTheClear;
  evidence.capabilities = null;
  keepTls(session, input, evidence);
  await introduceOurselves(session, input, evidence);
}

/** The facts are kept before they are judged. */
function keepTls(session: SmtpSession, input: Input, evidence: SmtpEvidence): void {
  const { tls } = session.connection;
  evidence.tls = tls;
  if (tls !== null && input.tls.verify === "require") requireTrusted(tls, input.tls.servername ?? input.target_host);
}
