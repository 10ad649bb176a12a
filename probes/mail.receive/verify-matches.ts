import { fetchMessages } from "../../runner/net/imap/fetch.js";
import { finding } from "../../runner/run/judge.js";
import { LIMITS } from "./limits.js";
import { type MailboxState, openFolder } from "./mailbox-state.js";
import type { Match } from "./search-folder.js";

/** Verifies the newest matches, each as a whole: a signature covers its body. */
export async function verifyMatches(visit: MailboxState, matches: readonly Match[]): Promise<void> {
  const { verify } = visit.hooks;
  if (verify === undefined) return;
  for (const message of visit.evidence.messages.slice(0, LIMITS.verified)) {
    const match = matches.find(({ folder, fetched }) => folder.evidence.name === message.folder && fetched.uid === message.uid);
    const bytes = match === undefined ? null : await wholeMessage(visit, match);
    if (bytes !== null) message.verification = await verify(bytes);
    else visit.evidence.findings.push(finding("warning", "not_verified", notRead(message.size_bytes)));
  }
}

async function wholeMessage(visit: MailboxState, { folder, fetched }: Match): Promise<Buffer | null> {
  if ((fetched.sizeBytes ?? 0) > LIMITS.verifiedBytes) return null;
  if (visit.open !== folder.evidence.name) await openFolder(visit, folder);
  const [found] = await fetchMessages(visit.session, [fetched.uid], { messageBytes: LIMITS.verifiedBytes });
  return found?.message ?? null;
}

function notRead(sizeBytes: number | null): string {
  const isLarge = sizeBytes !== null && sizeBytes > LIMITS.verifiedBytes;
  return `the message was not verified: ${isLarge ? `it has ${sizeBytes} bytes, and at most ${LIMITS.verifiedBytes} are read` : "it is gone"}`;
}
