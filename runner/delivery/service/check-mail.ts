import { contract } from "../../../schemas/contract.js";
import { messageFields, messageOptions } from "../../../schemas/delivery-message.js";
import { RequestError, type Violation } from "../../support/request-error.js";
import { violationsOf } from "../../support/violations.js";
import { fieldsViolations, senderViolations } from "../message/check-settings.js";
import type { MailToSend } from "./delivery.js";

/** The bounds of an event. */
const MAX_ID_CHARACTERS = 128;

/** All parts of a message except its bytes. An invalid recipient is reported in its result. */
const mailContract = contract({
  title: "a message for send()",
  type: "object",
  properties: {
    mail_from: { type: "string" },
    recipients: { type: "array", minItems: 1, items: { type: "string" } },
    fields: messageFields,
    ...messageOptions,
    id: { type: "string", minLength: 1, maxLength: MAX_ID_CHARACTERS },
  },
  required: ["mail_from", "recipients"],
  additionalProperties: false,
});

/** For callers without a type checker. Throws a RequestError with everything that is wrong. */
export function checkMail(given: MailToSend): void {
  if (given === null || typeof given !== "object") throw wrongMail("", "must be an object with mail_from, recipients and a message");
  const { message, ...mail } = given;
  // Validation fills in defaults, and must not change the caller's object.
  const copy: unknown = mail.fields === undefined ? { ...mail } : { ...mail, fields: cloned(mail.fields) };
  if (!mailContract.validator(copy)) throw refused(violationsOf(mailContract.faults(copy)));
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
