import { has, timestampOf } from "../../runner/net/pop3/capabilities.js";
import { capa, stls } from "../../runner/net/pop3/commands.js";
import { accepted, rejected } from "../../runner/net/pop3/reply.js";
import { Pop3Session } from "../../runner/net/pop3/session.js";
import { requireTrusted, type SecureOptions } from "../../runner/net/transport/tls.js";
import { openByMode, type Way } from "../../runner/service-check/open-by-mode.js";
import { upgrade } from "../../runner/service-check/starttls.js";
import type { TlsMode } from "../../schemas/service.js";
import { noteAnomalies } from "./anomalies.js";
import type { Ctx, Pop3Evidence } from "./evidence.js";
import { leave } from "./leave.js";
import type { Input } from "./schema.js";

/** RFC 8314, section 3.1: on this port TLS comes first. */
const IMPLICIT_TLS_PORT = 995;

function tlsMode(input: Input): TlsMode {
  return input.tls.mode ?? (input.target_port === IMPLICIT_TLS_PORT ? "implicit" : "opportunistic");
}

/** A session that has greeted, told what it can do, and is secured as the input asks. */
export function openSession(ctx: Ctx, input: Input, evidence: Pop3Evidence): Promise<Pop3Session> {
  const { min_version } = input.tls;
  return openByMode({ mode: tlsMode(input), min_version, signal: ctx.signal, evidence, introduce: (way) => introduce(ctx, input, evidence, way) });
}

async function introduce(ctx: Ctx, input: Input, evidence: Pop3Evidence, way: Way): Promise<Pop3Session> {
  const session = await Pop3Session.connect(ctx, { ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
  try {
    if (tlsMode(input) === "implicit") await session.secure(secureOptions(input, way));
    const greeting = await session.greet();
    evidence.banner = greeting.text;
    accepted("greeting", greeting);
    evidence.offers_apop = timestampOf(greeting.text) !== null;
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

/** A server that does not know CAPA has answered in its time as well. */
async function askCapabilities(session: Pop3Session, evidence: Pop3Evidence): Promise<void> {
  const reply = await capa(session);
  evidence.response_time_ms = reply.duration_ms;
  evidence.capabilities = session.capabilities === null ? null : [...session.capabilities];
}

async function secure(session: Pop3Session, input: Input, evidence: Pop3Evidence, way: Way): Promise<void> {
  const inTheClear = evidence.capabilities;
  const isSecured = await upgrade(
    {
      verb: "STLS",
      mode: tlsMode(input),
      isOffered: has(session.capabilities, "STLS"),
      expected: "+OK",
      ask: () => stls(session, secureOptions(input, way)).then(({ reply, tls }) => (tls === null ? rejected("starttls", reply) : null)),
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

function secureOptions(input: Input, way: Way): SecureOptions {
  return {
    host: input.tls.servername ?? input.target_host,
    min_version: input.tls.min_version,
    reducedHello: way === "reduced",
    ...(input.tls.ca === undefined ? {} : { ca: input.tls.ca }),
  };
}

/** The facts are kept before they are judged. */
function keepTls(session: Pop3Session, input: Input, evidence: Pop3Evidence): void {
  const { tls } = session.connection;
  evidence.tls = tls;
  if (tls !== null && input.tls.verify === "require") requireTrusted(tls, input.tls.servername ?? input.target_host);
}
