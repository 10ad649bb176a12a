import { certificateViolations } from "../../runner/harness/check-certificates.js";
import { heloViolations } from "../../runner/harness/check-helo.js";
import { headerViolations, mailboxViolations } from "../../runner/mail/check-fields.js";
import { signingKeyViolations } from "../../runner/mail/dkim/check-keys.js";
import { parseNamedMailbox } from "../../runner/mail/named-mailbox.js";
import type { Violation } from "../../runner/support/request-error.js";
import type { Input } from "./schema.js";

/** What only another input can mend: it is refused before anything is sent. */
export function checkInput(input: Input): Violation[] {
  const { from_addr, to_addr, recipients, reply_to, headers, dkim, tls_options, dsn } = input;
  const author = parseNamedMailbox(from_addr);
  return [
    ...mailboxViolations("/from_addr", from_addr),
    ...mailboxViolations("/to_addr", to_addr),
    ...recipients.flatMap((written, index) => mailboxViolations(`/recipients/${index}`, written)),
    ...(reply_to === undefined ? [] : mailboxViolations("/reply_to", reply_to)),
    ...headers.flatMap(({ name }, index) => headerViolations(`/headers/${index}/name`, name)),
    ...signingKeyViolations("/dkim", dkim, "problem" in author ? null : author),
    ...heloViolations(input.helo_domain),
    ...certificateViolations("/tls_options/ca", tls_options.ca),
    ...notifyViolations(dsn?.notify),
  ];
}

/** RFC 3461, section 4.1. */
function notifyViolations(notify: readonly string[] | undefined): Violation[] {
  if (notify === undefined || notify.length === 1 || !notify.includes("NEVER")) return [];
  return [{ pointer: "/dsn/notify", message: "NEVER cannot be combined with other values", hint: null }];
}
