import { select } from "../../runner/net/imap/mailbox.js";
import { deleteMessages } from "../../runner/net/imap/remove.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { finding } from "../../runner/run/judge.js";
import type { Folder } from "./folders.js";
import type { MailboxState } from "./mailbox-state.js";
import type { Match } from "./search-folder.js";

/** Deletes what matched, by UID, and nothing else. That it cannot be deleted makes no error of a message that arrived. */
export async function removeMatches(visit: MailboxState, matches: readonly Match[]): Promise<void> {
  const { evidence } = visit;
  for (const folder of new Set(matches.map((match) => match.folder))) {
    const uids = matches.filter((match) => match.folder === folder).map(({ fetched }) => fetched.uid);
    try {
      const problem = await removeFrom(visit, folder, uids);
      if (problem === null) evidence.deleted_uids.push(...uids);
      else evidence.findings.push(finding("warning", "not_deleted", problem));
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      evidence.findings.push(finding("warning", "not_deleted", `the message was not deleted: ${error.failure.message}`));
    }
  }
}

async function removeFrom(visit: MailboxState, folder: Folder, uids: readonly number[]): Promise<string | null> {
  visit.session.onUntagged = null;
  visit.open = null;
  const { name } = folder.evidence;
  const { uidValidity, readOnly } = await select(visit.session, name);
  if (readOnly) return `the message was not deleted: the account may only read ${name}`;
  // RFC 3501, section 2.3.1.1: the same numbers mean other messages now.
  if (uidValidity !== folder.uidValidity) return `the message was not deleted: ${name} has renumbered its messages`;
  const removal = await deleteMessages(visit.session, uids);
  if (removal === "expunged") return null;
  return "the message is marked as deleted and still there: without UIDPLUS, taking it away would take away what others have marked, too";
}
