import { failureError } from "../../run/failure-error.js";
import { LIMITS } from "./limits.js";
import { encodeMailboxName } from "./mailbox-name.js";
import { isUid } from "./uid.js";

/**
 * A piece of a command. Syntax is sent as it is; a text comes from outside and is sent quoted or as a literal: nothing
 * that it holds can end it, or begin another command.
 */
export type Piece = string | Literal;

export interface Literal {
  readonly literal: Buffer;
  /** It is masked in the trace, with its length. */
  readonly isSecret: boolean;
}

/** What is sent at once, and its text in the trace. */
export interface Portion {
  readonly bytes: Buffer;
  readonly shown: string;
}

/** How this server takes what it is sent. */
export interface Dialect {
  /** RFC 7888: literals that need no permission. "-" allows short ones. */
  readonly freeLiterals: "all" | "short" | "none";
  /** RFC 6855: folder names are UTF-8, and no longer modified UTF-7. */
  readonly utf8: boolean;
}

/** A text as the protocol's astring: quoted if possible, otherwise as a literal. */
export function astring(text: string, isSecret = false): Piece {
  // Contracts keep such texts out. This is the last door before the wire, for what no contract has seen.
  if (/[\r\n\0]/.test(text)) throw failureError("command", "not_permitted", "a text with CR, LF or NUL is never sent");
  return /^[\x20-\x7e]*$/.test(text) && text.length < MAX_QUOTED ? quoted(text) : { literal: Buffer.from(text, "utf8"), isSecret };
}

/** RFC 2683, section 3.2.1.5: a command line is short; long texts are sent as literals. */
const MAX_QUOTED = 512;

export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A folder's name as this server wants it. */
export function mailboxArgument(name: string, { utf8 }: Dialect): Piece {
  return astring(utf8 ? name : encodeMailboxName(name));
}

/** UIDs as a set, as 3:5,9. Never empty, and never a star: who means all says which. */
export function uidSet(uids: readonly number[]): string {
  const sorted = [...new Set(uids)].sort((a, b) => a - b);
  if (sorted.length === 0 || !sorted.every(isUid))
    throw failureError("command", "not_permitted", "a set of UIDs must contain at least one integer, from 1 to 4294967295");
  const ranges: [number, number][] = [];
  for (const uid of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && uid === last[1] + 1) last[1] = uid;
    else ranges.push([uid, uid]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}:${last}`)).join(",");
}

/** RFC 3501, section 9: nz-number, of 32 bits. */

/** A command in portions: before each but the first, the server must send a continuation. */
export function portionsOf(line: readonly Piece[], { freeLiterals }: Dialect): Portion[] {
  const portions: Portion[] = [];
  let bytes: Buffer[] = [];
  let shown = "";
  const finish = (): void => {
    portions.push({ bytes: Buffer.concat([...bytes, Buffer.from("\r\n")]), shown });
    bytes = [];
    shown = "";
  };
  for (const piece of line) {
    if (typeof piece === "string") {
      bytes.push(syntax(piece));
      shown += piece;
      continue;
    }
    const { literal, isSecret } = piece;
    const isFree = freeLiterals === "all" || (freeLiterals === "short" && literal.length <= LIMITS.freeLiteralBytes);
    const plus = isFree ? "+" : "";
    bytes.push(Buffer.from(`{${literal.length}${plus}}`));
    shown += `{${isSecret ? SECRET : literal.length}${plus}}`;
    if (isFree) {
      bytes.push(Buffer.from("\r\n"));
      shown += "\r\n";
    } else finish();
    bytes.push(literal);
    shown += isSecret ? SECRET : literal.toString();
  }
  finish();
  return portions;
}

/** As the harness writes what it takes out. */
const SECRET = "[secret]";

function syntax(piece: string): Buffer {
  if (/[\r\n\0]/.test(piece)) throw failureError("command", "not_permitted", "a command with CR, LF or NUL is never sent");
  if (piece.length > LIMITS.commandLineBytes)
    throw failureError("command", "limit_exceeded", `a command of ${piece.length} bytes; the limit is ${LIMITS.commandLineBytes}`);
  return Buffer.from(piece);
}
