import type { Violation } from "../support/request-error.js";
import { headerProblem } from "./compose.js";
import { type NamedMailbox, parseNamedMailbox } from "./named-mailbox.js";

/** What is wrong with a mailbox that an address field is to hold. */
export function mailboxViolations(pointer: string, written: string): Violation[] {
  const mailbox = parseNamedMailbox(written);
  if (!("problem" in mailbox)) return [];
  return [{ pointer, message: `is not a valid address: ${mailbox.problem}`, hint: 'write it as a@example.org, or as "A Name" <a@example.org>' }];
}

/** What is wrong with the name of a further header field. */
export function headerViolations(pointer: string, name: string): Violation[] {
  const problem = headerProblem(name);
  return problem === null ? [] : [{ pointer, message: `cannot be ${JSON.stringify(name)}: ${problem}`, hint: null }];
}

/** A mailbox that mailboxViolations() found nothing wrong with. */
export function checkedMailbox(written: string): NamedMailbox {
  const mailbox = parseNamedMailbox(written);
  if ("problem" in mailbox) throw new Error(`${JSON.stringify(written)} was not checked before the run: ${mailbox.problem}`);
  return mailbox;
}
