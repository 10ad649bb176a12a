import { mailToSendContract } from "../../../schemas/mail-to-send.js";
import { RequestError, type Violation } from "../../support/request-error.js";
import { violationsOf } from "../../support/violations.js";
import { fieldsViolations, senderViolations } from "../message/check-settings.js";
import type { MailToSend } from "./delivery.js";

/** For callers without a type checker. Throws a RequestError with everything that is wrong. */
export function checkMail(given: MailToSend): void {
  if (given === null || typeof given !== "object") throw wrongMail("", "must be an object with mail_from, recipients and a message");
  const { message, ...mail } = given;
  // Validation fills in defaults, and must not change the caller's objects: `mail` is ours, its fields are not.
  const copy: unknown = mail.fields === undefined ? mail : { ...mail, fields: cloned(mail.fields) };
  if (!mailToSendContract.validator(copy)) throw refused(violationsOf(mailToSendContract.faults(copy)));
  if (message !== undefined && typeof message !== "string" && !(message instanceof Uint8Array)) throw wrongMail("/message", "must be text or bytes");
  if ((message === undefined) === (mail.fields === undefined)) throw wrongMail("/message", "give either the whole message or its fields");
  const violations = [...senderViolations(mail.mail_from), ...(mail.fields === undefined ? [] : fieldsViolations(mail.fields, mail.mail_from))];
  if (violations.length > 0) throw refused(violations);
}

/** An object that cannot be cloned, such as one with a function, fails validation. */
function cloned(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return null;
  }
}

export function wrongMail(pointer: string, message: string): RequestError {
  return refused([{ pointer, message, hint: null }]);
}

function refused(violations: Violation[]): RequestError {
  return new RequestError("the message cannot be sent as it is", "invalid_input", violations);
}
