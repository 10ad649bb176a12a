import { isPositive, type Reply, rejected, replyLine, replyText } from "../../runner/net/ftp/reply.js";
import { FtpSession } from "../../runner/net/ftp/session.js";
import type { ReplyContext } from "../../runner/net/transport/reply-session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { finding } from "../../runner/run/judge.js";
import { missing } from "../../runner/service-check/expectations.js";
import type { Service } from "../../runner/service-check/service.js";
import { resolved } from "../../schemas/secret.js";
import type { FtpEvidence } from "./evidence.js";
import { judgeDataTls, judgeEntries, judgeFirstByte, judgeResumption } from "./judge.js";
import type { Input } from "./schema.js";
import { transferData } from "./transfers.js";

type FtpService = Service<FtpSession, Input, FtpEvidence>;

/** FTP (RFC 959, RFC 4217) as a service check; `data` records the data connections. It writes nothing. */
export function ftp(data: ReplyContext): FtpService {
  return {
    ...CONTROL,
    async ask(session, input, evidence) {
      if (evidence.auth !== null) evidence.system = systemIn(await session.command("SYST", "command", "SYST"));
      await protectData(session, input, evidence);
      await transferData(session, data, input, evidence);
    },
  };
}

/** What happens on the control connection. */
const CONTROL: FtpService = {
  implicitTlsPort: 990,
  capabilityVerb: "FEAT",
  // Inside TLS it need not be listed any more.
  clearTextOnly: ["AUTH"],
  starttls: {
    verb: "AUTH TLS",
    expected: "234",
    // RFC 4217, section 6 asks servers to list it, and many that know no FEAT have it.
    isOffered: (offer, isRequired) => (offer === null ? isRequired : offer.some(offersTls)),
    ask: (session, options) => session.authTls(options),
  },
  goodbye: {
    verb: "QUIT",
    expected: "221",
    ask: (session) => session.quit().then((reply) => ({ words: replyLine(reply), refusal: reply.code === 221 ? null : reply.code })),
  },
  connect: (ctx, target, attempts) => FtpSession.connect(ctx, target, attempts),
  async greet(session, evidence) {
    const greeting = await session.greet();
    evidence.banner = replyText(greeting);
    if (greeting.code !== 220) throw rejected("greeting", greeting);
  },
  async introduce(session, _, evidence) {
    await session.feat();
    evidence.capabilities = session.features === null ? null : [...session.features];
  },
  /** A server that wants a login first has answered in its time as well. */
  async noop(session) {
    const reply = await session.command("NOOP", "noop", "NOOP");
    return { duration_ms: reply.duration_ms, refusal: reply.code === 421 ? rejected("noop", reply) : null };
  },
  async logIn(session, auth, evidence) {
    evidence.auth = { anonymous: isAnonymous(auth.username), accepted: false };
    await logIn(session, auth);
    evidence.auth.accepted = true;
  },
  anomalies: ({ farewell }) => (farewell === null ? [] : [{ kind: "closed_unasked", detail: replyLine(farewell) }]),
  authMechanisms: () => [],
  questions: {
    features: (wanted, { keywords }) => missing("feature_missing", "FEAT does not list", wanted, (name) => keywords.includes(name)),
    min_entries: (wanted, { evidence }) => judgeEntries(wanted, evidence),
    data_tls: (wanted, { evidence }) => judgeDataTls(wanted, evidence),
    tls_resumed: (wanted, { evidence }) => judgeResumption(wanted, evidence),
    max_first_byte_ms: (wanted, { evidence }) => judgeFirstByte(wanted, evidence),
  },
};

export function isAnonymous(username: string): boolean {
  return ["anonymous", "ftp"].includes(username.toLowerCase());
}

/** `AUTH TLS`, and in one line `AUTH TLS;SSL;TLS-C`. TLS-C is TLS by its first name. */
function offersTls(capability: string | { readonly keyword: string; readonly parameters?: readonly string[] }): boolean {
  if (typeof capability === "string" || capability.keyword !== "AUTH") return false;
  return (capability.parameters ?? []).some((parameter) => parameter.toUpperCase().split(/[;,]/).includes("TLS"));
}

/** Archives ask anonymous users for an address: this says what is calling. */
const ANONYMOUS_PASSWORD = "probe-run@";

async function logIn(session: FtpSession, { username, password, allow_plaintext }: NonNullable<Input["auth"]>): Promise<void> {
  if (password !== undefined && session.connection.tls === null && !allow_plaintext)
    throw failureError("auth", "not_permitted", "the password is not sent in plain text: set tls.mode, or allow it with auth.allow_plaintext");
  let reply: Reply = await session.command("USER", "auth", `USER ${username}`);
  if (reply.code === 331) {
    const sent = password === undefined ? ANONYMOUS_PASSWORD : resolved(password);
    reply = await session.command("PASS", "auth", `PASS ${sent}`, { shown: "PASS [secret]" });
  }
  if (reply.code === 332) throw failureError("auth", "unsupported", `the server asks for an account beside the password: ${replyLine(reply)}`);
  if (!isPositive(reply)) throw rejected("auth", reply);
}

function systemIn(reply: Reply): string | null {
  return reply.code === 215 ? replyText(reply) : null;
}

/** RFC 4217, section 9: without PROT P only the commands are encrypted. */
async function protectData(session: FtpSession, { tls: { mode } }: Input, evidence: FtpEvidence): Promise<void> {
  if (session.connection.tls === null) return;
  await session.command("PBSZ", "command", "PBSZ 0");
  const reply = await session.command("PROT", "command", "PROT P");
  // Some servers want a login first.
  if (reply.code === 530 && evidence.auth === null) return;
  evidence.data_protection = reply.code === 200 ? "private" : "clear";
  if (evidence.data_protection === "private") return;
  if (mode === "starttls" || mode === "implicit") throw rejected("command", reply);
  evidence.findings.push(
    finding("warning", "data_not_protected", `PROT P is refused, so that data travels in plain text: ${replyLine(reply)}`, 200, reply.code),
  );
}
