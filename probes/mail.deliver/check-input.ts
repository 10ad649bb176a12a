import { fieldsViolations, recipientViolations, senderViolations, settingsViolations } from "../../runner/delivery/message/check-settings.js";
import type { Violation } from "../../runner/support/request-error.js";
import type { Input } from "./schema.js";

/** What only another input can mend: nothing is sent then. */
export function checkInput(input: Input): readonly Violation[] {
  const { mail_from: sender, recipients, fields } = input;
  return [
    ...senderViolations(sender),
    ...recipientViolations(recipients),
    ...(fields === undefined ? [] : fieldsViolations(fields, sender)),
    ...settingsViolations(input),
  ];
}
