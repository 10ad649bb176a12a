import { createHash } from "node:crypto";

const CONTENT = 0;
const SPACE = 1;
const LINE_FEED = 2;
const CARRIAGE_RETURN = 3;
const NUL = 4;

/** What each byte is to the canonicalisation. */
const KIND = new Uint8Array(256);
KIND[0x20] = SPACE;
KIND[0x09] = SPACE;
KIND[0x0a] = LINE_FEED;
KIND[0x0d] = CARRIAGE_RETURN;
KIND[0x00] = NUL;

/** Below this many bytes a copy costs less than a call of the hash. */
const COPY_AT_MOST = 1024;
const COLLECTED_BYTES = 16 * 1024;
const CRLF = Buffer.from("\r\n");
const EMPTY_LINES = Buffer.from("\r\n".repeat(2048));

/**
 * Hashes a body in the relaxed canonicalization (RFC 6376, section 3.4.4) as its bytes come, in chunks of any size. What counts is
 * the body as it will be sent: a bare CR or LF ends a line there and NUL is left out (runner/net/smtp/message-body.ts), so they do here.
 */
export class BodyHash {
  readonly #hash = createHash("sha256");
  readonly #collected = Buffer.allocUnsafe(COLLECTED_BYTES);
  #collectedBytes = 0;
  /** Line ends that count only when something follows them: empty lines at the end of a body do not. */
  #owedLines = 0;
  /** White space that counts only when something follows it on its line. */
  #owesSpace = false;
  /** The last byte was a CR: an LF that follows belongs to it. */
  #afterReturn = false;
  #isEmpty = true;

  update(chunk: Uint8Array): void {
    /** Where what goes into the hash as it stands began; -1 outside of such a run. */
    let from = -1;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number;
      // Most bytes of most bodies: nothing is looked up for them.
      if (byte > 0x20 && from >= 0) continue;
      const kind = KIND[byte];
      if (kind === CONTENT) {
        if (from >= 0) continue;
        this.#payOwed();
        from = index;
      } else if (from >= 0) {
        // A single space, and the end of a line, before more content stay as they are.
        if (byte === 0x20 && KIND[chunk[index + 1] as number] === CONTENT) index += 1;
        else if (kind === CARRIAGE_RETURN && chunk[index + 1] === 0x0a && KIND[chunk[index + 2] as number] === CONTENT) index += 2;
        else {
          this.#take(chunk, from, index);
          from = -1;
          this.#owe(kind as number);
        }
      } else this.#owe(kind as number);
    }
    if (from >= 0) this.#take(chunk, from, chunk.length);
  }

  /** In base64, as in the value of bh=. */
  digest(): string {
    if (!this.#isEmpty) this.#take(CRLF, 0, CRLF.length);
    this.#giveCollected();
    return this.#hash.digest("base64");
  }

  #owe(kind: number): void {
    if (kind === LINE_FEED && this.#afterReturn) {
      this.#afterReturn = false;
      return;
    }
    this.#afterReturn = kind === CARRIAGE_RETURN;
    if (kind === SPACE) this.#owesSpace = true;
    else if (kind !== NUL) {
      this.#owesSpace = false;
      this.#owedLines++;
    }
  }

  #payOwed(): void {
    for (; this.#owedLines > 0; this.#owedLines -= Math.min(this.#owedLines, EMPTY_LINES.length / 2)) {
      this.#take(EMPTY_LINES, 0, Math.min(this.#owedLines * 2, EMPTY_LINES.length));
    }
    if (this.#owesSpace) this.#take(ONE_SPACE, 0, 1);
    this.#owesSpace = false;
    this.#afterReturn = false;
    this.#isEmpty = false;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length > COPY_AT_MOST) {
      this.#giveCollected();
      this.#hash.update(bytes.subarray(from, to));
      return;
    }
    if (this.#collectedBytes + length > COLLECTED_BYTES) this.#giveCollected();
    const collected = this.#collected;
    let at = this.#collectedBytes;
    // Most are a word or two: a call to copy them costs more than they do.
    if (length < 32) for (let index = from; index < to; index++) collected[at++] = bytes[index] as number;
    else {
      collected.set(bytes.subarray(from, to), at);
      at += length;
    }
    this.#collectedBytes = at;
  }

  #giveCollected(): void {
    if (this.#collectedBytes > 0) this.#hash.update(this.#collected.subarray(0, this.#collectedBytes));
    this.#collectedBytes = 0;
  }
}

const ONE_SPACE = Buffer.from(" ");
