import type { HeaderField, StoredMessage } from "../store/stored-message.js";
import type { Arguments } from "./arguments.js";
import { BadCommand, RefusedCommand } from "./bad-command.js";
import type { Item } from "./fetch-item.js";
import { literal } from "./text.js";

/** `BODY[HEADER.FIELDS (SUBJECT)]<0.100>`, whose name has been read (RFC 9051, 6.4.5.1). */
export function section(name: string, given: Arguments): Item {
  if (name !== "BODY" && name !== "BODY.PEEK") throw new BadCommand(`${name} has no sections`);
  given.expect(/\[/, "[");
  const part = given.take(/[A-Za-z0-9.]+/)?.toUpperCase() ?? "";
  const names = given.take(/ /) === null ? [] : given.list(() => given.astring("a field's name"));
  given.expect(/\]/, "]");
  const [, from, size] = /^<(\d+)\.(\d+)>$/.exec(given.take(/<\d+\.\d+>/) ?? "") ?? [];
  const text = textOf(part, names);
  const shown = names.length === 0 ? part : `${part} (${names.join(" ")})`;
  return {
    label: `BODY[${shown}]${from === undefined ? "" : `<${from}>`}`,
    value: (message) => literal(from === undefined ? text(message) : text(message).slice(Number(from), Number(from) + Number(size))),
    sees: name === "BODY",
  };
}

function textOf(part: string, names: readonly string[]): (message: StoredMessage) => string {
  if (part.startsWith("HEADER.FIELDS") !== names.length > 0) throw new BadCommand("HEADER.FIELDS takes the names of fields, and nothing else does");
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const texts: Readonly<Record<string, (message: StoredMessage) => string>> = {
    "": ({ text }) => text,
    HEADER: ({ header }) => header,
    TEXT: ({ body }) => body,
    "HEADER.FIELDS": ({ fields }) => joined(fields.filter(({ name }) => wanted.has(name))),
    "HEADER.FIELDS.NOT": ({ fields }) => joined(fields.filter(({ name }) => !wanted.has(name))),
  };
  const text = texts[part];
  // Messages are stored whole here; their MIME parts are not parsed.
  if (text === undefined) throw new RefusedCommand(`[CANNOT] the part ${part} is not supported here`);
  return text;
}

function joined(fields: readonly HeaderField[]): string {
  return `${fields.map(({ whole }) => whole).join("")}\r\n`;
}
