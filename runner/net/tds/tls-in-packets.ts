import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type Break, Connection, type ConnectionReader } from "../transport/connection.js";
import { encodeTds, PACKET, TdsDecoder } from "./packet.js";

/**
 * Before version 8, TLS starts inside of the protocol ([MS-TDS] 3.2.5.2): the handshake travels in PRELOGIN packets, and what follows it
 * without them. The result is a connection for ctx.tls.secure; `handshakeIsOver` must be called when that has made its session.
 */
export function tlsInPackets(connection: Connection): { readonly inner: Connection; handshakeIsOver(): void } {
  const stream = new HandshakeStream(connection);
  const { remoteAddress, remotePort, run } = connection;
  const inner = new Connection(stream as unknown as Socket, remoteAddress, remotePort, run);
  return { inner, handshakeIsOver: () => stream.unwrap() };
}

/** The connection of the run as the stream that node:tls wants: it ends with the connection, and so with the run. */
class HandshakeStream extends Duplex implements ConnectionReader {
  readonly #connection: Connection;
  /** Null once the handshake is over. */
  #decoder: TdsDecoder | null = new TdsDecoder([PACKET.preLogin, PACKET.response]);

  constructor(connection: Connection) {
    super({ allowHalfOpen: false });
    this.#connection = connection;
    connection.readBy(this);
  }

  get localAddress(): string | null {
    return this.#connection.localAddress;
  }

  unwrap(): void {
    this.#decoder = null;
  }

  received(text: string): void {
    const bytes = Buffer.from(text, "latin1");
    const decoder = this.#decoder;
    if (decoder === null) {
      this.push(bytes);
      return;
    }
    try {
      decoder.push(bytes);
      for (let packet = decoder.next(); packet !== null; packet = decoder.next()) this.push(packet.body);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  broken({ code, message }: Break): void {
    if (code === "closed") this.push(null);
    else this.destroy(new Error(message));
  }

  override _read(): void {
    // What arrives is pushed at once: the reader above, a session with limits, takes it at once.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#connection.write(this.#decoder === null ? bytes : encodeTds(PACKET.preLogin, bytes));
    this.#connection.drained().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.close();
    done(error);
  }
}
