import { failureError } from "../../run/failure-error.js";

export const NOTIFY_CONDITIONS = ["NEVER", "SUCCESS", "FAILURE", "DELAY"] as const;
export type NotifyCondition = (typeof NOTIFY_CONDITIONS)[number];

/** What MAIL says of delivery status notifications (RFC 3461, sections 4.3 and 4.4). */
export interface MailDsn {
  /** How much of the message a notification brings back. */
  ret?: "FULL" | "HDRS" | undefined;
  /** Returned in every notification: it identifies the transmission. */
  envid?: string | undefined;
}

/** What RCPT says of them for one recipient (RFC 3461, sections 4.1 and 4.2). */
export interface RcptDsn {
  /** NEVER must be the only one. */
  notify?: readonly NotifyCondition[];
  /** The address that the sender wrote, before anything was forwarded. */
  orcpt?: string;
}

/** RFC 3461, section 4: what each may hold, encoded. */
const MAX_ENVID = 100;
const MAX_ORCPT = 500;

export function mailDsnWords({ ret, envid }: MailDsn): string[] {
  const words = ret === undefined ? [] : [`RET=${ret}`];
  if (envid === undefined) return words;
  if (!PRINTABLE.test(envid))
    throw failureError("mail", "not_permitted", "the ENVID contains characters other than printable ASCII (RFC 3461, section 4.4); nothing was sent");
  const encoded = xtext(envid);
  if (encoded.length > MAX_ENVID) {
    throw failureError("mail", "limit_exceeded", `the ENVID takes ${encoded.length} characters, ${MAX_ENVID} are allowed; nothing was sent`);
  }
  return [...words, `ENVID=${encoded}`];
}

export function rcptDsnWords({ notify, orcpt }: RcptDsn): string[] {
  const words = notify === undefined ? [] : [notifyWord(notify)];
  if (orcpt === undefined) return words;
  // RFC 6533, section 3: an address beyond ASCII is of another type.
  const encoded = PRINTABLE.test(orcpt) ? `rfc822;${xtext(orcpt)}` : `utf-8;${utf8AddressXtext(orcpt)}`;
  if (encoded.length > MAX_ORCPT) {
    throw failureError("rcpt", "limit_exceeded", `the ORCPT takes ${encoded.length} characters, ${MAX_ORCPT} are allowed; nothing was sent`);
  }
  return [...words, `ORCPT=${encoded}`];
}

function notifyWord(notify: readonly NotifyCondition[]): string {
  if (notify.length === 0 || (notify.length > 1 && notify.includes("NEVER")))
    throw failureError("rcpt", "not_permitted", "NOTIFY must be NEVER alone, or any of SUCCESS, FAILURE and DELAY (RFC 3461, section 4.1); nothing was sent");
  return `NOTIFY=${[...new Set(notify)].join(",")}`;
}

const PRINTABLE = /^[ -~]*$/;

/** RFC 3461, section 4: anything but visible ASCII, and + and =, is written as + and two digits. */
function xtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/g, (character) => `+${hexadecimal(character.charCodeAt(0))}`);
}

/** RFC 6533, section 3: the same, with \x{…} for characters. The form is valid whether the server has SMTPUTF8 or not. */
function utf8AddressXtext(address: string): string {
  return address.replace(/[^!-*,-<>-[\]-~]/gu, (character) => `\\x{${hexadecimal(character.codePointAt(0) as number)}}`);
}

function hexadecimal(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, "0");
}
