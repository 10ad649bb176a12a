import { malformed } from "./xml-error.js";

/** The entities of XML itself (XML 1.0, 4.6). Others are declared in a document type, which is refused. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** A text with its references resolved: each is one character, so that nothing grows. */
export function resolved(text: string): string {
  if (!text.includes("&")) return text;
  const pieces: string[] = [];
  for (let at = 0, end: number; at < text.length; at = end) {
    end = endOfPiece(text, at);
    pieces.push(resolvedPiece(text.slice(at, end)));
  }
  return pieces.join("");
}

/** replace() keeps every match of its text until it is done: a gigabyte for a text of six million references. */
const PIECE_CHARACTERS = 65_536;
const MAX_NAME = 12;

/** A piece ends before a reference that would be cut. */
function endOfPiece(text: string, at: number): number {
  const end = Math.min(at + PIECE_CHARACTERS, text.length);
  const last = end === text.length ? -1 : text.lastIndexOf("&", end - 1);
  return last > at && end - last <= MAX_NAME + 1 ? last : end;
}

function resolvedPiece(text: string): string {
  return text.replace(/&([^;&]{0,12})(;?)/g, (_written, name: string, end: string) => {
    if (end === "") throw malformed("an & begins no reference");
    const character = ENTITIES.get(name) ?? characterOf(name);
    if (character === null) throw malformed(`the reference &${name}; is not known`);
    return character;
  });
}

/** XML 1.0, 4.1: a character reference names a character that may stand in a document. */
function characterOf(name: string): string | null {
  const [, hex, decimal] = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
  const point = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
  if (!(point <= 0x10ffff) || (point >= 0xd800 && point < 0xe000)) return null;
  const character = String.fromCodePoint(point);
  return hasForbidden(character) ? null : character;
}

/** XML 1.0, 2.2: what is no character of a document. Half of a pair of surrogates is none, either. */
export function hasForbidden(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what is looked for
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || /\p{Surrogate}/u.test(text);
}
