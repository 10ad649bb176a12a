import type { GivenMessage } from "../../../schemas/delivery-message.js";
import type { DeliverySettings, RelayInput } from "../../../schemas/delivery-settings.js";
import { certificateViolations } from "../../harness/check-certificates.js";
import { heloViolations } from "../../harness/check-helo.js";
import { isSigningKey, parseSigningKey } from "../../mail/dkim/signing-key.js";
import { parseMailbox, parseSender } from "../../net/smtp/mailbox.js";
import type { Violation } from "../../support/request-error.js";
import { fieldViolations } from "./compose-message.js";

/** Settings as given or with defaults. References to secrets may not be resolved yet; they are skipped. */
type Settings = Partial<Pick<DeliverySettings, "mode" | "relays" | "dkim" | "tls" | "helo_domain">>;

/** Contradictions in delivery settings that their contract cannot express. Only other settings can fix them, so nothing is sent. */
export function settingsViolations({ mode = "direct", relays = [], dkim = [], tls, helo_domain: helo }: Settings): Violation[] {
  return [
    ...(mode !== "direct" && relays.length === 0
      ? [violation("/relays", `the mode ${mode} needs at least one relay`, "give relays or SMTP_HOST, or set mode to direct")]
      : []),
    ...relays.flatMap((relay, index) => relayViolations(relay, `/relays/${index}`)),
    ...dkim.flatMap(({ domain, selector, private_key: key }, index) => {
      const parsed = typeof key === "string" ? parseSigningKey({ domain, selector, privateKey: key }) : null;
      return parsed === null || isSigningKey(parsed) ? [] : [violation(`/dkim/${index}/private_key`, parsed.message)];
    }),
    ...certificateViolations("/tls/ca", tls?.ca),
    ...heloViolations(helo),
  ];
}

function relayViolations({ auth, tls }: RelayInput, pointer: string): Violation[] {
  const hasNoSecret = auth !== undefined && auth.password === undefined && auth.access_token === undefined;
  return [
    ...(hasNoSecret ? [violation(`${pointer}/auth`, "needs a password or an access_token")] : []),
    ...certificateViolations(`${pointer}/tls/ca`, tls?.ca),
  ];
}

export function senderViolations(sender: unknown): Violation[] {
  if (typeof sender !== "string") return [];
  const parsed = parseSender(sender);
  return parsed !== null && "problem" in parsed ? [violation("/mail_from", `is not a valid mail address: ${parsed.problem}`, "or <> for a bounce")] : [];
}

export function recipientViolations(recipients: readonly string[]): Violation[] {
  return recipients.flatMap((address, index) => {
    const parsed = parseMailbox(address);
    return "problem" in parsed ? [violation(`/recipients/${index}`, `is not a valid mail address: ${parsed.problem}`)] : [];
  });
}

/** The fields of a message that is composed here; `sender` is its default author. */
export function fieldsViolations(fields: GivenMessage, sender: unknown): Violation[] {
  const hasNoAuthor = fields.from === undefined && sender === "<>";
  return [
    ...(hasNoAuthor ? [violation("/fields/from", "is missing: mail_from is <>, so the message has no author")] : []),
    ...fieldViolations(fields).map((each) => ({ ...each, pointer: `/fields${each.pointer}` })),
  ];
}

function violation(pointer: string, message: string, hint: string | null = null): Violation {
  return { pointer, message, hint };
}
