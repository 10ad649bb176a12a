import type { Break } from "./connection.js";
import type { LineOddity, OddityRecorder } from "./line-text.js";

export interface ReplyLimits {
  readonly lineBytes: number;
  readonly replyBytes: number;
  /** As the protocol calls it. */
  readonly noun: "reply" | "response";
}

/** Cuts the lines of replies out of bytes that come in any portions (latin1). Once malformed, it stays malformed. */
export abstract class ReplyLines implements OddityRecorder {
  malformed: Break | null = null;
  /** Each once. */
  oddities: readonly LineOddity[] = [];
  readonly #limits: ReplyLimits;
  #text = "";
  #searched = 0;
  #bytes = 0;

  constructor(limits: ReplyLimits) {
    this.#limits = limits;
  }

  push(text: string): void {
    if (this.malformed === null) this.#text += text;
  }

  note(oddity: LineOddity): void {
    if (!this.oddities.includes(oddity)) this.oddities = [...this.oddities, oddity];
  }

  /** Nothing of a line is here. */
  protected get hasNoText(): boolean {
    return this.#text === "";
  }

  /** The next line without its end; null while it is not there yet, and for ever once malformed. */
  protected line(): string | null {
    if (this.malformed !== null) return null;
    const { lineBytes, replyBytes, noun } = this.#limits;
    const end = this.#text.indexOf("\n", this.#searched);
    // One more than a line may have: the CR of its end may be here before the LF is.
    if ((end === -1 ? this.#text.length : end) > lineBytes + 1) return this.refuse("limit_exceeded", `a ${noun} line of more than ${lineBytes} bytes`);
    this.#searched = end === -1 ? this.#text.length : 0;
    if (end === -1) return null;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    this.#bytes += line.length + 1;
    if (this.#bytes > replyBytes) return this.refuse("limit_exceeded", `a ${noun} of more than ${replyBytes} bytes`);
    if (line.endsWith("\r")) return line.slice(0, -1);
    this.note("bare_line_feed");
    return line;
  }

  /** The next line begins another reply. */
  protected finished(): void {
    this.#bytes = 0;
  }

  protected refuse(code: Break["code"], message: string): null {
    this.malformed = { code, message };
    this.#text = "";
    return null;
  }
}
