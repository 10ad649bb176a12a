import { bodiesOf, type Header } from "../../runner/mail/header.js";
import { receivedHops } from "../../runner/mail/received.js";
import type { ReceivedHop } from "../../schemas/received.js";
import type { Receipt } from "./received-message.js";
import type { Output } from "./schema.js";

/**
 * From where and when a message came. Only what a trusted host wrote says so: everything below its Received field may be the sender's
 * invention.
 */
export function receiptOf(input: Receipt, header: Header): Output["received"] {
  const trusted = new Set((input.trusted_hosts ?? []).map((name) => name.toLowerCase()));
  // The newest is last here.
  const hop = receivedHops(header).findLast(({ by }) => by !== null && trusted.has(by.toLowerCase()));
  const returnPath = bodiesOf(header, "Return-Path")[0];
  const ip = input.ip ?? hop?.ip_address ?? null;
  return {
    ip,
    mail_from: input.mail_from ?? (returnPath === undefined ? null : addressIn(returnPath)),
    helo_domain: input.helo_domain ?? hop?.helo ?? hop?.from ?? null,
    at: new Date(input.at ?? hop?.date ?? Date.now()).toISOString(),
    is_encrypted: hop === undefined ? null : isEncrypted(hop),
    source: input.ip !== undefined ? "input" : ip !== null ? "received" : "none",
  };
}

/** By the protocol's name (RFC 3848, RFC 6531), or by the TLS version that a server adds; null if it names neither. */
function isEncrypted({ with: protocol, tls }: ReceivedHop): boolean | null {
  if (tls !== null || /^(?:E?SMTP|LMTP|UTF8SMTP|UTF8LMTP)SA?$/i.test(protocol ?? "")) return true;
  return /^(?:E?SMTP|LMTP|UTF8SMTP|UTF8LMTP)A?$/i.test(protocol ?? "") ? false : null;
}

/** The address of `<a@b>`; empty for `<>`. */
function addressIn(path: string): string {
  const start = path.indexOf("<");
  const end = path.lastIndexOf(">");
  return (start >= 0 && end > start ? path.slice(start + 1, end) : path).trim().slice(0, 320);
}
