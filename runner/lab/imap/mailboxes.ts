import type { Folder } from "../store/folder.js";
import type { Arguments } from "./arguments.js";
import { RefusedCommand } from "./bad-command.js";
import { View } from "./sequence-view.js";
import type { Outcome, Session } from "./session-state.js";
import { imapString } from "./text.js";

const FLAGS = "(\\Answered \\Flagged \\Deleted \\Seen \\Draft)";

export async function runSelect(session: Session, given: Arguments, readOnly: boolean): Promise<Outcome> {
  // RFC 9051, 6.3.2: nothing is selected when this fails.
  session.view = null;
  const folder = folderNamed(session, given);
  given.end();
  session.view = new View(folder, readOnly);
  const unseen = folder.messages.findIndex(({ flags }) => !flags.has("\\Seen"));
  await session.tell(
    `FLAGS ${FLAGS}`,
    `OK [PERMANENTFLAGS ${readOnly ? "()" : `${FLAGS.slice(0, -1)} \\*)`}] flags that last`,
    `${folder.messages.length} EXISTS`,
    "0 RECENT",
    ...(unseen === -1 ? [] : [`OK [UNSEEN ${unseen + 1}] the first that was not seen`]),
    `OK [UIDVALIDITY ${folder.uidValidity}] numbers hold`,
    `OK [UIDNEXT ${folder.uidNext}] the next number`,
  );
  return { text: readOnly ? "OK [READ-ONLY] to look at" : "OK [READ-WRITE] selected" };
}

/** RFC 9051, 6.3.9, with the options of RFC 5258 that ask for special uses (RFC 6154). */
export async function runList(session: Session, given: Arguments, as: "LIST" | "LSUB"): Promise<Outcome> {
  given.space();
  const options = given.rest.startsWith("(") ? given.list(() => given.atom("an option").toUpperCase()) : [];
  if (options.length > 0) given.space();
  const reference = given.astring("a reference");
  given.space();
  const patterns = given.list(() => given.pattern("a name or a pattern"));
  given.take(/ RETURN \(SPECIAL-USE\)/i);
  given.end();
  if (patterns.join() === "") await session.tell(`${as} (\\Noselect) "/" ""`);
  const wanted = patterns.filter((pattern) => pattern !== "").map((pattern) => patternOf(reference + pattern));
  const folders = session.server.store.folders.filter(({ name }) => wanted.some((pattern) => pattern.test(name)));
  const shown = options.includes("SPECIAL-USE") ? folders.filter(({ specialUse }) => specialUse !== null) : folders;
  await session.tell(...shown.map((folder) => `${as} (${attributesOf(folder)}) "/" ${imapString(folder.name)}`));
  return { text: `OK ${as} done` };
}

export async function runStatus(session: Session, given: Arguments): Promise<Outcome> {
  const folder = folderNamed(session, given);
  given.space();
  const items = given.list(() => given.atom("an item").toUpperCase());
  given.end();
  const values = items.map((item) => `${item} ${(STATUS_ITEMS[item] ?? unknownItem(item))(folder)}`);
  await session.tell(`STATUS ${imapString(folder.name)} (${values.join(" ")})`);
  return { text: "OK STATUS done" };
}

const STATUS_ITEMS: Readonly<Record<string, (folder: Folder) => number>> = {
  MESSAGES: ({ messages }) => messages.length,
  RECENT: () => 0,
  UIDNEXT: ({ uidNext }) => uidNext,
  UIDVALIDITY: ({ uidValidity }) => uidValidity,
  UNSEEN: (folder) => folder.messages.length - folder.flagged("\\Seen"),
  DELETED: (folder) => folder.flagged("\\Deleted"),
  SIZE: ({ messages }) => messages.reduce((sum, { raw }) => sum + raw.length, 0),
};

function unknownItem(item: string): never {
  throw new RefusedCommand(`${item} is not known of a folder`);
}

/** The folder whose name follows after a space. */
export function folderNamed({ server }: Session, given: Arguments): Folder {
  given.space();
  const name = given.astring("a folder's name");
  const folder = server.store.folder(name);
  if (folder === null) throw new RefusedCommand("[NONEXISTENT] there is no folder of this name");
  return folder;
}

function attributesOf({ specialUse }: Folder): string {
  return ["\\HasNoChildren", ...(specialUse === null ? [] : [specialUse])].join(" ");
}

/** RFC 9051, 6.3.9: a star matches anything, a percent sign anything without the separator. */
function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/[.*+?^${}()|[\]\\%]/g, (sign) => (sign === "*" ? ".*" : sign === "%" ? "[^/]*" : `\\${sign}`));
  return new RegExp(`^${source}$`, pattern.toUpperCase() === "INBOX" ? "i" : "");
}
