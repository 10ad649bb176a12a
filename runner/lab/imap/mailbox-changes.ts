import type { StoredMessage } from "../store/stored-message.js";
import type { Arguments } from "./arguments.js";
import { BadCommand, RefusedCommand } from "./bad-command.js";
import { parseDateTime } from "./dates.js";
import { folderNamed } from "./mailboxes.js";
import { sequenceSet } from "./sequence-set.js";
import { flagsOf, type View } from "./sequence-view.js";
import type { Outcome, Session } from "./session-state.js";

const SYSTEM_FLAGS = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];
/** How many keywords a message may have. */
const MAX_FLAGS = 50;

/** RFC 9051, 6.4.6. */
export async function runStore(session: Session, given: Arguments, byUid: boolean): Promise<Outcome> {
  const view = writable(session);
  given.space();
  const wanted = sequenceSet(given);
  const [, sign, silent] = /^ ([+-]?)FLAGS(\.SILENT)? $/i.exec(given.expect(/ [+-]?FLAGS(\.SILENT)? /i, "FLAGS, +FLAGS or -FLAGS")) as RegExpExecArray;
  const flags = flagList(given);
  given.end();
  for (const [number, message] of [...view.entries()]) {
    if (!(byUid ? wanted(message.uid, view.largestUid) : wanted(number, view.size))) continue;
    if (sign === "") message.flags.clear();
    for (const flag of flags) sign === "-" ? message.flags.delete(flag) : message.flags.size < MAX_FLAGS && message.flags.add(flag);
    view.announced(number);
    if (silent === undefined) await session.tell(`${number} FETCH (${byUid ? `UID ${message.uid} ` : ""}FLAGS ${flagsOf(message)})`);
  }
  view.folder.changed(view.folder);
  return { text: "OK STORE done" };
}

/** Removes the messages marked as deleted; with numbers (RFC 4315, 2.1), only those. Clients are notified before the command completes. */
export async function runExpunge(session: Session, given: Arguments, byUid: boolean): Promise<Outcome> {
  const view = writable(session);
  if (byUid) given.space();
  const wanted = byUid ? sequenceSet(given) : null;
  given.end();
  expunge(view, (message) => wanted === null || wanted(message.uid, view.largestUid));
  return { text: "OK EXPUNGE done" };
}

export async function runClose(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  const view = session.view as View;
  if (!view.readOnly) expunge(view, () => true);
  session.view = null;
  return { text: "OK closed" };
}

export async function runUnselect(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  session.view = null;
  return { text: "OK nothing is selected" };
}

/** RFC 9051, 6.4.7, with the numbers of the copies (RFC 4315, 3). */
export async function runCopy(session: Session, given: Arguments, byUid: boolean): Promise<Outcome> {
  const view = session.view as View;
  given.space();
  const wanted = sequenceSet(given);
  const folder = folderNamed(session, given);
  given.end();
  const from = [...view.entries()].filter(([number, { uid }]) => (byUid ? wanted(uid, view.largestUid) : wanted(number, view.size)));
  const copies = from.map(([, { raw, internalDate, flags }]) => folder.add(raw, { at: internalDate, flags: [...flags] }));
  if (copies.length === 0) return { text: "OK nothing to copy" };
  const uids = (messages: readonly { uid: number }[]): string => messages.map(({ uid }) => uid).join(",");
  return { text: `OK [COPYUID ${folder.uidValidity} ${uids(from.map(([, message]) => message))} ${uids(copies)}] copied` };
}

/** RFC 9051, 6.3.12. */
export async function runAppend(session: Session, given: Arguments): Promise<Outcome> {
  const folder = folderNamed(session, given);
  given.space();
  const flags = given.rest.startsWith("(") ? flagList(given) : [];
  if (flags.length > 0 || given.rest.startsWith(" ")) given.space();
  const written = given.rest.startsWith('"') ? given.astring("a date") : null;
  const at = written === null ? new Date() : parseDateTime(written);
  if (at === null) throw new BadCommand('expected a date, as " 1-Feb-2026 08:00:00 +0000"');
  if (written !== null) given.space();
  if (!given.rest.startsWith("{")) throw new BadCommand("expected the message as a literal");
  const message = folder.add(Buffer.from(given.astring("the message"), "latin1"), { at, flags });
  return { text: `OK [APPENDUID ${folder.uidValidity} ${message.uid}] added` };
}

function expunge({ folder }: View, isMeant: (message: StoredMessage) => boolean): void {
  const doomed = folder.messages.filter((message) => message.flags.has("\\Deleted") && isMeant(message));
  folder.remove(new Set(doomed.map(({ uid }) => uid)));
}

function flagList(given: Arguments): string[] {
  return given.list(() => {
    const flag = given.expect(/\\?[^\s(){%*"\\\]]+/, "a flag");
    if (!flag.startsWith("\\")) return flag;
    const known = SYSTEM_FLAGS.find((each) => each.toLowerCase() === flag.toLowerCase());
    if (known === undefined) throw new BadCommand(`${flag} is no flag that can be set`);
    return known;
  });
}

function writable({ view }: Session): View {
  if (view === null || view.readOnly) throw new RefusedCommand("[CANNOT] the folder was opened with EXAMINE");
  return view;
}
