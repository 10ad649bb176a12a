import { createHash, randomBytes } from "node:crypto";
import { encodePacket, integer, MysqlDecoder, type MysqlPacket, PacketReader, sized } from "../net/mysql/packet.js";
import { COMMAND } from "../net/mysql/session.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface MysqlServerSettings {
  readonly port?: number;
  readonly account?: { readonly username: string; readonly password: string };
  /** The row of SHOW REPLICA STATUS; a primary has none. */
  readonly replication?: Readonly<Record<string, string>>;
  /** The one value that each query gives. */
  readonly value?: string;
}

const ACCOUNT = { username: "lab", password: "lab-password" };
const VERSION = "10.11.0-MariaDB-lab";
/** CLIENT_PROTOCOL_41, transactions, a secure connection, plugins. */
const CAPABILITIES = 0x8_a201;
const NONCE_BYTES = 20;
const VAR_STRING = 0xfd;
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const END = Buffer.from([0xfe, 0, 0, 2, 0]);

/** A small MySQL server: a login by mysql_native_password, the facts that the probe asks for, and one value for any query. */
export function startMysqlServer(settings: MysqlServerSettings = {}): Promise<Listener> {
  return listen((socket) => new Client(socket, settings).start(), { port: settings.port ?? 0 });
}

class Client {
  readonly #decoder = new MysqlDecoder();
  readonly #account: NonNullable<MysqlServerSettings["account"]>;
  /** A nonce holds no NUL. */
  readonly #nonce = Buffer.from(randomBytes(NONCE_BYTES).map((byte) => byte | 1));
  #isLoggedIn = false;
  #number = 0;

  constructor(
    readonly socket: AcceptedSocket,
    readonly settings: MysqlServerSettings,
  ) {
    this.#account = settings.account ?? ACCOUNT;
  }

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      this.#decoder.push(bytes);
      try {
        for (let packet = this.#decoder.next(); packet !== null; packet = this.#decoder.next()) this.#take(packet);
      } catch {
        // What cannot be read ends the connection.
        socket.destroy();
      }
    });
    const low = integer(CAPABILITIES & 0xffff, 2);
    const high = integer(CAPABILITIES >>> 16, 2);
    const nonces = [this.#nonce.subarray(0, 8), Buffer.from([0]), low, Buffer.from([45, 2, 0]), high, Buffer.from([NONCE_BYTES + 1]), Buffer.alloc(10)];
    const greeting = [`${VERSION}\0`, integer(1, 4), ...nonces, this.#nonce.subarray(8), "\0mysql_native_password\0"];
    socket.write(encodePacket(0, 10, ...greeting));
  }

  #take({ number, body }: MysqlPacket): void {
    this.#number = number;
    if (!this.#isLoggedIn) this.#logIn(new PacketReader(body));
    else this.#answer(body[0] as number, body.toString("utf8", 1));
  }

  #logIn(reader: PacketReader): void {
    reader.take(32);
    const username = reader.text();
    const answer = reader.sized();
    const once = sha1(this.#account.password);
    const mask = sha1(this.#nonce, sha1(once));
    const expected = Buffer.from(once.map((byte, index) => byte ^ (mask[index] as number)));
    this.#isLoggedIn = username === this.#account.username && answer?.equals(expected) === true;
    if (this.#isLoggedIn) this.#send(OK);
    else {
      this.#send(error(1045, "28000", `Access denied for user '${username}'`));
      this.socket.end();
    }
  }

  #answer(command: number, text: string): void {
    const { replication, value = "1" } = this.settings;
    switch (command) {
      case COMMAND.ping:
        this.#send(OK);
        break;
      case COMMAND.query:
        if (text.startsWith("SELECT"))
          this.#rows([
            { version: VERSION, name: "lab", read_only: replication === undefined ? "0" : "1", max_connections: "151", time: String(Date.now()), db: "lab" },
          ]);
        else if (text.startsWith("SHOW GLOBAL")) this.#rows([status("Threads_connected", "1"), status("Uptime", "60")]);
        else if (text.startsWith("SHOW REPLICA")) this.#rows(replication === undefined ? [] : [replication]);
        else this.#send(OK);
        break;
      case COMMAND.prepare:
        this.#send(Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), column("value"), END);
        break;
      case COMMAND.execute:
        this.#send(Buffer.from([1]), column("value"), END, Buffer.concat([Buffer.from([0, 0]), sized(value)]), END);
        break;
      default:
        this.socket.end();
    }
  }

  #rows(rows: readonly Readonly<Record<string, string>>[]): void {
    const names = Object.keys(rows[0] ?? { Nothing: "" });
    const values = rows.map((row) => Buffer.concat(names.map((name) => sized(row[name] ?? ""))));
    this.#send(Buffer.from([names.length]), ...names.map(column), END, ...values, END);
  }

  #send(...bodies: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bodies.map((body) => encodePacket(++this.#number & 255, body))));
  }
}

function status(name: string, value: string): Record<string, string> {
  return { Variable_name: name, Value: value };
}

function column(name: string): Buffer {
  const empty = sized("");
  const names = [sized("def"), empty, empty, empty, sized(name), sized(name)];
  return Buffer.concat([...names, Buffer.from([12, 45, 0]), integer(1024, 4), Buffer.from([VAR_STRING, 0, 0, 0, 0, 0])]);
}

function error(number: number, state: string, message: string): Buffer {
  return Buffer.concat([Buffer.from([0xff]), integer(number, 2), Buffer.from(`#${state}${message}`)]);
}

function sha1(...parts: readonly (string | Buffer)[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash("sha1")).digest();
}
