import type { TlsFacts } from "../../../schemas/tls.js";
import { failureError } from "../../run/failure-error.js";
import type { SecureOptions } from "../transport/secure-options.js";

import type { CommandReply } from "./in-flight.js";
import { expectOk } from "./reply.js";
import type { ImapSession } from "./session.js";

/** Asks what the server can do. The session keeps it. */
export async function capability(session: ImapSession): Promise<readonly string[]> {
  expectOk("command", await session.command("CAPABILITY", "command", ["CAPABILITY"]));
  session.capabilities ??= [];
  return session.capabilities;
}

/** The server's capabilities, requested only if it has not sent them. */
export async function knownCapabilities(session: ImapSession): Promise<readonly string[]> {
  return session.capabilities ?? (await capability(session));
}

/**
 * STARTTLS (RFC 3501, section 6.2.1). A refusal is the caller's to judge, and leaves the connection as it was. After an OK there is no
 * way back: a handshake that fails has closed the connection.
 */
export async function starttls(session: ImapSession, options: SecureOptions): Promise<{ reply: CommandReply; tls: TlsFacts | null }> {
  const reply = await session.command("STARTTLS", "starttls", ["STARTTLS"], { holds: true });
  if (session.hasUnreadText) {
    // Text after the reply came in the clear and would be taken for an answer given inside TLS (CVE-2011-0411 and its kin).
    session.close();
    throw failureError(
      "starttls",
      "protocol_violation",
      "the server sent plain text after its reply to STARTTLS: a response injection, or a server vulnerable to one",
    );
  }
  if (reply.status !== "OK") {
    session.resume();
    return { reply, tls: null };
  }
  return { reply, tls: await session.secure(options) };
}

export function noop(session: ImapSession): Promise<CommandReply> {
  return session.command("NOOP", "noop", ["NOOP"]);
}

/** Says goodbye and closes, whatever the server answers. */
export async function logout(session: ImapSession): Promise<CommandReply> {
  // A client never talks before the greeting, and the answer would not be read.
  if (session.greeting === null) session.close();
  session.connection.isLeaving = true;
  try {
    return await session.command("LOGOUT", "quit", ["LOGOUT"]);
  } finally {
    session.close();
  }
}
