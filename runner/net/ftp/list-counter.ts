import { decodeLine } from "../transport/line-text.js";

/** A name has at most 255 bytes on most systems, and an entry of LIST some hundred more. */
const MAX_LINE_BYTES = 8192;

export interface ListOptions {
  readonly command: "LIST" | "NLST" | "MLSD";
  readonly maxEntries: number;
  /** How many of the lines to keep. */
  readonly keptLines: number;
}

/** Counts the entries of a list that arrives in any portions, without keeping it. */
export class ListCounter {
  entries = 0;
  /** The first lines, as they came. */
  readonly lines: string[] = [];
  #rest = "";

  constructor(readonly options: ListOptions) {}

  /** False once there are more entries than allowed, or a line is too long to be an entry. */
  push(text: string): boolean {
    let begin = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", begin)) {
      if (!this.#line(this.#rest + text.slice(begin, end))) return false;
      this.#rest = "";
      begin = end + 1;
    }
    this.#rest += text.slice(begin);
    return this.#rest.length <= MAX_LINE_BYTES;
  }

  /** The last line may have no end. False as push(). */
  finish(): boolean {
    const last = this.#rest;
    this.#rest = "";
    return this.#line(last);
  }

  #line(written: string): boolean {
    const line = written.endsWith("\r") ? written.slice(0, -1) : written;
    if (line === "" || !this.#isEntry(line)) return true;
    if (line.length > MAX_LINE_BYTES || this.entries === this.options.maxEntries) return false;
    this.entries += 1;
    if (this.lines.length < this.options.keptLines) this.lines.push(decodeLine(line, IGNORED));
    return true;
  }

  #isEntry(line: string): boolean {
    // ls writes the blocks of the whole directory first. RFC 3659, section 7.5.1: the directory itself and the one above are entries of MLSD.
    if (this.options.command === "LIST") return !/^total \d+$/.test(line);
    return this.options.command !== "MLSD" || !/^(?:[^ ]*;)?type=[cp]dir;/i.test(line);
  }
}

const IGNORED = { note: () => {} };
