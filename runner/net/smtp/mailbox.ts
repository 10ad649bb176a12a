import { isIPv4, isIPv6 } from "node:net";
import { domainToUnicode } from "node:url";
import { type Host, parseHost } from "../../../schemas/host.js";
import { LIMITS } from "./limits.js";

/** An envelope address as MAIL and RCPT take it. */
export interface Mailbox {
  /** The text between < and >. */
  path: string;
  /** As it was written: only the receiving host knows what its case and its quotes mean (RFC 5321, section 2.4). */
  localPart: string;
  /** Where it leads, in A-labels for the name servers. */
  host: Host;
  /** It holds characters that only a server with SMTPUTF8 takes (RFC 6531). */
  needsSmtpUtf8: boolean;
}

export type MailboxProblem = { problem: string };

/** Reads what a person wrote as an envelope address. */
export function parseMailbox(written: string): Mailbox | MailboxProblem {
  // Nearly all of them look like this, and some callers check thousands a second.
  const usual = written.length <= MAX_USUAL_LENGTH ? USUAL.exec(written) : null;
  if (usual !== null) return { path: written, localPart: usual[1] as string, host: { kind: "name", host: usual[2] as string }, needsSmtpUtf8: false };
  const parts = split(written);
  if ("problem" in parts) return parts;
  const { localPart, domain } = parts;
  const bytes = Buffer.byteLength(localPart);
  if (bytes > LIMITS.localPartBytes) return { problem: `the part before @ has ${bytes} bytes, ${LIMITS.localPartBytes} are allowed` };
  const needsSmtpUtf8 = !ASCII_ONLY.test(localPart);
  const place = placeOf(domain, needsSmtpUtf8);
  return "problem" in place ? place : checkedPath({ path: `${localPart}@${place.onTheWire}`, localPart, host: place.host, needsSmtpUtf8 });
}

/** As parseMailbox(), for a sender: `<>` is the null reverse-path of a bounce (RFC 5321, section 4.5.5), given as null. */
export function parseSender(written: string): Mailbox | MailboxProblem | null {
  return written === "<>" ? null : parseMailbox(written);
}

/** Below every limit of RFC 5321, section 4.5.3.1, so that only one length has to be looked at. */
const MAX_USUAL_LENGTH = 64;
// A dot-string and a name whose last label begins with a letter: `0x7f.1` and `1.2.3.4` take the long way.
const USUAL =
  /^([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?)$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant, its control characters too
const ASCII_ONLY = /^[\u0000-\u007f]*$/;

/** Longer than any form of a path that is within its limits: the exact ones are checked last. */
const MAX_LENGTH = 1024;

// RFC 5321, section 4.1.2, with the characters beyond ASCII that RFC 6531, section 3.3, adds.
const DOT_STRING = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u{80}-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u{80}-\u{10ffff}-]+)*$/u;
const QUOTED_STRING = /^"(?:[ !#-[\]-~\u{80}-\u{10ffff}]|\\[ -~])*"/u;

/** Controls, halves of characters and foreign spaces: in no mailbox's name, and apt to be taken for something else. */
const UNFIT = /[\p{Cc}\p{Cs}]/u;
const SPACE_BEYOND_ASCII = /[^\P{Z} ]/u;

function split(written: string): { localPart: string; domain: string } | MailboxProblem {
  if (written === "") return { problem: "it is empty" };
  if (written.length > MAX_LENGTH) return { problem: `it is ${written.length} characters long` };
  // Nothing that could end a line, or be cut at, goes any further.
  if (UNFIT.test(written)) return { problem: "it contains a control character" };
  if (SPACE_BEYOND_ASCII.test(written)) return { problem: "it contains a non-ASCII space" };
  if (written.startsWith("@")) return { problem: written.includes(":") ? "it is a source route; write only the mailbox" : "nothing precedes the @" };
  const quoted = QUOTED_STRING.exec(written)?.[0] ?? null;
  if (quoted === null && written.startsWith('"')) return { problem: "its quotation mark is never closed, or something in the quotes is not allowed there" };
  const at = quoted === null ? written.indexOf("@") : quoted.length;
  if (written[at] !== "@") return { problem: quoted === null ? "it has no @" : "after the closing quotation mark @ was expected" };
  const localPart = written.slice(0, at);
  if (quoted === null && !DOT_STRING.test(localPart)) return { problem: unquotedProblem(localPart) };
  return { localPart, domain: written.slice(at + 1) };
}

function unquotedProblem(localPart: string): string {
  if (/[<>]/.test(localPart)) return "it holds < or >; write the address without them";
  if (localPart.includes(" ")) return "it holds a space; a part before @ with spaces must stand in quotation marks";
  if (/[()]/.test(localPart)) return "it holds a comment in parentheses, which an envelope address cannot";
  if (/^\.|\.\.|\.$/.test(localPart)) return "the part before @ begins or ends with a dot, or holds two in a row; it must stand in quotation marks";
  return `the part before @ holds ${JSON.stringify(/[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]/.exec(localPart)?.[0] ?? localPart)}; it must stand in quotation marks`;
}

interface Place {
  host: Host;
  onTheWire: string;
}

/** A U-label is sent if the local part needs SMTPUTF8 anyway; otherwise every server understands the A-label. */
function placeOf(domain: string, asUnicode: boolean): Place | MailboxProblem {
  if (domain === "") return { problem: "nothing follows the @" };
  if (domain.includes("@")) return { problem: "it has more than one @" };
  if (domain.startsWith("[")) return literal(domain);
  const host = domain.endsWith(".") ? null : parseHost(domain);
  if (host === null) return { problem: `${JSON.stringify(domain)} is not a domain name` };
  if (host.kind === "address") return { problem: `an IP address after @ must be in brackets: [${host.family === 6 ? "IPv6:" : ""}${host.host}]` };
  // A resolver may read 2130706433, 0x7f000001 or 0127.1 as an IP address.
  if (/(?:^|\.)(?:\d+|0x[\da-f]*)$/i.test(host.host)) return { problem: `${JSON.stringify(domain)} is a number, not a domain name` };
  return { host, onTheWire: asUnicode ? domainToUnicode(host.host) : host.host };
}

const LITERAL = /^\[(IPv6:)?([0-9A-Fa-f.:]+)\]$/i;

/** RFC 5321, section 4.1.3. Only the forms that every program reads as the same address. */
function literal(domain: string): Place | MailboxProblem {
  const [, tag, address] = LITERAL.exec(domain) ?? [];
  if (address !== undefined && (tag === undefined ? isIPv4(address) : isIPv6(address))) {
    return { host: { kind: "address", host: address, family: tag === undefined ? 4 : 6 }, onTheWire: domain };
  }
  return { problem: `${JSON.stringify(domain)} is not an address literal such as [192.0.2.1] or [IPv6:2001:db8::1]` };
}

/** Bytes count, not characters: that is what the server counts. */
function checkedPath(mailbox: Mailbox): Mailbox | MailboxProblem {
  const bytes = Buffer.byteLength(mailbox.path);
  const domainBytes = bytes - Buffer.byteLength(mailbox.localPart) - 1;
  if (domainBytes > LIMITS.domainBytes) return { problem: `the domain has ${domainBytes} bytes, ${LIMITS.domainBytes} are allowed` };
  // The limit counts the < and > around it.
  if (bytes + 2 > LIMITS.pathBytes) return { problem: `it takes ${bytes + 2} bytes with its brackets, ${LIMITS.pathBytes} are allowed` };
  return mailbox;
}
