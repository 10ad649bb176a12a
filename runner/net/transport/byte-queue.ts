/** Bytes that have arrived and are not used yet. They are joined only when that gives what is asked for, so that it stays linear byte by byte, too. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** The next bytes, which stay in the queue; null while they are not there yet. */
  peek(count: number): Buffer | null {
    if (this.#length < count) return null;
    return this.#first(count).subarray(0, count);
  }

  take(count: number): Buffer | null {
    const bytes = this.peek(count);
    if (bytes !== null) this.#drop(count);
    return bytes;
  }

  /** The next line without its CRLF, as latin1; null while it is not there yet, "too_long" if it has more than `max` bytes. */
  takeLine(max: number): string | "too_long" | null {
    const seen = this.#first(Math.min(this.#length, max + 2));
    const end = seen.subarray(0, max + 2).indexOf("\r\n");
    if (end < 0) return this.#length >= max + 2 ? TOO_LONG : null;
    const line = seen.toString("latin1", 0, end);
    this.#drop(end + 2);
    return line;
  }

  /** A chunk that begins with at least this number of bytes. */
  #first(count: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= count) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #drop(count: number): void {
    const rest = (this.#chunks[0] as Buffer).subarray(count);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#length -= count;
  }
}

export const TOO_LONG = "too_long";
