import { isIP } from "node:net";
import { hostname } from "node:os";
import { parseHost } from "../../../schemas/host.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { failureError } from "../../run/failure-error.js";
import type { SecureOptions } from "../transport/secure-options.js";

import { parseCapabilities } from "./capabilities.js";
import { type Reply, replyClass } from "./reply.js";
import { expectAccepted, rejected, type SmtpSession, type TimedReply } from "./session.js";

/** Introduces us (RFC 5321, section 4.1.1.1). What EHLO offers replaces what an earlier one did (RFC 3207, section 4.2). */
export function ehlo(session: SmtpSession, domain: string): Promise<TimedReply> {
  return session.command("EHLO", "ehlo", `EHLO ${domain}`).then((reply) => {
    session.capabilities = replyClass(reply) === 2 ? parseCapabilities(reply) : null;
    return reply;
  });
}

/** The same in LMTP (RFC 2033, section 4.1), which has nothing older to fall back to. */
export async function lhlo(session: SmtpSession, domain: string): Promise<TimedReply> {
  const reply = await session.command("LHLO", "ehlo", `LHLO ${domain}`);
  session.capabilities = replyClass(reply) === 2 ? parseCapabilities(reply) : null;
  expectAccepted("ehlo", reply);
  return reply;
}

function helo(session: SmtpSession, domain: string): Promise<TimedReply> {
  session.capabilities = null;
  return session.command("HELO", "ehlo", `HELO ${domain}`);
}

/** EHLO, and HELO if the server does not know it (RFC 5321, section 3.2). A 4yz reply is a refusal. */
export function hello(session: SmtpSession, domain: string): Promise<TimedReply> {
  return ehlo(session, domain).then((reply) => (replyClass(reply) === 2 ? reply : heloAfter(reply, session, domain)));
}

async function heloAfter(refusal: Reply, session: SmtpSession, domain: string): Promise<TimedReply> {
  if (replyClass(refusal) !== 5) throw rejected("ehlo", refusal);
  const reply = await helo(session, domain);
  expectAccepted("ehlo", reply);
  return reply;
}

/**
 * STARTTLS (RFC 3207). A refusal is the caller's to judge, and leaves the connection as it was. After a 220 there is no way back:
 * a handshake that fails has closed the connection.
 */
export async function starttls(session: SmtpSession, options: SecureOptions): Promise<{ reply: Reply; tls: TlsFacts | null }> {
  const reply = await session.command("STARTTLS", "starttls", "STARTTLS");
  if (session.hasUnreadText) {
    // Text after the reply came in the clear and would be taken for an answer given inside TLS (CVE-2011-0411 and its kin).
    session.close();
    throw failureError(
      "starttls",
      "protocol_violation",
      "the server sent plain text after its reply to STARTTLS: a reply injection, or a server vulnerable to one",
    );
  }
  if (replyClass(reply) !== 2) {
    session.resume();
    return { reply, tls: null };
  }
  return { reply, tls: await session.secure(options) };
}

export function noop(session: SmtpSession): Promise<TimedReply> {
  return session.command("NOOP", "noop", "NOOP");
}

export function rset(session: SmtpSession): Promise<TimedReply> {
  return session.command("RSET", "rset", "RSET");
}

/** Says goodbye and closes, whatever the server answers. */
export function quit(session: SmtpSession): Promise<TimedReply> {
  session.connection.isLeaving = true;
  const reply = session.command("QUIT", "quit", "QUIT");
  const close = (): void => session.close();
  reply.then(close, close);
  return reply;
}

/**
 * The name to greet with (point 18): what the caller gave, else this machine's own full name, else its address as a literal.
 * Never "localhost": it says nothing, and servers refuse it.
 */
export function heloDomain(given: string | undefined, connection: { readonly localAddress: string | null }): string {
  if (given !== undefined) return spoken(given);
  ownName ??= ownFullName();
  return ownName === "" ? addressLiteral(connection.localAddress ?? "127.0.0.1") : ownName;
}

/** EHLO is ASCII: an internationalised name is sent as A-labels. */
function spoken(given: string): string {
  if (given === lastGiven) return lastSpoken;
  const host = parseHost(given);
  lastSpoken = host?.kind === "address" ? addressLiteral(given) : (host?.host ?? given);
  lastGiven = given;
  return lastSpoken;
}

/** The runs of one fleet give the same name, thousands of times. */
let lastGiven = "";
let lastSpoken = "";

/** Asked of the system once: empty when this machine has no full name that another could look up. */
let ownName: string | null = null;

function ownFullName(): string {
  const own = hostname();
  return own.includes(".") && !/\.local(domain)?$/i.test(own) && parseHost(own)?.kind === "name" ? own : "";
}

/** RFC 5321, section 4.1.3. */
export function addressLiteral(address: string): string {
  return isIP(address) === 6 ? `[IPv6:${address}]` : `[${address}]`;
}
