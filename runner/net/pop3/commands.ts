import { failureError } from "../../run/failure-error.js";
import type { SecureOptions } from "../transport/secure-options.js";

import { parseCapabilities } from "./capabilities.js";
import { accepted, type Reply } from "./reply.js";
import type { Pop3Session, TimedReply } from "./session.js";

/** Asks what the server can do (RFC 2449). A server need not know the question: then nothing is known. */
export async function capa(session: Pop3Session): Promise<TimedReply> {
  const reply = await session.command("CAPA", "command", "CAPA", { isLong: true });
  session.capabilities = reply.status === "OK" ? parseCapabilities(reply) : null;
  return reply;
}

/** STLS (RFC 2595, section 4). Resolves with the refusal, or with null once the connection is secured. */
export function stls(session: Pop3Session, options: SecureOptions): Promise<Reply | null> {
  return session.upgrade("STLS", ({ status }) => status === "OK", options);
}

/** Valid only after a login (RFC 1939, section 5). */
export function noop(session: Pop3Session): Promise<TimedReply> {
  return session.command("NOOP", "noop", "NOOP");
}

/** The number of messages and their total size. Valid only after a login. */
export async function stat(session: Pop3Session): Promise<{ messages: number; size_bytes: number }> {
  const reply = accepted("command", await session.command("STAT", "command", "STAT"));
  const [, messages, bytes] = /^(\d{1,15}) (\d{1,15})(?: |$)/.exec(reply.text) ?? [];
  if (messages === undefined)
    throw failureError("command", "protocol_violation", `STAT is answered with ${JSON.stringify(reply.text.slice(0, 60))}; two numbers were expected`);
  return { messages: Number(messages), size_bytes: Number(bytes) };
}

/** Says goodbye and closes, whatever the server answers. */
export function quit(session: Pop3Session): Promise<TimedReply> {
  return session.leave("QUIT");
}
