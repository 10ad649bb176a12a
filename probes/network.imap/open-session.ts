import { capability, starttls } from "../../runner/net/imap/commands.js";
import { rejected } from "../../runner/net/imap/reply.js";
import { type Greeting, ImapSession } from "../../runner/net/imap/session.js";
import { requireTrusted, type SecureOptions } from "../../runner/net/transport/tls.js";
import { fail } from "../../runner/run/failure-error.js";
import { finding } from "../../runner/run/judge.js";
import { openByMode, type Way } from "../../runner/service-check/open-by-mode.js";
import { upgrade } from "../../runner/service-check/starttls.js";
import type { TlsMode } from "../../schemas/service.js";
import { noteAnomalies } from "./anomalies.js";
import type { Ctx, ImapEvidence } from "./evidence.js";
import { leave } from "./leave.js";
import type { Input } from "./schema.js";

/** RFC 8314, section 3.2: on this port TLS comes first. */
const IMPLICIT_TLS_PORT = 993;

function tlsMode(input: Input): TlsMode {
  return input.tls.mode ?? (input.target_port === IMPLICIT_TLS_PORT ? "implicit" : "opportunistic");
}

/** A session that has greeted, told what it can do, and is secured as the input asks. */
export function openSession(ctx: Ctx, input: Input, evidence: ImapEvidence): Promise<ImapSession> {
  const { min_version } = input.tls;
  return openByMode({ mode: tlsMode(input), min_version, signal: ctx.signal, evidence, introduce: (way) => introduce(ctx, input, evidence, way) });
}

async function introduce(ctx: Ctx, input: Input, evidence: ImapEvidence, way: Way): Promise<ImapSession> {
  const session = await ImapSession.connect(ctx, { ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
  try {
    if (tlsMode(input) === "implicit") await session.secure(secureOptions(input, way));
    noteGreeting(await session.greet(), evidence);
    keepTls(session, input, evidence);
    await askCapabilities(session, evidence);
    if (way !== "none" && tlsMode(input) !== "implicit") await secure(session, input, evidence, way);
    return session;
  } catch (error) {
    evidence.tls ??= session.connection.tls;
    await leave(session);
    noteAnomalies(session, evidence);
    throw error;
  }
}

function noteGreeting(greeting: Greeting, evidence: ImapEvidence): void {
  evidence.greeting = greeting.status.toLowerCase() as "ok" | "preauth" | "bye";
  evidence.banner = greeting.text;
  if (greeting.status === "BYE") throw rejected("greeting", greeting);
}

/** Asked also where the greeting told it already: how long the server takes for it is part of the picture. */
async function askCapabilities(session: ImapSession, evidence: ImapEvidence): Promise<void> {
  evidence.capabilities = [...(await capability(session))];
  evidence.versions = (["IMAP4REV1", "IMAP4REV2"] as const).filter((version) => session.has(version));
}

async function secure(session: ImapSession, input: Input, evidence: ImapEvidence, way: Way): Promise<void> {
  if (evidence.greeting === "preauth") return refuseWhatIsOpen(tlsMode(input), evidence);
  const inTheClear = evidence.capabilities;
  const isSecured = await upgrade(
    {
      verb: "STARTTLS",
      mode: tlsMode(input),
      isOffered: session.has("STARTTLS"),
      expected: "OK",
      ask: () => starttls(session, secureOptions(input, way)).then(({ reply, tls }) => (tls === null ? rejected("starttls", reply) : null)),
      isMalformed: () => session.parser.malformed !== null,
    },
    evidence,
  );
  if (!isSecured) return;
  evidence.capabilities_before_tls = inTheClear;
  evidence.capabilities = null;
  keepTls(session, input, evidence);
  await askCapabilities(session, evidence);
}

/** Whoever is logged in can secure nothing any more (RFC 9051, section 11.3): so a stranger on the way keeps a client in the clear. */
function refuseWhatIsOpen(mode: TlsMode, evidence: ImapEvidence): void {
  const words = "the server greeted with PREAUTH in the clear: after that STARTTLS is not possible";
  if (mode === "starttls") throw fail("starttls", "unsupported", words);
  evidence.findings.push(finding("warning", "preauth_in_clear", words, "OK", "PREAUTH"));
}

function secureOptions(input: Input, way: Way): SecureOptions {
  return {
    host: input.tls.servername ?? input.target_host,
    min_version: input.tls.min_version,
    reducedHello: way === "reduced",
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  };
}

/** The facts are kept before they are judged. */
function keepTls(session: ImapSession, input: Input, evidence: ImapEvidence): void {
  const { tls } = session.connection;
  evidence.tls = tls;
  if (tls !== null && input.tls.verify === "require") requireTrusted(tls, input.tls.servername ?? input.target_host);
}
