import { examine, type OpenMailbox } from "../../runner/net/imap/mailbox.js";
import type { ImapSession } from "../../runner/net/imap/session.js";
import type { Verification } from "../../schemas/mail-verification.js";
import type { Ctx, ReceiveEvidence } from "./evidence.js";
import type { Folder } from "./folders.js";
import type { Input } from "./schema.js";

/** Everything that one run knows of its mailbox. */
export interface MailboxState {
  readonly ctx: Ctx;
  readonly input: Input;
  readonly evidence: ReceiveEvidence;
  readonly hooks: ReceiveHooks;
  /** When the first search began, on the monotonic clock. */
  readonly beganAt: number;
  /** What arrived before, in the server's own words, is not looked at. */
  readonly notBefore: number;
  session: ImapSession;
  /** It says so, and has not refused. */
  canIdle: boolean;
  folders: Folder[];
  /** The folder that is open now, by its name. */
  open: string | null;
  /** What the server announced for the open folder since it was last searched. */
  announced: Arrival[];
  /** What was found and came too long ago, by folder and UID: the next look may find it again. */
  readonly tooOld: Set<string>;
  readonly reconnecting: Reconnecting;
  /** Messages may have been taken out of the folder meanwhile: counting says no longer which one an EXISTS meant. */
  isCountLost: boolean;
}

/** How connections that are lost are made again, over the whole run. */
export interface Reconnecting {
  /** Before the next attempt. */
  pauseMs: number;
  /** Made so far, successful or not. */
  attempts: number;
  /** When the present connection was ready, on the monotonic clock. */
  openSince: number;
}

/** The server reported the number of messages in the folder. */
export interface Arrival {
  readonly exists: number;
  readonly at: number;
}

/** For a sender of the awaited message in the same run (mail.roundtrip). */
export interface ReceiveHooks {
  /** Called once the mailbox is open and was searched, before it is listened to: what arrives from now on is timed exactly. */
  listening?(): void;
  /** Called once the first copy is found, with the time of its arrival, if the server announced it, on the monotonic clock. */
  found?(at: number): void;
  /** When to give up, on the monotonic clock. It is asked again at each look, so it may move. */
  giveUpAt?(): number;
  /** Looks at once, one time: for when `giveUpAt` has moved. */
  readonly wake?: AbortSignal;
  /** Verifies a message that was found; without it none is. */
  verify?(message: Buffer): Promise<Verification>;
  /** Ends the waiting at once. */
  readonly stop?: AbortSignal;
}

export function isStopped({ stop }: ReceiveHooks): boolean {
  return stop?.aborted === true;
}

/** Opens a folder read-only, and records announcements for it from now on. */
export async function openFolder(visit: MailboxState, folder: Folder): Promise<OpenMailbox> {
  const { session } = visit;
  session.onUntagged = null;
  visit.open = null;
  const opened = await examine(session, folder.evidence.name);
  visit.open = folder.evidence.name;
  visit.announced = [];
  visit.isCountLost = false;
  session.onUntagged = (response, at) => {
    if (response.kind !== "data") return;
    if (response.name === "EXISTS" && response.number !== null) visit.announced.push({ exists: response.number, at });
    if (response.name === "EXPUNGE" || response.name === "VANISHED") visit.isCountLost = true;
  };
  return opened;
}
