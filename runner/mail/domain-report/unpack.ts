import { gunzipSync } from "node:zlib";
import { failureError } from "../../run/failure-error.js";
import { decodedBody, type Part, readMessage } from "../report/parts.js";
import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";
import { isTooLarge, unzipOne } from "./zip.js";

export type Packing = "message" | "gzip" | "zip";

/** The bytes of a report, and what they were packed in, the outermost first. */
export interface Unpacked {
  readonly document: Buffer;
  readonly packing: readonly Packing[];
}

/** The message of a failure that is no damage: a mailbox of reports gets other mail, too. */
export const NO_REPORT = "it holds no report: neither XML, JSON, gzip, zip, nor a message with one of them";

/** Takes a report out of the message, the gzip file or the zip file that it came in. Each is opened once: no report is packed twice. */
export function unpack(bytes: Buffer): Unpacked {
  if (bytes.length > LIMITS.bytes) throw failureError("unpack", "limit_exceeded", `it has more than ${LIMITS.bytes} bytes`);
  if (looksPacked(bytes) || isDocument(bytes)) return unpackFile(bytes, []);
  const attachment = attachmentIn(bytes.toString("latin1"), 0);
  if (attachment === null) throw failureError("unpack", "unsupported", NO_REPORT);
  return unpackFile(attachment, ["message"]);
}

function unpackFile(bytes: Buffer, around: readonly Packing[]): Unpacked {
  const isZip = looksZipped(bytes);
  if (!isZip && !looksGzipped(bytes)) return { document: bytes, packing: around };
  const document = isZip ? unzipOne(bytes, LIMITS.documentBytes) : gunzipped(bytes);
  if (looksPacked(document))
    throw failureError("unpack", "unsupported", `the ${isZip ? "zip" : "gzip"} file holds another packed file: a report is packed once`);
  return { document, packing: [...around, isZip ? "zip" : "gzip"] };
}

function gunzipped(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: LIMITS.documentBytes });
  } catch (error) {
    if (isTooLarge(error)) throw failureError("unpack", "limit_exceeded", `the gzip file expands to more than ${LIMITS.documentBytes} bytes`);
    throw failureError("unpack", "protocol_violation", `the gzip file is damaged: ${(error as Error).message}`);
  }
}

/** The first part that may be a report, whatever its name and its type say. */
function attachmentIn(message: string, depth: number): Buffer | null {
  const { parts, header } = readMessage(message, LIMITS.bytes);
  if (header.fields.length === 0) return null;
  const bodies = parts.filter(({ contentType }) => mayHoldReport(contentType.type)).map(bytesOf);
  const report = bodies.find((body) => looksPacked(body) || isDocument(body));
  if (report !== undefined) return report;
  const inner = parts.filter(({ contentType }) => contentType.type === "message/rfc822").map((part) => decodedBody(part));
  for (const each of depth < LIMITS.messageDepth ? inner : []) {
    const found = attachmentIn(each, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** HTML looks like XML at its start. A report may be text/plain. */
function mayHoldReport(type: string): boolean {
  return type !== "text/html" && !type.startsWith("message/") && !type.startsWith("multipart/");
}

function bytesOf(part: Part): Buffer {
  return Buffer.from(decodedBody(part), "latin1");
}

function looksPacked(bytes: Buffer): boolean {
  return looksGzipped(bytes) || looksZipped(bytes);
}

function looksGzipped(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function looksZipped(bytes: Buffer): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/** XML or JSON begins with one of two characters, behind a byte order mark and blanks. */
export function isDocument(bytes: Buffer): boolean {
  return isXml(bytes) || /^(?:\u00ef\u00bb\u00bf)?\s{0,100}\{/.test(bytes.toString("latin1", 0, 110));
}

export function isXml(bytes: Buffer): boolean {
  const start = bytes.toString("latin1", 0, 110);
  return /^(?:\u00ef\u00bb\u00bf)?\s{0,100}</.test(start) || start.startsWith("\u00ff\u00fe<\0") || start.startsWith("\u00fe\u00ff\0<");
}
