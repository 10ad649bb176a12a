/** One server-sent event (WHATWG HTML, section 9.2). */
export interface ServerSentEvent {
  /** "message" unless the server names another one. */
  readonly type: string;
  readonly data: string;
  readonly id: string | null;
}

/** A line longer than this belongs to no event that is kept. */
const MAX_LINE_CHARACTERS = 256 * 1024;

/** Reads an event stream piece by piece up to the end of its first event. */
export class EventStreamReader {
  event: ServerSentEvent | null = null;
  /** Pieces of the line that has not ended yet. */
  #line: string[] = [];
  #lineCharacters = 0;
  #isFirstLine = true;
  #endsWithReturn = false;
  #data: string[] = [];
  #type = "";
  #id: string | null = null;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** True once the first event is complete. */
  push(bytes: Buffer): boolean {
    if (this.event !== null) return true;
    let text = this.#decoder.decode(bytes, { stream: true });
    // A line may end with CR LF, and a piece between the two.
    if (this.#endsWithReturn && text.startsWith("\n")) text = text.slice(1);
    this.#endsWithReturn = text === "" ? this.#endsWithReturn : text.endsWith("\r");
    const pieces = text.split(/\r\n|\r|\n/);
    const last = pieces.pop() as string;
    for (const piece of pieces) {
      this.#keep(piece);
      this.#endLine();
      if (this.event !== null) return true;
    }
    this.#keep(last);
    return false;
  }

  #keep(piece: string): void {
    this.#lineCharacters += piece.length;
    if (this.#lineCharacters <= MAX_LINE_CHARACTERS) this.#line.push(piece);
  }

  #endLine(): void {
    const whole = this.#line.join("");
    const line = this.#isFirstLine ? whole.replace(/^\ufeff/, "") : whole;
    this.#line = [];
    this.#lineCharacters = 0;
    this.#isFirstLine = false;
    if (line === "") this.#dispatch();
    else this.#takeField(line);
  }

  #takeField(line: string): void {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  /** An event without data is none. */
  #dispatch(): void {
    if (this.#data.length > 0) this.event = { type: this.#type === "" ? "message" : this.#type, data: this.#data.join("\n"), id: this.#id };
    this.#type = "";
  }
}
