import type { Phase } from "../../../schemas/failure.js";
import { failure } from "../../../schemas/failure.js";
import { FailureError, type FailureReply } from "../../run/failure-error.js";
import type { CommandReply } from "./in-flight.js";
import { type Status, statusLine, type Tagged } from "./response.js";

/** RFC 5530, section 3: what the server itself calls temporary. */
const TEMPORARY: ReadonlySet<string> = new Set(["UNAVAILABLE", "INUSE"]);

/** The failure that a reply is, when it refuses what was asked. IMAP has no numbers: its words stand in the message. */
export function rejected(phase: Phase, reply: Pick<Tagged | Status, "status" | "code" | "text">): FailureError {
  // A server that says BYE instead of a greeting turns everybody away for now.
  const retryable = reply.status === "BYE" || TEMPORARY.has(reply.code?.name ?? "");
  return new FailureError({ ...failure(phase, "reply_rejected", statusLine(reply)), retryable }, failureReply(reply));
}

export function failureReply({ status, code, text }: Pick<Tagged | Status, "status" | "code" | "text">): FailureReply {
  return { code: status, enhancedCode: code?.name ?? null, lines: [text] };
}

/** Returns the reply if the server did what was requested. */
export function expectOk(phase: Phase, reply: CommandReply): CommandReply {
  if (reply.status !== "OK") throw rejected(phase, reply);
  return reply;
}
