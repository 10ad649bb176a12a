import { has } from "../../runner/net/smtp/capabilities.js";
import type { Failure } from "../../schemas/failure.js";
import { errno } from "./errno.js";
import { pythonString } from "./python-format.js";
import { pythonReply } from "./python-reply.js";
import type { Output } from "./schema.js";

/** What broke the run, in the words of 1.0.0: those of the system, of Python's smtplib and ssl, or of the server. */
export function errcodeOf(failure: Failure, output: Output): string {
  if (failure.reply_code !== null) return rejection(failure, output);
  return wordsOf(failure, output) ?? failure.message;
}

/** Null where Python had no words for it: the house's own are used then. */
function wordsOf(failure: Failure, output: Output): string | null {
  switch (failure.phase) {
    case "resolve":
      return resolving(failure);
    case "connect":
      return connecting(failure, output);
    case "tls":
      return securing(failure);
    case "auth":
      return loggingIn(failure, output) ?? conversing(failure);
    case "probe":
      return failure.code === "timeout" ? "timed out" : null;
    default:
      return conversing(failure);
  }
}

function resolving(failure: Failure): string | null {
  if (failure.code === "dns_not_found") return errno("EAI_NONAME");
  // Python gave the resolver no time-out: it waited for the resolver's own, which says this.
  return failure.code === "dns_failure" || failure.code === "timeout" ? errno("EAI_AGAIN") : null;
}

/** Python tried the addresses one after the other and reported the last error. */
function connecting(failure: Failure, output: Output): string | null {
  const error = output.attempts.at(-1)?.error ?? null;
  if (error !== null) return errno(error);
  return failure.code === "timeout" ? "timed out" : null;
}

function securing(failure: Failure): string | null {
  switch (failure.code) {
    case "timeout":
      return "The handshake operation timed out";
    case "reset":
      return errno("ECONNRESET");
    case "closed":
      return "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol";
    case "tls_protocol":
      return openssl(failure.message);
    default:
      return null;
  }
}

/** `wrong version number` as `[SSL: WRONG_VERSION_NUMBER] wrong version number`. What is not a reason of OpenSSL stays as it is. */
function openssl(reason: string): string | null {
  return /^[a-z0-9 ]+$/.test(reason) ? `[SSL: ${reason.toUpperCase().replaceAll(" ", "_")}] ${reason}` : null;
}

function loggingIn(failure: Failure, output: Output): string | null {
  if (failure.code === "not_permitted" && output.tls === null) return "STARTTLS extension not supported by server.";
  if (failure.code !== "unsupported") return null;
  return has(output.capabilities, "AUTH") ? "No suitable authentication method found." : "SMTP AUTH extension not supported by server.";
}

function conversing(failure: Failure): string | null {
  switch (failure.code) {
    case "closed":
      return "Connection unexpectedly closed";
    case "timeout":
      return "Connection unexpectedly closed: timed out";
    case "reset":
      return `Connection unexpectedly closed: ${errno("ECONNRESET")}`;
    default:
      return null;
  }
}

/** smtplib's exceptions hold the reply, and for the two halves of an envelope the address that was refused. */
function rejection(failure: Failure, output: Output): string {
  const refusing = output.operations.findLast(({ name, code }) => code === failure.reply_code && isAbout(failure.phase, name));
  const words = pythonReply(refusing?.message ?? "", output.anomalies);
  const sent = output.sent_message;
  if (failure.phase === "mail" && sent !== null) return `(${failure.reply_code}, ${words}, ${pythonString(sent.mail_from)})`;
  const reply = `(${failure.reply_code}, ${words})`;
  return failure.phase === "rcpt" && sent !== null ? `{${pythonString(sent.rcpt_to)}: ${reply}}` : reply;
}

/** Commands that were sent together, and those that clean up after a refusal, may be refused with the same code. */
function isAbout(phase: Failure["phase"], operation: string): boolean {
  if (phase === "mail") return operation === "MAIL";
  if (phase === "rcpt") return operation === "RCPT";
  return operation !== "RSET" && operation !== "QUIT";
}
