import { isUtf8 } from "node:buffer";

/** RFC 5321, section 4.5.3.1.6: with CR LF. A server may break a longer line, and a signature with it. */
const MAX_LINE_BYTES = 1000;
/** Parts within parts. */
const MAX_DEPTH = 20;

/** What the transport does not take as it is: lines that are too long, and for some servers bytes beyond ASCII. */
export interface TransportLimits {
  readonly sevenBit: boolean;
}

/**
 * A message whose bodies are encoded as far as the transport demands it (RFC 2045, section 6), with line ends CR LF: the same bytes if nothing has to be
 * encoded. Null if that is impossible: what must not be changed, such as a signed part, or a header, does not fit.
 */
export function encodeForTransport(message: Buffer, limits: TransportLimits): Buffer | null {
  if (!isUnfit(message.toString("latin1"), limits)) return message;
  const encoded = encodedPart(message.toString("latin1"), limits, 0);
  return encoded === null ? null : Buffer.from(encoded, "latin1");
}

/** Whether some line is too long for SMTP. */
export function hasLongLine(message: string): boolean {
  let start = 0;
  for (let end = message.indexOf("\n"); end !== -1; end = message.indexOf("\n", start)) {
    if (end + 1 - start > MAX_LINE_BYTES) return true;
    start = end + 1;
  }
  return message.length - start > MAX_LINE_BYTES - 2;
}

function isUnfit(text: string, { sevenBit }: TransportLimits): boolean {
  return (sevenBit && BEYOND_ASCII.test(text)) || hasLongLine(text);
}

const BEYOND_ASCII = /[\u0080-\u00ff]/;

/** One part with its header; at depth 0 the message. Text holds one character a byte. */
function encodedPart(part: string, limits: TransportLimits, depth: number): string | null {
  const { header, body } = splitPart(part);
  if (depth > MAX_DEPTH || isUnfit(header, limits)) return null;
  if (!isUnfit(body, limits)) return part;
  const type = fieldValue(header, "content-type") ?? "text/plain";
  const kind = (/^[^;\s]+/.exec(type)?.[0] ?? "").toLowerCase();
  if (kind.startsWith("multipart/")) return encodedMultipart(header, body, { type, kind, limits, depth });
  if (kind === "message/rfc822" || kind === "message/global") {
    const inner = encodedPart(body, limits, depth + 1);
    return inner === null ? null : `${withoutField(header, "content-transfer-encoding")}\r\n${inner}`;
  }
  // RFC 2046, section 5.2: no other kind of message may be encoded.
  return kind.startsWith("message/") ? null : encodedLeaf(header, body, depth === 0);
}

interface Multipart {
  readonly type: string;
  readonly kind: string;
  readonly limits: TransportLimits;
  readonly depth: number;
}

/** A signature over parts is one over their bytes (RFC 1847): none may be changed. */
function encodedMultipart(header: string, body: string, { type, kind, limits, depth }: Multipart): string | null {
  const boundary = boundaryOf(type);
  if (boundary === null || kind === "multipart/signed" || kind === "multipart/encrypted") return null;
  const pieces: string[] = [];
  let isPart = false;
  for (const { delimiter, text } of piecesOf(body, `--${boundary}`)) {
    const piece = isPart ? encodedPart(text, limits, depth + 1) : text;
    if (piece === null || (!isPart && isUnfit(piece, limits))) return null;
    pieces.push(piece, delimiter ?? "");
    isPart = delimiter !== null && !delimiter.trimEnd().endsWith(`--${boundary}--`);
  }
  return `${withoutField(header, "content-transfer-encoding")}\r\n${pieces.join("")}`;
}

/** The texts between the delimiter lines, each with the delimiter that follows it, which includes the line end before it. */
function* piecesOf(body: string, delimiter: string): Generator<{ text: string; delimiter: string | null }> {
  let start = 0;
  let from = 0;
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, from)) {
    from = at + delimiter.length;
    const lineEnd = body.indexOf("\r\n", from);
    const rest = body.slice(from, lineEnd === -1 ? body.length : lineEnd);
    const isLine = (at === 0 || body.startsWith("\r\n", at - 2)) && /^(?:--)?[ \t]*$/.test(rest);
    if (!isLine) continue;
    const textEnd = Math.max(start, at === 0 ? 0 : at - 2);
    const next = lineEnd === -1 ? body.length : lineEnd + 2;
    yield { text: body.slice(start, textEnd), delimiter: body.slice(textEnd, next) };
    start = next;
    from = Math.max(from, next - 2);
  }
  yield { text: body.slice(start), delimiter: null };
}

function encodedLeaf(header: string, body: string, isMessage: boolean): string | null {
  const encoding = (fieldValue(header, "content-transfer-encoding") ?? "7bit").toLowerCase();
  if (encoding === "quoted-printable") return null;
  if (encoding === "base64") return BEYOND_ASCII.test(body) ? null : `${header}\r\n${rewrapped(body)}`;
  const fields = `${withoutField(header, "content-transfer-encoding")}Content-Transfer-Encoding: quoted-printable\r\n`;
  return `${isMessage ? withMimeFields(fields, body) : fields}\r\n${quotedPrintable(body)}`;
}

/** A message without MIME is text in a character set that it does not name. */
function withMimeFields(header: string, body: string): string {
  const charset = BEYOND_ASCII.test(body) ? (isUtf8(Buffer.from(body, "latin1")) ? "utf-8" : "unknown-8bit") : "us-ascii";
  const type = fieldValue(header, "content-type") === null ? `Content-Type: text/plain; charset=${charset}\r\n` : "";
  const version = fieldValue(header, "mime-version") === null ? "MIME-Version: 1.0\r\n" : "";
  return `${header}${version}${type}`;
}

/** RFC 2045, section 6.7: at most 76 characters a line, no blank at its end. */
export function quotedPrintable(text: string): string {
  return text
    .split("\r\n")
    .map((line) => softBroken(line.replace(/[^\t -<>-~]|=|[ \t]$/g, (byte) => `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)))
    .join("\r\n");
}

const MAX_ENCODED = 75;

function softBroken(line: string): string {
  if (line.length <= MAX_ENCODED + 1) return line;
  const lines: string[] = [];
  for (let start = 0; start < line.length; ) {
    let end = Math.min(line.length, start + MAX_ENCODED);
    // An encoded byte is not broken.
    if (end < line.length) end -= line[end - 1] === "=" ? 1 : line[end - 2] === "=" ? 2 : 0;
    lines.push(line.slice(start, end));
    start = end;
  }
  return lines.join("=\r\n");
}

function rewrapped(base64: string): string {
  return `${base64.replace(/\s/g, "").replace(/.{76}/g, "$&\r\n").trimEnd()}\r\n`;
}

/** The header with the line end of its last field, and what follows the empty line. */
function splitPart(part: string): { header: string; body: string } {
  if (part.startsWith("\r\n")) return { header: "", body: part.slice(2) };
  const end = part.indexOf("\r\n\r\n");
  return end === -1 ? { header: part, body: "" } : { header: part.slice(0, end + 2), body: part.slice(end + 4) };
}

/** The first field of that name, unfolded; null if there is none. */
function fieldValue(header: string, name: string): string | null {
  const line = foldedFields(header).find((field) => isNamed(field, name));
  return line === undefined
    ? null
    : line
        .slice(line.indexOf(":") + 1)
        .replace(/\r\n/g, "")
        .trim();
}

function withoutField(header: string, name: string): string {
  return foldedFields(header)
    .filter((field) => !isNamed(field, name))
    .join("");
}

/** Each field with its folded lines and its line end. */
export function foldedFields(header: string): string[] {
  return header.match(/[^\r\n][^\n]*\n?(?:[ \t][^\n]*\n?)*/g) ?? [];
}

export function isNamed(field: string, name: string): boolean {
  return (
    field
      .slice(0, Math.max(0, field.indexOf(":")))
      .trimEnd()
      .toLowerCase() === name
  );
}

function boundaryOf(type: string): string | null {
  const [, quoted, bare] = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  return quoted ?? bare ?? null;
}
