import { createHash, type Hash } from "node:crypto";
import { fieldValue, type ReceivedField } from "./message-parts.js";

export type Canonicalization = "simple" | "relaxed";

/** RFC 6376, 3.4.1 and 3.4.2, without the CRLF at the end. */
export function canonicalField(field: ReceivedField, method: Canonicalization): string {
  if (method === "simple") return field.raw;
  return `${field.name}:${relaxedText(fieldValue(field).replaceAll("\r\n", ""))}`;
}

/** Runs of blanks become one space, and those at both ends go. By hand: an expression would take quadratic time on a line of blanks. */
function relaxedText(text: string): string {
  return text
    .split(/[ \t]/)
    .filter((word) => word !== "")
    .join(" ");
}

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;

/** The body hash of RFC 6376, 3.4.3 and 3.4.4. `length`: l=, how many bytes of the canonical body are signed. */
export function bodyHash(body: Buffer, method: Canonicalization, algorithm: "sha1" | "sha256", length: number | null): BodyDigest {
  const digest = new LimitedHash(createHash(algorithm), length);
  if (method === "simple") digest.update(withoutEmptyLines(body));
  else relaxedBody(body, digest);
  // 3.4.3: an empty body is one CRLF when it is simple. Relaxed, it stays empty.
  if (digest.total > 0 && !digest.endsWithLine) digest.update(CRLF);
  if (digest.total === 0 && method === "simple") digest.update(CRLF);
  return { hash: digest.digest(), canonicalBytes: digest.total };
}

export interface BodyDigest {
  readonly hash: string;
  readonly canonicalBytes: number;
}

const CRLF = Buffer.from("\r\n");

/** Empty lines at the end do not count; the last line keeps its end. */
function withoutEmptyLines(body: Buffer): Buffer {
  let end = body.length;
  while (end >= 2 && body[end - 1] === LF && body[end - 2] === CR) {
    const before = end - 2;
    if (before > 0 && !(before >= 2 && body[before - 1] === LF && body[before - 2] === CR)) break;
    end = before;
  }
  return body.subarray(0, end);
}

function relaxedBody(body: Buffer, digest: LimitedHash): void {
  let owedLines = 0;
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf("\r\n", start);
    const end = found < 0 ? body.length : found;
    const line = relaxedLine(body.subarray(start, end));
    if (line.length > 0) {
      if (owedLines > 0) digest.update(Buffer.from("\r\n".repeat(owedLines)));
      digest.update(line);
      owedLines = 0;
    }
    if (found >= 0) owedLines += 1;
    start = found < 0 ? body.length : found + 2;
  }
  if (digest.total > 0 && owedLines > 0) digest.update(CRLF);
}

/** Runs of blanks become one space, those at the end go, those at the beginning stay as one. */
function relaxedLine(line: Buffer): Buffer {
  let hasRun = false;
  for (let index = 0; index < line.length && !hasRun; index += 1) {
    const byte = line[index];
    hasRun = byte === TAB || (byte === SPACE && (index === line.length - 1 || line[index + 1] === SPACE || line[index + 1] === TAB));
  }
  if (!hasRun) return line;
  const written = Buffer.allocUnsafe(line.length);
  let length = 0;
  let isOwed = false;
  for (const byte of line) {
    if (byte === SPACE || byte === TAB) isOwed = true;
    else {
      if (isOwed) written[length++] = SPACE;
      isOwed = false;
      written[length++] = byte;
    }
  }
  return written.subarray(0, length);
}

/** Hashes at most `length` bytes, and counts all of them. */
class LimitedHash {
  total = 0;
  endsWithLine = false;

  constructor(
    readonly hash: Hash,
    readonly length: number | null,
  ) {}

  update(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const left = this.length === null ? bytes.length : Math.max(0, this.length - this.total);
    this.hash.update(bytes.subarray(0, left));
    this.total += bytes.length;
    this.endsWithLine = bytes.length >= 2 ? bytes[bytes.length - 1] === LF && bytes[bytes.length - 2] === CR : false;
  }

  digest(): string {
    return this.hash.digest("base64");
  }
}
