import type { Attempt } from "../../../schemas/network.js";
import type { AuthInput, AuthMechanism } from "../../../schemas/smtp.js";
import type { TlsFacts, TlsInput } from "../../../schemas/tls.js";
import { secureOptionsOf } from "../transport/secure-options.js";
import { requireTrusted } from "../transport/tls.js";
import type { Capability } from "./capabilities.js";
import { hello, heloDomain } from "./commands.js";
import { leave } from "./leave.js";
import { replyText } from "./reply.js";
import { expectAccepted, type SessionOptions, type SmtpContext, SmtpSession } from "./session.js";
import { requireUpgrade } from "./upgrade.js";

/** Opens a session for message submission (RFC 6409). */
export interface SubmissionOptions extends SessionOptions {
  /** The name to say in EHLO; this machine's own by default. */
  helo_domain?: string;
  tls: SubmissionTls;
  auth?: AuthInput;
}

/** Either everything requested is established, or there is no session: nothing that should be secured continues in plain text. */
export interface SubmissionTls extends Pick<TlsInput, "verify" | "min_version" | "servername" | "ca"> {
  mode: "none" | "starttls" | "implicit";
}

/** What was learned on the way, also when it did not lead to a session. */
export interface SubmissionFacts {
  /** Every address that was dialled, in order. */
  dialled: Attempt[];
  banner: string | null;
  helo_domain: string | null;
  /** Of the last EHLO; null after HELO. */
  capabilities: Capability[] | null;
  /** What EHLO offered in the clear, where TLS came after it. */
  capabilities_before_tls: Capability[] | null;
  tls: TlsFacts | null;
  /** Null where no login was asked for, or it was not reached. */
  auth: { mechanism: AuthMechanism | null; accepted: boolean } | null;
}

export function nothingLearned(): SubmissionFacts {
  return { dialled: [], banner: null, helo_domain: null, capabilities: null, capabilities_before_tls: null, tls: null, auth: null };
}

/** A session that has greeted, is secured as it is asked, has introduced itself and has logged in. Throws what kept it from that. */
export async function openSubmission(context: SmtpContext, options: SubmissionOptions, facts: SubmissionFacts = nothingLearned()): Promise<SmtpSession> {
  const session = await SmtpSession.connect(context, options, facts.dialled);
  try {
    if (options.tls.mode === "implicit") await secured(session.secure(secureOptionsOf(options.tls, options.host)), options, facts);
    const greeting = await session.greet();
    facts.banner = replyText(greeting);
    expectAccepted("greeting", greeting);
    await introduce(session, options, facts);
    if (options.tls.mode === "starttls") await upgradeAndIntroduce(session, options, facts);
    if (options.auth !== undefined) await login(session, options.auth, facts);
    return session;
  } catch (error) {
    await leave(session);
    throw error;
  }
}

/** The facts are kept before they are judged. */
async function secured(securing: Promise<TlsFacts>, { host, tls: { verify, servername } }: SubmissionOptions, facts: SubmissionFacts): Promise<void> {
  facts.tls = await securing;
  if (verify === "require") requireTrusted(facts.tls, servername ?? host);
}

async function introduce(session: SmtpSession, options: SubmissionOptions, facts: SubmissionFacts): Promise<void> {
  facts.helo_domain = heloDomain(options.helo_domain, session.connection);
  await hello(session, facts.helo_domain);
  facts.capabilities = session.capabilities;
}

async function upgradeAndIntroduce(session: SmtpSession, options: SubmissionOptions, facts: SubmissionFacts): Promise<void> {
  const inTheClear = facts.capabilities;
  const tls = await requireUpgrade(session, secureOptionsOf(options.tls, options.host));
  // What was offered in the clear may have been anyone's (RFC 3207, section 4.2).
  facts.capabilities_before_tls = inTheClear;
  facts.capabilities = null;
  await secured(Promise.resolve(tls), options, facts);
  await introduce(session, options, facts);
}

/** Loaded when it is asked for: start-up counts, and many never log in. */
async function login(session: SmtpSession, auth: AuthInput, facts: SubmissionFacts): Promise<void> {
  const { authenticate } = await import("./auth.js");
  facts.auth = { mechanism: null, accepted: false };
  await authenticate(session, auth, facts.auth);
  facts.auth.accepted = true;
}
