import { contract } from "../../../schemas/contract.js";
import { deliveryWishes, letterFields } from "../../../schemas/delivery.js";
import { parseSender } from "../../net/smtp/mailbox.js";
import { RequestError, type Violation } from "../../support/request-error.js";
import { violationsOf } from "../../support/violations.js";
import type { MailToSend } from "./delivery.js";

/** What an event has room for. */
const MOST_ID_CHARACTERS = 128;

/** All of a message but its bytes. That a recipient is no address is told in its result. */
const mailContract = contract({
  title: "a message for send()",
  type: "object",
  properties: {
    mail_from: { type: "string" },
    recipients: { type: "array", minItems: 1, items: { type: "string" } },
    fields: letterFields,
    ...deliveryWishes,
    id: { type: "string", minLength: 1, maxLength: MOST_ID_CHARACTERS },
  },
  required: ["mail_from", "recipients"],
  additionalProperties: false,
});

/** Whoever writes JavaScript is told here what the compiler tells others. Throws a RequestError. */
export function checkMail(given: MailToSend): void {
  const { message, ...mail } = given;
  // Checking fills defaults in, and the caller's object is his.
  const copy: unknown = mail.fields === undefined ? { ...mail } : { ...mail, fields: structuredClone(mail.fields) };
  if (!mailContract.validator(copy)) throw refused(violationsOf(mailContract.faults(copy)));
  if (message !== undefined && typeof message !== "string" && !(message instanceof Uint8Array)) throw wrongMail("/message", "expected text or bytes");
  if ((message === undefined) === (mail.fields === undefined)) throw wrongMail("/message", "give either the whole message or its fields");
  const sender = parseSender(mail.mail_from);
  if (sender !== null && "problem" in sender) throw wrongMail("/mail_from", sender.problem);
}

export function wrongMail(pointer: string, message: string): RequestError {
  return refused([{ pointer, message, hint: null }]);
}

function refused(violations: Violation[]): RequestError {
  return new RequestError("the message cannot be sent as it is", "invalid_input", violations);
}
