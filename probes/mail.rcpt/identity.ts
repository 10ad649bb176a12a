import { heloDomain } from "../../runner/net/smtp/commands.js";
import { type Mailbox, parseMailbox, parseSender } from "../../runner/net/smtp/mailbox.js";
import { failureError } from "../../runner/run/failure-error.js";
import { parseHost } from "../../schemas/host.js";
import { resolved } from "../../schemas/secret.js";
import type { Input } from "./schema.js";

/** Who asks. Both names must be the asker's own: servers look them up. */
export interface Identity {
  /** As it was asked for; null for this machine's own. */
  readonly name: string | null;
  readonly helloName: (connection: { readonly localAddress: string | null }) => string;
  /** Null is the null reverse-path. */
  readonly sender: (helloName: string) => Mailbox | null;
}

/** Throws when what a reference led to is no name, or no address: the contract has seen the reference only. */
export function identityOf({ helo_domain: helo, mail_from: from }: Input): Identity {
  const name = helo === undefined ? undefined : resolved(helo);
  if (name !== undefined && parseHost(name) === null)
    throw failureError("ehlo", "not_permitted", `helo_domain: ${JSON.stringify(name)} is no host name and no address; nothing was sent`);
  const given = from === undefined ? undefined : senderOf(resolved(from));
  return {
    name: name ?? null,
    helloName: (connection) => heloDomain(name, connection),
    sender: (hello) => (given === undefined ? bounceAt(hello) : given),
  };
}

function senderOf(written: string): Mailbox | null {
  const sender = parseSender(written);
  if (sender !== null && "problem" in sender)
    throw failureError("mail", "not_permitted", `mail_from: ${JSON.stringify(written)}: ${sender.problem}; nothing was sent`);
  return sender;
}

/** A machine that has only an address to greet with has no mailbox either. */
function bounceAt(hello: string): Mailbox | null {
  const mailbox = parseMailbox(`bounce@${hello}`);
  return "problem" in mailbox || mailbox.host.kind === "address" ? null : mailbox;
}
