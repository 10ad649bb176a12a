import { setImmediate as turn } from "node:timers/promises";
import type { Connection } from "../transport/connection.js";
import type { Upload } from "./exchange.js";

/** A body in chunks (RFC 9112, section 7.1). */
export class ChunkedUpload implements Upload {
  constructor(
    readonly connection: Connection,
    readonly isAnswered: () => boolean,
    /** Called for each piece: the peer takes what is sent. */
    readonly progress: () => void,
  ) {}

  async send(piece: Buffer): Promise<boolean> {
    const { connection } = this;
    if (!connection.isWritable || this.isAnswered()) return false;
    this.progress();
    connection.write(`${piece.length.toString(16)}\r\n`);
    connection.write(piece);
    connection.write("\r\n");
    await connection.drained();
    // A fast peer never makes us wait: without this, nothing else would have its turn.
    await turn();
    return connection.isWritable && !this.isAnswered();
  }

  /** The last chunk. */
  end(): void {
    this.connection.write("0\r\n\r\n");
  }
}
