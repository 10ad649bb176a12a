import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** A client that knows nothing but lines: what our servers and real ones are checked with, independent of our own wire. */
export class RawClient {
  #socket: Socket;
  #unread = "";
  #ended = false;
  #wake: () => void = () => {};
  /** Every chunk in which bytes arrived. */
  chunks: string[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#follow(socket);
  }

  static async open(port: number, { host = "127.0.0.1", tls = false } = {}): Promise<RawClient> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, "connect");
    const client = new RawClient(socket);
    if (tls) await client.startTls();
    return client;
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners("data");
    this.#socket = connectTls({ socket: this.#socket, rejectUnauthorized: false, servername: "localhost" });
    this.#follow(this.#socket);
    await once(this.#socket, "secureConnect");
  }

  get socket(): Socket {
    return this.#socket;
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(bytes: string): void {
    this.#socket.write(bytes, "latin1");
  }

  /** One line without its end; null when the server has closed. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#unread.indexOf("\r\n");
      if (end !== -1) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 2);
        return line;
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A whole SMTP reply, its lines joined by line feeds. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) return [...lines, "(closed)"].join("\n");
      lines.push(line);
      if (line[3] !== "-") return lines.join("\n");
    }
  }

  ask(line: string): Promise<string> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** Waits for the server to close, and gives what it still said. */
  async rest(): Promise<string> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#unread;
  }

  close(): void {
    this.#socket.destroy();
  }

  #follow(socket: Socket): void {
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("data", (bytes: Buffer) => {
      this.chunks.push(bytes.toString("latin1"));
      this.#unread += bytes.toString("latin1");
      this.#wake();
    });
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }
}

function once(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the connection was closed before ${event}`)));
  });
}
