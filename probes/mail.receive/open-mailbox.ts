import { listMailboxes } from "../../runner/net/imap/mailbox.js";
import { openAccount } from "../../runner/net/imap/open-account.js";
import type { ImapSession } from "../../runner/net/imap/session.js";
import type { Ctx, ReceiveEvidence } from "./evidence.js";
import { type Folder, foldersOf } from "./folders.js";
import type { Input } from "./schema.js";

/** A session that is logged in, and the folders of the account that are to be searched. No folder is open yet. */
export async function openMailbox(ctx: Ctx, input: Input, evidence: ReceiveEvidence): Promise<{ session: ImapSession; folders: Folder[] }> {
  const { connect_timeout_ms: connectMs = input.timeout * 1000 } = input;
  const account = { ...input, connect_timeout_ms: connectMs, command_timeout_ms: commandTimeoutMs(input) };
  const session = await openAccount(ctx, account, evidence);
  try {
    return { session, folders: foldersOf([input.folder, ...input.folders], await listMailboxes(session)) };
  } catch (error) {
    session.close();
    throw error;
  }
}

export function commandTimeoutMs({ timeout, command_timeout_ms: milliseconds }: Input): number {
  return milliseconds ?? timeout * 1000;
}
