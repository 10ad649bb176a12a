export interface ReceivedMessage {
  from: string;
  recipients: readonly string[];
  /** As it was sent, without the dots that the transfer adds. */
  raw: Buffer;
  helo: string;
  /** From where the client came. */
  remoteAddress: string;
  tls: boolean;
  /** Who had logged in. */
  username: string | null;
}

const MAX_MESSAGES = 100;
const MAX_BYTES = 64 * 1024 * 1024;

/** The last messages of a server, within fixed bounds. */
export class Mailbox {
  readonly messages: ReceivedMessage[] = [];
  #bytes = 0;

  add(message: ReceivedMessage): void {
    this.messages.push(message);
    this.#bytes += message.raw.length;
    while (this.messages.length > MAX_MESSAGES || (this.#bytes > MAX_BYTES && this.messages.length > 1)) {
      this.#bytes -= (this.messages.shift() as ReceivedMessage).raw.length;
    }
  }
}
