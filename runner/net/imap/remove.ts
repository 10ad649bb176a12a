import { uidSet } from "./command-line.js";
import type { CommandReply } from "./in-flight.js";
import { expectOk } from "./reply.js";
import type { ImapSession } from "./session.js";

/** Flags that the protocol defines and a client may set (RFC 3501, section 2.3.2). */
export type SystemFlag = "\\Seen" | "\\Answered" | "\\Flagged" | "\\Deleted" | "\\Draft";

/** Sets flags of messages in the open folder, or takes them away. */
export async function storeFlags(session: ImapSession, uids: readonly number[], change: "add" | "remove", flags: readonly SystemFlag[]): Promise<CommandReply> {
  const line = `UID STORE ${uidSet(uids)} ${change === "add" ? "+" : "-"}FLAGS.SILENT (${flags.join(" ")})`;
  return expectOk("command", await session.command("UID STORE", "command", [line]));
}

/** expunged: the messages are gone. flagged: they are marked \Deleted and are still there. */
export type Removal = "expunged" | "flagged";

/**
 * Deletes messages of the open folder, and nothing else. Without UIDPLUS (RFC 4315) the only way to expunge takes every message that
 * anybody has marked \Deleted, also one marked in this very moment: then the messages stay marked, for their owner to expunge.
 */
export async function deleteMessages(session: ImapSession, uids: readonly number[]): Promise<Removal> {
  await storeFlags(session, uids, "add", ["\\Deleted"]);
  if (!session.has("UIDPLUS") && !session.has("IMAP4REV2")) return "flagged";
  expectOk("command", await session.command("UID EXPUNGE", "command", [`UID EXPUNGE ${uidSet(uids)}`]));
  return "expunged";
}
