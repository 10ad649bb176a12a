import { type FailureError, failureError } from "../../run/failure-error.js";
import type { Connection, ConnectionReader } from "../transport/connection.js";

/** What a server may say before TLS: capability lists are the longest, and none is near this. */
const MAX_BYTES = 64 * 1024;

/** Reads the few lines or bytes that come before a TLS handshake, and leaves the connection as it was. */
export class PreludeReader implements ConnectionReader {
  #text = "";
  #received = 0;
  #broken: FailureError | null = null;
  #wake: (() => void) | null = null;

  constructor(
    readonly connection: Connection,
    readonly timeoutMs: number,
  ) {
    connection.readBy(this);
  }

  write(data: string | Uint8Array): void {
    this.connection.write(data);
  }

  /** The next line, without its end. */
  async line(): Promise<string> {
    const end = await this.#until(() => this.#text.indexOf("\n") + 1);
    return this.#take(end).replace(/\r?\n$/, "");
  }

  async bytes(count: number): Promise<Buffer> {
    await this.#until(() => (this.#text.length >= count ? count : 0));
    return Buffer.from(this.#take(count), "latin1");
  }

  /** Text up to and with one of these endings, for protocols without lines. */
  async through(pattern: RegExp): Promise<string> {
    return this.#take(
      await this.#until(() => {
        const match = pattern.exec(this.#text);
        return match === null ? 0 : match.index + match[0].length;
      }),
    );
  }

  /** TLS begins: plain text after the last reply was injected, and must not be taken for the server's (CVE-2011-0411). */
  finish(): void {
    this.connection.waitNoMore();
    if (this.#text !== "" || this.connection.unreadBytes > 0)
      throw failureError("starttls", "protocol_violation", "the server sent plain text after its go-ahead for TLS");
    if (this.#broken !== null) throw this.#broken;
  }

  received(text: string): void {
    this.#received += text.length;
    this.#text += text;
    if (this.#received > MAX_BYTES) {
      this.#broken ??= failureError("starttls", "limit_exceeded", `more than ${MAX_BYTES} bytes before TLS`);
      this.connection.close();
    }
    this.#wake?.();
  }

  broken({ code, message }: { code: Parameters<typeof failureError>[1]; message: string }): void {
    this.#broken ??= failureError("starttls", code, message);
    this.#wake?.();
  }

  #take(length: number): string {
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return taken;
  }

  /** Waits until `found` gives a length above 0. */
  async #until(found: () => number): Promise<number> {
    this.connection.waitAtMost(this.timeoutMs);
    for (;;) {
      const length = found();
      if (length > 0) return length;
      if (this.#broken !== null) throw this.#broken;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
