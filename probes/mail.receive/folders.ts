import type { ListedMailbox } from "../../runner/net/imap/mailbox.js";
import type { FolderEvidence } from "./evidence.js";

/** A folder that is searched, and how far it has been looked at. */
export interface Folder {
  readonly evidence: FolderEvidence;
  uidValidity: number | null;
  /** The next look begins at this UID. */
  lookFrom: number;
  /** What has this UID or a higher one came while we were there. */
  firstNewUid: number;
  /** How many messages it held when it was last looked at. */
  messages: number;
}

/** The folders that were asked for, in order, each once. Those that do not exist are reported as missing. */
export function foldersOf(wishes: readonly string[], listed: readonly ListedMailbox[]): Folder[] {
  const folders = new Map<string, Folder>();
  for (const wish of wishes) {
    const found = listed.filter((mailbox) => isOpenable(mailbox) && isMeant(wish, mailbox));
    const byName = found.length > 0 || !isSpamUse(wish) ? found : listed.filter((mailbox) => isOpenable(mailbox) && isSpamName(mailbox));
    for (const { name, attributes } of byName) if (!folders.has(name)) folders.set(name, folder(name, attributes, "not_searched"));
    if (byName.length === 0 && !folders.has(wish)) folders.set(wish, folder(wish, [], "missing"));
  }
  return [...folders.values()];
}

function folder(name: string, attributes: readonly string[], outcome: FolderEvidence["outcome"]): Folder {
  const use = attributes.find((attribute) => SPECIAL_USES.includes(attribute.toLowerCase())) ?? null;
  const isSpam = use === null ? isSpamName({ name, delimiter: null }) : isSpamUse(use);
  return {
    evidence: { name, special_use: use, is_spam_folder: isSpam && outcome !== "missing", outcome, messages: null, uid_validity: null, problem: null },
    uidValidity: null,
    lookFrom: 1,
    firstNewUid: 1,
    messages: 0,
  };
}

/** RFC 6154, section 2. */
const SPECIAL_USES = ["\\all", "\\archive", "\\drafts", "\\flagged", "\\junk", "\\sent", "\\trash"];

function isMeant(wish: string, { name, attributes }: ListedMailbox): boolean {
  if (wish.startsWith("\\")) return attributes.some((attribute) => attribute.toLowerCase() === wish.toLowerCase());
  return name === wish || (isInbox(name) && isInbox(wish));
}

/** RFC 3501, section 5.1: this one name is the same in any case. */
function isInbox(name: string): boolean {
  return name.toUpperCase() === "INBOX";
}

function isOpenable({ attributes }: ListedMailbox): boolean {
  return !attributes.some((attribute) => /^\\(Noselect|NonExistent)$/i.test(attribute));
}

function isSpamUse(use: string): boolean {
  return use.toLowerCase() === "\\junk";
}

/** The usual names on servers without special uses. */
const SPAM_NAME = /(?:^|[./\\])(?:spam|junk|junk[ -]?e?-?mail|bulk(?: mail)?)$/i;

function isSpamName({ name }: Pick<ListedMailbox, "name" | "delimiter">): boolean {
  return SPAM_NAME.test(name);
}
