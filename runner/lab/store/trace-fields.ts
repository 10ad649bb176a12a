import { randomBytes } from "node:crypto";
import type { ReceivedMessage } from "../smtp/mailbox.js";

/** What the receiving side says of a message (RFC 8601). */
export interface Verdicts {
  spf: string;
  dkim: string;
  dmarc: string;
}

export interface Arrival {
  readonly message: ReceivedMessage;
  /** The server that took it. */
  readonly name: string;
  readonly takenAt: Date;
  readonly storedAt: Date;
  readonly verdicts: Verdicts;
}

/** The message as stored in a mailbox: the trace fields of RFC 5321, 4.4, precede what was sent. */
export function traced({ message, name, takenAt, storedAt, verdicts }: Arrival): Buffer {
  const { from, recipients, helo, remoteAddress, tls, username, raw } = message;
  const protocol = `ESMTP${tls ? "S" : ""}${username === null ? "" : "A"}`;
  const fields = [
    `Return-Path: <${from}>`,
    `Received: from ${name} by store.${name} with LMTP id ${id()}; ${dateOf(storedAt)}`,
    `Authentication-Results: ${name};\r\n ${results(message, verdicts).join(";\r\n ")}`,
    `Received: from ${helo} (${literalOf(remoteAddress)})\r\n by ${name} with ${protocol} id ${id()}\r\n for <${recipients[0] ?? ""}>; ${dateOf(takenAt)}`,
  ];
  return Buffer.concat([Buffer.from(`${fields.join("\r\n")}\r\n`, "latin1"), raw]);
}

function results({ from, raw }: ReceivedMessage, { spf, dkim, dmarc }: Verdicts): string[] {
  const sender = domainOf(from);
  const author = domainOf(/^From:(?:.*<)?([^<>\r\n]*)>?/im.exec(raw.toString("latin1"))?.[1] ?? from);
  return [`spf=${spf} smtp.mailfrom=${sender}`, `dkim=${dkim} header.d=${author}`, `dmarc=${dmarc} header.from=${author}`];
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).trim() || "unknown";
}

/** RFC 5321, 4.1.3. */
function literalOf(address: string): string {
  return address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
}

function id(): string {
  return randomBytes(5).toString("hex");
}

/** RFC 5322, 3.3. */
function dateOf(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}
