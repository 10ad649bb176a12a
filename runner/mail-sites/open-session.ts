import type { Attempt as Dial } from "../../schemas/network.js";
import { hello } from "../net/smtp/commands.js";
import type { TimedReply } from "../net/smtp/session.js";
import { expectAccepted, type SessionOptions, type SmtpContext, SmtpSession } from "../net/smtp/session.js";
import { type Upgrade, upgrade } from "../net/smtp/upgrade.js";
import type { Connection } from "../net/transport/connection.js";
import type { SecureOptions } from "../net/transport/secure-options.js";
import type { FailureError } from "../run/failure-error.js";

/** How far a session was secured. refused: the host offers STARTTLS and refuses it. failed: the handshake failed, or its result was not enough. */
export type TlsState = "none" | "secured" | "refused" | "failed";

/** Everything that opening a session with a mail host depends on. */
export interface Opening<Connected extends { tls: TlsState }> {
  readonly context: SmtpContext;
  readonly target: SessionOptions;
  /** The name for EHLO; it may depend on the address that the connection leaves from. */
  helloName(connection: Connection): string;
  /** Null: STARTTLS is not used. */
  readonly tls: TlsRequirement | null;
  /** The record of a connection, whether it was established or not. Null: no address was dialled. */
  dialled(dials: readonly Dial[]): Connected | null;
  /** Checks each reply to EHLO or HELO. Throws what forbids the session. */
  introduced?(session: SmtpSession, reply: TimedReply, helloName: string): void;
  /** Ends a connection that does not become a session. */
  abandon(session: SmtpSession, record: Connected, error: unknown): Promise<void> | void;
}

export interface TlsRequirement {
  readonly options: SecureOptions;
  /** Throws if this is not enough. */
  enforce(outcome: Exclude<Upgrade, { kind: "broken" }>, session: SmtpSession): void;
  /** Whether a new connection may be used in plain text after the failed handshake. */
  mayGoPlain(error: FailureError): boolean;
}

export interface OpenSession<Connected> {
  readonly session: SmtpSession;
  readonly record: Connected;
  readonly helloName: string;
}

/** A session with a mail host after EHLO, secured as required. Throws what prevented it. */
export async function openSession<Connected extends { tls: TlsState }>(opening: Opening<Connected>): Promise<OpenSession<Connected>> {
  const { handshakeError, ...opened } = await connected(opening, opening.tls);
  if (handshakeError === null) return opened;
  if (opening.tls?.mayGoPlain(handshakeError) !== true) throw handshakeError;
  // After a failed handshake nothing may be sent in plain text on the same connection (RFC 3207): a new one is opened, as mail servers do.
  const { session, record, helloName } = await connected(opening, null);
  record.tls = "failed";
  return { session, record, helloName };
}

/** `handshakeError`: the handshake failed, and the connection is lost. A violation of a policy by a secured session is thrown. */
async function connected<Connected extends { tls: TlsState }>(
  opening: Opening<Connected>,
  tls: TlsRequirement | null,
): Promise<OpenSession<Connected> & { readonly handshakeError: FailureError | null }> {
  const { session, record } = await dial(opening);
  try {
    expectAccepted("greeting", await session.greet());
    const helloName = await introduce(session, opening);
    const handshakeError = tls === null ? null : await secure(session, record, tls, opening);
    if (handshakeError !== null) await opening.abandon(session, record, handshakeError);
    return { session, record, helloName, handshakeError };
  } catch (error) {
    await opening.abandon(session, record, error);
    throw error;
  }
}

async function dial<Connected extends { tls: TlsState }>(opening: Opening<Connected>): Promise<{ session: SmtpSession; record: Connected }> {
  const dials: Dial[] = [];
  try {
    const session = await SmtpSession.connect(opening.context, opening.target, dials);
    return { session, record: opening.dialled(dials) as Connected };
  } catch (error) {
    opening.dialled(dials);
    throw error;
  }
}

async function introduce<Connected extends { tls: TlsState }>(session: SmtpSession, opening: Opening<Connected>): Promise<string> {
  const helloName = opening.helloName(session.connection);
  const reply = await hello(session, helloName);
  opening.introduced?.(session, reply, helloName);
  return helloName;
}

/** Null, or why the handshake failed. */
async function secure<Connected extends { tls: TlsState }>(
  session: SmtpSession,
  record: Connected,
  tls: TlsRequirement,
  opening: Opening<Connected>,
): Promise<FailureError | null> {
  const upgraded = await upgrade(session, tls.options);
  record.tls = BEFORE_JUDGEMENT[upgraded.kind];
  if (upgraded.kind === "broken") return upgraded.error;
  if (upgraded.kind === "refused" && upgraded.isClosing) throw upgraded.refusal;
  tls.enforce(upgraded, session);
  if (upgraded.kind !== "secured") return null;
  record.tls = "secured";
  await introduce(session, opening);
  return null;
}

/** What is recorded if the judgement of a secured session forbids it. */
const BEFORE_JUDGEMENT: Readonly<Record<Upgrade["kind"], TlsState>> = { not_offered: "none", refused: "refused", broken: "failed", secured: "failed" };
