import { mailboxArgument } from "./command-line.js";
import type { CommandReply } from "./in-flight.js";
import { LIMITS } from "./limits.js";
import { decodeMailboxName } from "./mailbox-name.js";
import { numberOf, textOf, textsOf } from "./parse-data.js";
import { expectOk } from "./reply.js";
import type { Data, ResponseCode } from "./response.js";
import type { ImapSession } from "./session.js";
import { uidFrom } from "./uid.js";

/** One folder of a LIST. */
export interface ListedMailbox {
  readonly name: string;
  /** The separator of its levels; null if it has none. */
  readonly delimiter: string | null;
  /** As \Noselect, \HasChildren, and the special uses of RFC 6154: \Junk, \Trash, \Sent. */
  readonly attributes: readonly string[];
}

/** The folder that is open now. */
export interface OpenMailbox {
  readonly name: string;
  readonly messages: number;
  /** UIDs mean nothing once it has changed (RFC 3501, section 2.3.1.1). */
  readonly uidValidity: number | null;
  /** No message that is there has this UID or a higher one. */
  readonly uidNext: number | null;
  readonly flags: readonly string[];
  readonly readOnly: boolean;
}

/** Every folder that the account may see. */
export async function listMailboxes(session: ImapSession): Promise<ListedMailbox[]> {
  // RFC 6154, section 2: a server may keep the special uses to itself until it is asked for them.
  const uses = session.has("LIST-EXTENDED") && session.has("SPECIAL-USE") ? " RETURN (SPECIAL-USE)" : "";
  const reply = expectOk("command", await session.command("LIST", "command", [`LIST "" "*"${uses}`]));
  return dataOf(reply, "LIST").flatMap(({ values: [attributes, delimiter, name] }) => {
    const sent = textOf(name);
    return sent === null
      ? []
      : [{ name: session.dialect.utf8 ? sent : decodeMailboxName(sent), delimiter: textOf(delimiter), attributes: textsOf(attributes) }];
  });
}

/** Opens a folder to read it and to change it. */
export function select(session: ImapSession, name: string): Promise<OpenMailbox> {
  return open(session, "SELECT", name);
}

/** Opens a folder read-only: nothing in it changes, not even the recent flags. */
export function examine(session: ImapSession, name: string): Promise<OpenMailbox> {
  return open(session, "EXAMINE", name);
}

async function open(session: ImapSession, verb: "SELECT" | "EXAMINE", name: string): Promise<OpenMailbox> {
  const reply = expectOk("command", await session.command(verb, "command", [`${verb} `, mailboxArgument(name, session.dialect)]));
  session.parser.bounds.lineBytes = LIMITS.mailboxLineBytes;
  const codes = reply.untagged.flatMap((each) => (each.kind === "status" && each.code !== null ? [each.code] : []));
  return {
    name,
    messages: dataOf(reply, "EXISTS").at(-1)?.number ?? 0,
    uidValidity: numberIn(codes, "UIDVALIDITY"),
    uidNext: uidIn(codes, "UIDNEXT"),
    flags: textsOf(dataOf(reply, "FLAGS").at(-1)?.values[0]),
    readOnly: verb === "EXAMINE" || reply.code?.name === "READ-ONLY",
  };
}

/** UTF-8 in folder names and searches (RFC 6855), if the server offers it. False if it does not, or refuses. */
export async function enableUtf8(session: ImapSession): Promise<boolean> {
  if (!session.has("ENABLE") || !(session.has("UTF8=ACCEPT") || session.has("UTF8=ONLY"))) return false;
  const reply = await session.command("ENABLE", "command", ["ENABLE UTF8=ACCEPT"]);
  session.utf8 = dataOf(reply, "ENABLED").some(({ values }) => values.some((value) => textOf(value)?.toUpperCase() === "UTF8=ACCEPT"));
  return session.utf8;
}

/** How many messages a folder holds and how many are unseen, without opening it. */
export async function mailboxStatus(session: ImapSession, name: string): Promise<{ messages: number | null; unseen: number | null; uidNext: number | null }> {
  const line = ["STATUS ", mailboxArgument(name, session.dialect), " (MESSAGES UNSEEN UIDNEXT)"];
  const reply = expectOk("command", await session.command("STATUS", "command", line));
  const items = textsOf(dataOf(reply, "STATUS").at(-1)?.values[1]);
  const item = (wanted: string): string | null => {
    const at = items.findIndex((name, index) => index % 2 === 0 && name.toUpperCase() === wanted);
    return at === -1 ? null : (items[at + 1] ?? "");
  };
  const number = (wanted: string): number | null => numberOf({ kind: "atom", text: item(wanted) ?? "" });
  const uidNext = item("UIDNEXT");
  return { messages: number("MESSAGES"), unseen: number("UNSEEN"), uidNext: uidNext === null ? null : uidFrom(uidNext) };
}

/** The data responses with this name to a command. */
export function dataOf(reply: CommandReply, name: string): Data[] {
  return reply.untagged.filter((each): each is Data => each.kind === "data" && each.name === name);
}

function numberIn(codes: readonly ResponseCode[], name: string): number | null {
  const code = codes.find((each) => each.name === name);
  return code === undefined || !/^\d{1,10}$/.test(code.argument) ? null : Number(code.argument);
}

function uidIn(codes: readonly ResponseCode[], name: string): number | null {
  const code = codes.find((each) => each.name === name);
  return code === undefined ? null : uidFrom(code.argument);
}
