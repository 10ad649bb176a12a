import { heloDomain } from "../../runner/net/smtp/commands.js";
import { type Mailbox, parseMailbox, parseSender } from "../../runner/net/smtp/mailbox.js";
import { resolved } from "../../schemas/secret.js";
import type { Input } from "./schema.js";

/** How the client names itself. Both names must be its own: servers look them up. */
export interface Identity {
  /** As the input says; null for this machine's own. */
  readonly name: string | null;
  readonly helloName: (connection: { readonly localAddress: string | null }) => string;
  /** Null is the null reverse-path. */
  readonly sender: (helloName: string) => Mailbox | null;
}

export function identityOf({ helo_domain: helo, mail_from: from }: Input): Identity {
  const name = helo === undefined ? undefined : resolved(helo);
  const given = from === undefined ? undefined : senderOf(resolved(from));
  return {
    name: name ?? null,
    helloName: (connection) => heloDomain(name, connection),
    sender: (hello) => (given === undefined ? bounceAt(hello) : given),
  };
}

/** That it is an address was checked with the input. */
function senderOf(written: string): Mailbox | null {
  const sender = parseSender(written);
  if (sender !== null && "problem" in sender) throw new Error(`mail_from passed the check of the input: ${sender.problem}`);
  return sender;
}

/** A machine that has only an address to greet with has no mailbox either. */
function bounceAt(hello: string): Mailbox | null {
  const mailbox = parseMailbox(`bounce@${hello}`);
  return "problem" in mailbox || mailbox.host.kind === "address" ? null : mailbox;
}
