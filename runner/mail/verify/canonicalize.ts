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

/**
 * Runs of blanks become one space, those at the end of a line go, and so do empty lines at the end. What stays as it is, lines and single spaces
 * included, goes into the hash in one piece. A bare CR or LF is content.
 */
function relaxedBody(body: Buffer, digest: LimitedHash): void {
  let from = -1;
  let owedLines = 0;
  let owesSpace = false;
  const { length } = body;
  for (let index = 0; index < length; index += 1) {
    if (from >= 0) {
      index = endOfPlain(body, index);
      if (index === length) break;
    }
    const byte = body[index] as number;
    const isLineEnd = byte === CR && body[index + 1] === LF;
    if (byte !== SPACE && byte !== TAB && !isLineEnd) {
      if (from >= 0) continue;
      if (owedLines > 0) digest.update(linesOf(owedLines));
      if (owesSpace) digest.update(ONE_SPACE);
      owedLines = 0;
      owesSpace = false;
      from = index;
    } else if (from >= 0 && byte !== TAB && (body[index + (isLineEnd ? 2 : 1)] as number) > SPACE) {
      if (isLineEnd) index += 1;
    } else {
      if (from >= 0) digest.update(body.subarray(from, index));
      from = -1;
      owesSpace = !isLineEnd;
      if (isLineEnd) {
        owedLines += 1;
        index += 1;
      }
    }
  }
  if (from >= 0) digest.update(body.subarray(from));
  if (digest.total > 0) digest.update(CRLF);
}

/** The first byte from `index` on that is neither visible nor a single space. Nearly all bytes are one of the two: nothing else is asked of them. */
function endOfPlain(body: Buffer, index: number): number {
  const { length } = body;
  let at = index;
  for (;;) {
    while (at < length && (body[at] as number) > SPACE) at += 1;
    if (at + 1 >= length || body[at] !== SPACE || (body[at + 1] as number) <= SPACE) return at;
    at += 2;
  }
}

const ONE_SPACE = Buffer.from(" ");

function linesOf(count: number): Buffer {
  return count === 1 ? CRLF : Buffer.from("\r\n".repeat(count));
}

/** Below this many bytes a copy costs less than a call of the hash. */
const COPY_AT_MOST = 1024;
const COLLECTED_BYTES = 16 * 1024;

/** Hashes at most `length` bytes, and counts all of them. */
class LimitedHash {
  total = 0;
  endsWithLine = false;
  #collected: Buffer | null = null;
  #bytes = 0;

  constructor(
    readonly hash: Hash,
    readonly length: number | null,
  ) {}

  update(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const left = this.length === null ? bytes.length : Math.max(0, this.length - this.total);
    this.#take(left < bytes.length ? bytes.subarray(0, left) : bytes);
    this.total += bytes.length;
    this.endsWithLine = bytes.length >= 2 ? bytes[bytes.length - 1] === LF && bytes[bytes.length - 2] === CR : false;
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (bytes.length > COPY_AT_MOST || this.#bytes + bytes.length > COLLECTED_BYTES) this.#giveCollected();
    if (bytes.length > COPY_AT_MOST) {
      this.hash.update(bytes);
      return;
    }
    this.#collected ??= Buffer.allocUnsafe(COLLECTED_BYTES);
    this.#collected.set(bytes, this.#bytes);
    this.#bytes += bytes.length;
  }

  #giveCollected(): void {
    if (this.#bytes > 0) this.hash.update((this.#collected as Buffer).subarray(0, this.#bytes));
    this.#bytes = 0;
  }

  digest(): string {
    this.#giveCollected();
    return this.hash.digest("base64");
  }
}
