import { isAscii, isUtf8 } from "node:buffer";
import type { DkimResult } from "../../../schemas/dkim.js";
import type { Signer } from "../../mail/dkim/signer.js";
import { messageSize } from "../../net/smtp/message-body.js";

/** A message as it goes out: its line ends are CR LF, its signatures stand before it. */
export interface Mail {
  readonly bytes: Buffer;
  /** As SIZE counts it. */
  readonly size: number;
  readonly body: "7BIT" | "8BITMIME";
  /** Its header holds more than ASCII (RFC 6532). */
  readonly needsSmtpUtf8: boolean;
  readonly messageId: string | null;
  /** Its header says `TLS-Required: No` (RFC 8689, section 5): better in the clear than not at all. */
  readonly needsNoTls: boolean;
  readonly dkim: DkimResult;
}

/** Made once for all recipients. What is signed is what is sent: line ends are made right before. */
export async function mailOf(message: Uint8Array, signer: Signer | null): Promise<Mail> {
  const text = withRightLineEnds(message);
  const { header, ...dkim } = signer === null ? UNSIGNED : await signer.sign(text);
  const bytes = header.length === 0 ? text : Buffer.concat([header, text]);
  const head = headerOf(bytes);
  const lines = head.toString("latin1");
  return {
    bytes,
    size: messageSize(bytes),
    body: isAscii(bytes) ? "7BIT" : "8BITMIME",
    needsSmtpUtf8: !isAscii(head) && isUtf8(head),
    messageId: MESSAGE_ID.exec(lines)?.[1] ?? null,
    needsNoTls: NEEDS_NO_TLS.test(lines),
    dkim,
  };
}

const UNSIGNED = { header: Buffer.alloc(0), signatures: [], problems: [] };

/** Dots are doubled for each server anew: they are no part of the message. */
function withRightLineEnds(message: Uint8Array): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return isRight(bytes) ? bytes : Buffer.from(rewritten(bytes), "latin1");
}

const STRAY = /\r(?!\n)|(?<!\r)\n|\0/;

function isRight(bytes: Buffer): boolean {
  return !STRAY.test(bytes.toString("latin1"));
}

function rewritten(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replaceAll("\0", "")
    .replace(/\r\n|\r|\n/g, "\r\n");
}

const HEADER_END = Buffer.from("\r\n\r\n");

function headerOf(bytes: Buffer): Buffer {
  const end = bytes.indexOf(HEADER_END);
  return end === -1 ? bytes : bytes.subarray(0, end + 2);
}

const NEEDS_NO_TLS = /(?:^|\n)tls-required:[ \t\r\n]*no[ \t]*\r\n/i;

const MESSAGE_ID = /(?:^|\n)message-id:[ \t\r\n]*(<[^<>\s]+>)/i;
