import { FrameReader, longBytes, OPCODE, shortText, uint16 } from "../net/cassandra/frame.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface CassandraServerSettings {
  readonly port?: number;
  /** A login is needed if there is an account. */
  readonly account?: { readonly username: string; readonly password: string };
  /** The schema of each other node; the node's own is one. */
  readonly peers?: readonly string[];
}

const AUTHENTICATOR = "org.apache.cassandra.auth.PasswordAuthenticator";
const RESPONSE = 0x84;
const HEADER_BYTES = 9;
const VARCHAR = 0x0d;
const BAD_CREDENTIALS = 0x0100;

/** A small Cassandra node: OPTIONS, STARTUP, a login, system.local and system.peers. */
export function startCassandraServer(settings: CassandraServerSettings = {}): Promise<Listener> {
  return listen((socket) => new Client(socket, settings).start(), { port: settings.port ?? 0 });
}

class Client {
  #received = Buffer.alloc(0);

  constructor(
    readonly socket: AcceptedSocket,
    readonly settings: CassandraServerSettings,
  ) {}

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      try {
        while (this.#next());
      } catch {
        // What cannot be read ends the connection.
        socket.destroy();
      }
    });
  }

  #next(): boolean {
    if (this.#received.length < HEADER_BYTES) return false;
    const end = HEADER_BYTES + this.#received.readInt32BE(5);
    if (this.#received.length < end) return false;
    const frame = this.#received.subarray(0, end);
    this.#received = this.#received.subarray(end);
    const [opcode, body] = this.#answer(frame[4] as number, new FrameReader(frame.subarray(HEADER_BYTES)));
    const header = Buffer.from(frame.subarray(0, HEADER_BYTES));
    header[0] = RESPONSE;
    header[4] = opcode;
    header.writeInt32BE(body.length, 5);
    this.socket.write(Buffer.concat([header, body]));
    return true;
  }

  #answer(opcode: number, reader: FrameReader): [number, Buffer] {
    const { account, peers = [] } = this.settings;
    switch (opcode) {
      case OPCODE.options: {
        const entries = { PROTOCOL_VERSIONS: ["3/v3", "4/v4"], CQL_VERSION: ["3.4.6"], COMPRESSION: ["snappy", "lz4"] };
        const lists = Object.entries(entries).flatMap(([name, texts]) => [shortText(name), uint16(texts.length), ...texts.map(shortText)]);
        return [OPCODE.supported, Buffer.concat([uint16(3), ...lists])];
      }
      case OPCODE.startup:
        return account === undefined ? [OPCODE.ready, Buffer.alloc(0)] : [OPCODE.authenticate, shortText(AUTHENTICATOR)];
      case OPCODE.authResponse:
        if (reader.value()?.toString("utf8") === `\0${account?.username}\0${account?.password}`) return [OPCODE.authSuccess, longBytes(Buffer.alloc(0))];
        return [OPCODE.error, Buffer.concat([int32(BAD_CREDENTIALS), shortText("Provided username and/or password are incorrect")])];
      default:
        return [OPCODE.result, reader.value()?.includes("system.local") === true ? local() : rows(peers.map(peer))];
    }
  }
}

function local(): Buffer {
  const node_time = Buffer.alloc(8);
  node_time.writeBigInt64BE(BigInt(Date.now()));
  const names = {
    release_version: "4.1.3",
    cql_version: "3.4.6",
    cluster_name: "lab",
    data_center: "dc1",
    rack: "r1",
    partitioner: "Murmur3",
    schema_version: "one",
  };
  return rows([{ ...Object.fromEntries(Object.entries(names).map(([name, value]) => [name, Buffer.from(value)])), node_time }]);
}

function peer(schema: string, index: number): Readonly<Record<string, Buffer>> {
  const [data_center, release_version] = [Buffer.from("dc1"), Buffer.from("4.1.3")];
  return { peer: Buffer.from([192, 0, 2, index + 1]), data_center, release_version, schema_version: Buffer.from(schema) };
}

function rows(all: readonly Readonly<Record<string, Buffer>>[]): Buffer {
  const names = Object.keys(all[0] ?? { peer: null });
  const columns = names.flatMap((name) => [shortText(name), uint16(VARCHAR)]);
  const values = all.flatMap((row) => names.map((name) => longBytes(row[name] ?? Buffer.alloc(0))));
  return Buffer.concat([int32(2), int32(1), int32(names.length), shortText("system"), shortText("table"), ...columns, int32(all.length), ...values]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
