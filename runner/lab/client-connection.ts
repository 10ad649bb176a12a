import { type AcceptedSocket, type Certificate, type ServedTls, serveTls } from "../net/transport/listen.js";

/** A line that the client sent, one character a byte, and how it ended. */
export interface ClientLine {
  text: string;
  ending: "crlf" | "lf";
  /** The line was longer than the limit: the rest of it was thrown away. */
  cut: boolean;
}

const MAX_LINE_BYTES = 64 * 1024;
/** Above this the client is not read further until its lines have been worked on. */
const MAX_UNREAD_BYTES = 128 * 1024;

/** The server's end of one connection, read line by line. */
export class Peer {
  #socket: AcceptedSocket;
  #unread = "";
  #discarding = false;
  #wake: (() => void) | null = null;
  #ended = false;
  #goneListeners = new Set<() => void>();

  constructor(readonly accepted: AcceptedSocket) {
    this.#socket = accepted;
    accepted.on("close", this.#end);
    this.#follow(accepted);
  }

  /** The client has closed its side, or the connection is lost. */
  get gone(): boolean {
    return this.#ended;
  }

  /** Bytes that arrived and were not asked for yet. */
  get unread(): string {
    return this.#unread;
  }

  /** The next line; null if the client is gone, or was silent for this long. */
  async readLine({ limit = MAX_LINE_BYTES, timeoutMs = 0 }: { limit?: number; timeoutMs?: number } = {}): Promise<ClientLine | null> {
    let cut: ClientLine | null = null;
    for (;;) {
      const end = this.#unread.indexOf("\n");
      if (end !== -1) {
        const whole = this.#take(end + 1);
        return cut ?? lineOf(whole, limit);
      }
      if (this.#unread.length > limit + 2) {
        cut ??= { text: this.#unread.slice(0, limit), ending: "crlf", cut: true };
        this.#take(this.#unread.length);
      }
      if (this.#ended || !(await this.#arrival(timeoutMs))) return null;
    }
  }

  /** Reads `count` bytes, one character each; null if the client goes, or is silent, before it has sent them all. */
  async readBytes(size: number, { keep = true, timeoutMs = 0 }: { keep?: boolean; timeoutMs?: number } = {}): Promise<string | null> {
    const pieces: string[] = [];
    for (let missing = size; missing > 0; ) {
      if (this.#unread === "" && (this.#ended || !(await this.#arrival(timeoutMs)))) return null;
      const piece = this.#take(Math.min(missing, this.#unread.length));
      missing -= piece.length;
      if (keep) pieces.push(piece);
    }
    return pieces.join("");
  }

  /** Waits for the first byte, and leaves it unread. */
  async waitForBytes(): Promise<boolean> {
    while (this.#unread === "" && !this.#ended) await this.#arrival(0);
    return this.#unread !== "";
  }

  discardUnread(): void {
    this.#unread = "";
    this.#resume();
  }

  /** From here on what the client says is thrown away. */
  discardAll(): void {
    this.#discarding = true;
    this.discardUnread();
  }

  /** Resolves when the bytes have left, at the latest when the client is gone. */
  async write(bytes: string | Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable || socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }

  /** Becomes the server of a TLS handshake. What is unread belongs to it. */
  startTls(certificate: Certificate, allowed: ServedTls = {}): void {
    const plain = this.#socket;
    plain.removeAllListeners("data");
    plain.pause();
    if (this.#unread !== "") plain.unshift(Buffer.from(this.#unread, "latin1"));
    this.#unread = "";
    this.#socket = serveTls(plain, certificate, allowed);
    this.#follow(this.#socket);
  }

  /** A pause that ends early when the client is gone. */
  pause(milliseconds: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#goneListeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#goneListeners.add(done);
    });
  }

  untilGone(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#goneListeners.add(resolve));
  }

  /** Says goodbye (FIN); the socket is gone once the client has said so too, or ten seconds later. */
  close(): void {
    this.discardAll();
    this.#socket.end();
    if (this.#ended) this.#socket.destroySoon();
    else this.#socket.setTimeout(10_000, () => this.accepted.destroy());
  }

  /** Breaks the connection off (RST). A TLS socket has no such call: the one below it has. */
  reset(): void {
    this.accepted.resetAndDestroy();
  }

  #follow(socket: AcceptedSocket): void {
    socket.on("data", this.#received);
    socket.on("end", this.#end);
    socket.on("close", this.#end);
  }

  readonly #received = (bytes: Buffer): void => {
    if (this.#discarding) return;
    this.#unread += bytes.toString("latin1");
    if (this.#unread.length > MAX_UNREAD_BYTES) this.#socket.pause();
    this.#wake?.();
  };

  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake?.();
    for (const listener of this.#goneListeners) listener();
    this.#goneListeners.clear();
  };

  #take(size: number): string {
    const taken = this.#unread.slice(0, size);
    this.#unread = this.#unread.slice(size);
    this.#resume();
    return taken;
  }

  #resume(): void {
    if (this.#unread.length <= MAX_UNREAD_BYTES && this.#socket.isPaused()) this.#socket.resume();
  }

  /** False when nothing arrived in time. */
  #arrival(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = timeoutMs === 0 ? null : setTimeout(() => done(false), timeoutMs);
      const done = (arrived: boolean): void => {
        if (timer !== null) clearTimeout(timer);
        this.#wake = null;
        resolve(arrived);
      };
      this.#wake = () => done(true);
    });
  }
}

function lineOf(whole: string, limit: number): ClientLine {
  const ending = whole.endsWith("\r\n") ? "crlf" : "lf";
  const text = whole.slice(0, ending === "crlf" ? -2 : -1);
  return { text: text.slice(0, limit), ending, cut: text.length > limit };
}
