import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { serveTds, type TdsServerSettings } from "../../runner/lab/tds-server.js";
import { type Certificate, type Listener, listen } from "../../runner/net/transport/listen.js";

const PRELOGIN = 0x12;
const RESPONSE = 0x04;
const HEADER_BYTES = 8;
/** [MS-TDS] 2.2.6.5: a version, and the encryption "on". */
const ANSWER = Buffer.from("0000 0b00 06 01 0011 0001 ff 10000ff50000 01".replace(/ /g, ""), "hex");

/**
 * A SQL Server whose TLS handshake travels in PRELOGIN packets ([MS-TDS] 3.3.5.2). The packets are written and read here by hand, so that
 * they do not rest on the code under test; behind the handshake stands the lab's server.
 */
export function startTdsOverTls(settings: TdsServerSettings, { certificate, key }: Certificate): Promise<Listener> {
  return listen((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      socket.write(packet(RESPONSE, ANSWER));
      const wrapped = new Wrapped(socket);
      const secure = new TLSSocket(wrapped as never, { isServer: true, cert: certificate, key });
      secure.on("error", () => socket.destroy());
      serveTds(secure, settings);
    });
  });
}

function packet(type: number, body: Buffer): Buffer {
  const length = HEADER_BYTES + body.length;
  return Buffer.concat([Buffer.of(type, 1, length >> 8, length & 0xff, 0, 0, 1, 0), body]);
}

class Wrapped extends Duplex {
  #isWrapped = true;
  #left = Buffer.alloc(0);

  constructor(readonly socket: Duplex) {
    super({ allowHalfOpen: false });
    socket.on("data", (bytes: Buffer) => this.#arrived(bytes));
    socket.on("close", () => this.destroy());
  }

  /** The client ends the packets, when it has the server's last words of the handshake. */
  #arrived(bytes: Buffer): void {
    if (this.#left.length === 0 && bytes[0] !== PRELOGIN) this.#isWrapped = false;
    if (!this.#isWrapped) {
      this.push(bytes);
      return;
    }
    this.#left = Buffer.concat([this.#left, bytes]);
    while (this.#left.length >= HEADER_BYTES && this.#left.length >= this.#left.readUInt16BE(2)) {
      const length = this.#left.readUInt16BE(2);
      this.push(this.#left.subarray(HEADER_BYTES, length));
      this.#left = this.#left.subarray(length);
    }
  }

  override _read(): void {
    // What arrives is pushed at once.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(this.#isWrapped ? packet(PRELOGIN, bytes) : bytes, done);
  }
}
