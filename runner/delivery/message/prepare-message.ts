import { hostname } from "node:os";
import type { MessageChange } from "../../../schemas/delivery-report.js";
import type { DkimResult } from "../../../schemas/dkim.js";
import { fromDomains } from "../../mail/dkim/from-domains.js";
import { partsOf } from "../../mail/dkim/header-fields.js";
import type { Signer } from "../../mail/dkim/signer.js";
import { encodeForTransport, foldedFields, hasLongLine, isNamed } from "../../mail/transport-encoding.js";
import { type EightBit, eightBitOf } from "../../net/smtp/eight-bit.js";
import type { Mailbox } from "../../net/smtp/mailbox.js";
import { messageSize } from "../../net/smtp/message-body.js";
import type { MessageIdentity } from "./compose-message.js";

/** A message as it is sent: with CRLF line ends, after its signatures. */
export interface PreparedMessage {
  readonly bytes: Buffer;
  /** As SIZE counts it. */
  readonly size: number;
  readonly eightBit: EightBit | null;
  readonly messageId: string | null;
  /** Its header contains `TLS-Required: No` (RFC 8689, section 5): delivery without TLS is preferred to none. */
  readonly needsNoTls: boolean;
  readonly dkim: DkimResult;
  /** Changes made to the given message. */
  readonly changes: readonly MessageChange[];
  /** The same for a server without 8BITMIME, signed again; null if it cannot be converted. */
  inSevenBits(): Promise<PreparedMessage | null>;
}

/** What is added to a message, and who wrote it. */
export interface Preparation {
  readonly signer: Signer | null;
  readonly sender: Mailbox | null;
  readonly identity: MessageIdentity;
}

/** Prepared once for all recipients. All changes are made before signing, so that exactly the signed bytes are sent. */
export async function prepareMessage(message: Uint8Array, { signer, sender, identity }: Preparation): Promise<PreparedMessage> {
  const changes: MessageChange[] = [];
  const complete = completed(withCrLf(message), sender, identity, changes);
  return signed(fitForSmtp(complete, changes), signer, changes);
}

async function signed(text: Buffer, signer: Signer | null, changes: readonly MessageChange[]): Promise<PreparedMessage> {
  const { header, ...dkim } = signer === null ? UNSIGNED : await signer.sign(text);
  const bytes = header.length === 0 ? text : Buffer.concat([header, text]);
  const lines = headerOf(bytes).toString("latin1");
  let converted: Promise<PreparedMessage | null> | null = null;
  return {
    bytes,
    size: messageSize(bytes),
    eightBit: eightBitOf(bytes),
    messageId: MESSAGE_ID.exec(lines)?.[1] ?? null,
    needsNoTls: NEEDS_NO_TLS.test(lines),
    dkim,
    changes,
    inSevenBits: () => {
      converted ??= inSevenBits(text, signer, changes);
      return converted;
    },
  };
}

async function inSevenBits(text: Buffer, signer: Signer | null, changes: readonly MessageChange[]): Promise<PreparedMessage | null> {
  const encoded = encodeForTransport(text, { sevenBit: true });
  return encoded === null ? null : signed(encoded, signer, changes);
}

const UNSIGNED = { header: Buffer.alloc(0), signatures: [], problems: [] };

/** Without Bcc, whose addresses the other recipients must not see, and with the fields that every message has (RFC 5322, section 3.6). */
function completed(text: Buffer, sender: Mailbox | null, { date, messageId }: MessageIdentity, changes: MessageChange[]): Buffer {
  const { fields } = partsOf(text);
  // A message without a valid header is not completed: the added fields would become part of something else.
  if (fields === null) return text;
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  const head = headerOf(text);
  let header = head.toString("latin1");
  if (has("bcc") || has("resent-bcc")) {
    header = foldedFields(header)
      .filter((field) => !isNamed(field, "bcc") && !isNamed(field, "resent-bcc"))
      .join("");
    changes.push({ code: "bcc_removed", message: "the field Bcc was removed: the other recipients would see its addresses" });
  }
  if (!has("message-id")) {
    const [domain] = fromDomains(fields);
    const author = domain === undefined ? (sender ?? { host: { kind: "name" as const, host: hostname() } }) : { host: { kind: "name" as const, host: domain } };
    header = `Message-ID: ${messageId(author)}\r\n${header}`;
    changes.push({ code: "message_id_added", message: "the message had no Message-ID, and was given one" });
  }
  if (!has("date")) {
    header = `Date: ${date.toUTCString().replace("GMT", "+0000")}\r\n${header}`;
    changes.push({ code: "date_added", message: "the message had no Date, and was given one" });
  }
  return changes.length === 0 ? text : Buffer.concat([Buffer.from(header, "latin1"), text.subarray(head.length)]);
}

/** Some server on the way breaks a line that is too long for SMTP, and with it the signature: such a part is encoded before it is signed. */
function fitForSmtp(text: Buffer, changes: MessageChange[]): Buffer {
  if (!hasLongLine(text.toString("latin1"))) return text;
  const encoded = encodeForTransport(text, { sevenBit: false });
  if (encoded === null) {
    const message = "a line has more than 998 bytes and cannot be encoded: servers may break it, and a DKIM signature will then not verify (RFC 5322)";
    changes.push({ code: "lines_too_long", message });
    return text;
  }
  changes.push({ code: "lines_encoded", message: "lines of more than 998 bytes were encoded as quoted-printable or base64" });
  return encoded;
}

/** Dots are doubled for each server separately: they are not part of the message. */
function withCrLf(message: Uint8Array): Buffer {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const text = bytes.toString("latin1");
  if (!STRAY.test(text)) return bytes;
  return Buffer.from(text.replaceAll("\0", "").replace(/\r\n|\r|\n/g, "\r\n"), "latin1");
}

const STRAY = /\r(?!\n)|(?<!\r)\n|\0/;

const HEADER_END = Buffer.from("\r\n\r\n");

/** Including the line end of its last field. */
function headerOf(bytes: Buffer): Buffer {
  if (bytes.subarray(0, 2).equals(HEADER_END.subarray(0, 2))) return bytes.subarray(0, 0);
  const end = bytes.indexOf(HEADER_END);
  return end === -1 ? bytes : bytes.subarray(0, end + 2);
}

const NEEDS_NO_TLS = /(?:^|\n)tls-required:[ \t\r\n]*no[ \t]*\r\n/i;

const MESSAGE_ID = /(?:^|\n)message-id:[ \t\r\n]*(<[^<>\s]+>)/i;
