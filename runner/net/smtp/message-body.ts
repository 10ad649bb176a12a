const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const DOT = 46;
const NUL = 0;

/**
 * Makes a message fit for DATA (RFC 5321, section 4.5.2), chunk by chunk: every line ends in CR LF, and a dot at the start of a
 * line is doubled. What a server could take for the end of the message is thereby nowhere but at its end: a bare CR or LF, which
 * some read as a line end, becomes one for all. NUL, which no message may hold (RFC 5322, section 4) and some servers drop, is dropped.
 */
export class MessageBody {
  /** What SIZE counts (RFC 1870, section 5): with CR LF as line ends, without the doubled dots. */
  size = 0;
  #atLineStart = true;
  /** The last chunk ended in CR, for which CR LF was given out: an LF that follows belongs to it. */
  #afterReturn = false;

  /** What to send for the next chunk: the chunk itself if nothing in it has to change. */
  encode(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const rest = this.#afterReturn && chunk[0] === LINE_FEED ? chunk.subarray(1) : chunk;
    this.#afterReturn = false;
    if (rest.length === 0) return rest;
    if ((this.#atLineStart && rest[0] === DOT) || !isReady(rest)) return this.#rewrite(rest);
    this.#atLineStart = rest[rest.length - 1] === LINE_FEED;
    this.size += rest.length;
    return rest;
  }

  /** What ends the message, on a line of its own. */
  end(): string {
    if (this.#atLineStart) return ".\r\n";
    this.size += 2;
    return "\r\n.\r\n";
  }

  #rewrite(chunk: Uint8Array): Uint8Array {
    // At worst every byte is a line end or a dot to be doubled.
    const result = Buffer.allocUnsafe(chunk.length * 2);
    let length = 0;
    let doubled = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number;
      if (byte === NUL) continue;
      if (byte === CARRIAGE_RETURN || byte === LINE_FEED) {
        result[length++] = CARRIAGE_RETURN;
        result[length++] = LINE_FEED;
        this.#atLineStart = true;
        if (byte === LINE_FEED) continue;
        if (index + 1 === chunk.length) this.#afterReturn = true;
        else if (chunk[index + 1] === LINE_FEED) index++;
      } else {
        if (byte === DOT && this.#atLineStart) {
          result[length++] = DOT;
          doubled++;
        }
        result[length++] = byte;
        this.#atLineStart = false;
      }
    }
    this.size += length - doubled;
    return result.subarray(0, length);
  }
}

/** Whether a chunk can be sent unchanged. The system's own search is several times faster than looking at each byte. */
function isReady(bytes: Uint8Array): boolean {
  const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (chunk.includes(NUL)) return false;
  for (let at = chunk.indexOf(CARRIAGE_RETURN); at !== -1; at = chunk.indexOf(CARRIAGE_RETURN, at + 2)) {
    if (chunk[at + 1] !== LINE_FEED) return false;
  }
  for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) {
    if (chunk[at - 1] !== CARRIAGE_RETURN || chunk[at + 1] === DOT) return false;
  }
  return true;
}

/** A large message is worked on, and handed to the system, in portions. */
const PORTION_BYTES = 64 * 1024;

export function* portions(message: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < message.length; from += PORTION_BYTES) yield message.subarray(from, from + PORTION_BYTES);
}

export function messageSize(message: Uint8Array): number {
  const body = new MessageBody();
  for (const portion of portions(message)) body.encode(portion);
  body.end();
  return body.size;
}
