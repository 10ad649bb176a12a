import type { Break, Connection, ConnectionReader } from "../../runner/net/transport/connection.js";
import { decodeLine } from "../../runner/net/transport/line-text.js";
import { failureError } from "../../runner/run/failure-error.js";

const BANNER_BYTES = 1024;

/** What was found of what a step waits for. */
export interface Found<Match> {
  readonly match: Match;
  /** When its last byte arrived. */
  readonly at: number;
}

/** The peer's data as one character per byte, and what has not been read yet. */
export class Conversation implements ConnectionReader {
  bytesReceived = 0;
  bytesSent = 0;
  banner = "";
  #text = "";
  #at = 0;
  #broken: Break | null = null;
  #wake: (() => void) | null = null;

  constructor(readonly connection: Connection) {
    connection.readBy(this);
  }

  /** The end of the unread data: what arrived instead of the expected line. */
  get unread(): string {
    return decodeLine(this.#text.slice(-200), { note: () => undefined });
  }

  async send(bytes: Buffer): Promise<void> {
    if (this.#broken !== null) throw failureError("send", this.#broken.code, this.#broken.message);
    this.bytesSent += bytes.length;
    this.connection.write(bytes);
    await this.connection.drained();
  }

  /** Waits for these bytes, and reads up to their end. */
  literal(bytes: string, timeoutMs: number, maxBytes: number): Promise<Found<string>> {
    let searched = 0;
    return this.#until(timeoutMs, maxBytes, () => {
      const index = this.#text.indexOf(bytes, searched);
      searched = Math.max(0, this.#text.length - bytes.length + 1);
      if (index === -1) return null;
      // The same whether it came in one read or in many.
      if (index + bytes.length > maxBytes) throw tooMuch(maxBytes);
      this.#text = this.#text.slice(index + bytes.length);
      return bytes;
    });
  }

  /** Waits for a matching line, and reads up to its end; when the peer has closed, the rest counts as a line. `find` sees all lines that have arrived. */
  line<Match extends { readonly index: number }>(find: (lines: readonly string[]) => Match | null, timeoutMs: number, maxBytes: number) {
    let left = maxBytes;
    return this.#until(timeoutMs, maxBytes, (isOver): (Match & { line: string }) | null => {
      const { lines, ends, bytes } = this.#lines(isOver, left);
      left -= bytes;
      const found = lines.length === 0 ? null : find(lines);
      this.#text = this.#text.slice(ends[found?.index ?? ends.length - 1] ?? 0);
      if (found !== null) return { ...found, line: lines[found.index] as string };
      if (left < 0) throw tooMuch(maxBytes);
      return null;
    });
  }

  /** The whole lines of the unread data, up to the first one that leads beyond the limit, which only counts. */
  #lines(isOver: boolean, mostBytes: number): { readonly lines: string[]; readonly ends: number[]; readonly bytes: number } {
    const lines: string[] = [];
    const ends: number[] = [];
    let bytes = 0;
    for (let start = 0; start < this.#text.length; start = ends.at(-1) as number) {
      const feed = this.#text.indexOf("\n", start);
      if (feed === -1 && !isOver) break;
      const line = this.#text.slice(start, feed === -1 ? undefined : feed);
      bytes += line.length;
      if (bytes > mostBytes) break;
      lines.push(decodeLine(line.endsWith("\r") ? line.slice(0, -1) : line, { note: () => undefined }));
      ends.push(feed === -1 ? this.#text.length : feed + 1);
    }
    return { lines, ends, bytes };
  }

  received(text: string, at: number): void {
    this.bytesReceived += text.length;
    if (this.bytesSent === 0 && this.banner.length < BANNER_BYTES) this.banner += text.slice(0, BANNER_BYTES - this.banner.length);
    this.#text += text;
    this.#at = at;
    this.#wake?.();
    if (this.#text.length > MAX_UNREAD_BYTES) {
      this.#broken ??= { code: "limit_exceeded", message: `more than ${MAX_UNREAD_BYTES} bytes that no step reads` };
      this.connection.close();
      this.#wake?.();
    }
  }

  broken(reason: Break, at: number): void {
    this.#broken ??= reason;
    this.#at = at;
    this.#wake?.();
  }

  #until<Match>(timeoutMs: number, maxBytes: number, find: (isOver: boolean) => Match | null): Promise<Found<Match>> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          const match = find(this.#broken !== null);
          if (match === null && this.#broken === null && this.#text.length <= maxBytes) return;
          this.#wake = null;
          this.connection.waitNoMore();
          if (match !== null) resolve({ match, at: this.#at });
          else reject(this.#broken === null ? tooMuch(maxBytes) : failureError("expect", this.#broken.code, this.#broken.message));
        } catch (error) {
          this.#wake = null;
          reject(error);
        }
      };
      this.#wake = look;
      this.connection.waitAtMost(timeoutMs);
      look();
    });
  }
}

/** More than any step may wait for. */
const MAX_UNREAD_BYTES = 2 * 1024 * 1024;

function tooMuch(maxBytes: number) {
  return failureError("expect", "limit_exceeded", `more than ${maxBytes} bytes, and not what was expected`);
}
