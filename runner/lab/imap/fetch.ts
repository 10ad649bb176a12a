import type { StoredMessage } from "../store/stored-message.js";
import type { Arguments } from "./arguments.js";
import { RefusedCommand } from "./bad-command.js";
import { dateTime } from "./dates.js";
import type { Item } from "./fetch-item.js";
import { section } from "./section.js";
import { sequenceSet } from "./sequence-set.js";
import { flagsOf, type View } from "./sequence-view.js";
import type { Outcome, Session } from "./session-state.js";
import { imapString, literal } from "./text.js";

/** RFC 9051, 6.4.5. */
export async function runFetch(session: Session, given: Arguments, byUid: boolean): Promise<Outcome> {
  const view = session.view as View;
  given.space();
  const wanted = sequenceSet(given);
  given.space();
  const items = itemsOf(given, byUid);
  given.end();
  for (const [number, message] of [...view.entries()]) {
    if (!(byUid ? wanted(message.uid, view.largestUid) : wanted(number, view.size))) continue;
    if (items.some(({ sees }) => sees) && !view.readOnly) see(message, items);
    if (items.some(({ label }) => label === "FLAGS")) view.announced(number);
    await session.tell(`${number} FETCH (${items.map(({ label, value }) => `${label} ${value(message)}`).join(" ")})`);
  }
  return { text: "OK FETCH done" };
}

function itemsOf(given: Arguments, byUid: boolean): Item[] {
  const macro = MACROS[given.rest.toUpperCase()];
  if (macro !== undefined) given.take(/.*/);
  const items = macro?.map((name) => PLAIN[name] as Item) ?? given.list(() => item(given));
  // RFC 9051, 6.4.9: a UID FETCH response includes the UID even if it was not requested.
  return byUid && !items.some(({ label }) => label === "UID") ? [PLAIN.UID as Item, ...items] : items;
}

function item(given: Arguments): Item {
  const name = given.expect(/[A-Za-z0-9.]+/, "an item").toUpperCase();
  if (given.rest.startsWith("[")) return section(name, given);
  const plain = PLAIN[name];
  if (plain === undefined) throw new RefusedCommand(`[CANNOT] ${name} is not supported here`);
  return plain;
}

const PLAIN: Readonly<Record<string, Item>> = {
  UID: { label: "UID", value: ({ uid }) => String(uid) },
  FLAGS: { label: "FLAGS", value: flagsOf },
  INTERNALDATE: { label: "INTERNALDATE", value: ({ internalDate }) => imapString(dateTime(internalDate)) },
  "RFC822.SIZE": { label: "RFC822.SIZE", value: ({ raw }) => String(raw.length) },
  RFC822: { label: "RFC822", value: ({ text }) => literal(text), sees: true },
  "RFC822.HEADER": { label: "RFC822.HEADER", value: ({ header }) => literal(header) },
  "RFC822.TEXT": { label: "RFC822.TEXT", value: ({ body }) => literal(body), sees: true },
};

/** ALL and FULL also ask for the envelope, which is not supported here. */
const MACROS: Readonly<Record<string, readonly string[]>> = { FAST: ["FLAGS", "INTERNALDATE", "RFC822.SIZE"] };

function see(message: StoredMessage, items: Item[]): void {
  if (message.flags.has("\\Seen")) return;
  message.flags.add("\\Seen");
  if (!items.some(({ label }) => label === "FLAGS")) items.push(PLAIN.FLAGS as Item);
}
