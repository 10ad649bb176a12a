import { createHash, randomBytes } from "node:crypto";
import { encodeMessage, FieldReader, int16, int32 } from "../net/postgresql/message.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface PostgresServerSettings {
  readonly port?: number;
  readonly account?: { readonly username: string; readonly password: string };
  readonly isReplica?: boolean;
  /** The one value that each query gives. */
  readonly value?: string;
}

const ACCOUNT = { username: "lab", password: "lab-password" };
const READY = encodeMessage("Z", Buffer.from("T"));
const TEXT_TYPE = 25;
const MD5_REQUEST = 5;
const SALT_BYTES = 4;

/** A small PostgreSQL server: a login by MD5, the facts that the probe asks for, and one value for any query. */
export function startPostgresServer({ port = 0, account = ACCOUNT, isReplica = false, value = "1" }: PostgresServerSettings = {}): Promise<Listener> {
  return listen((socket) => new Client(socket, account, isReplica, value).start(), { port });
}

class Client {
  #received = Buffer.alloc(0);
  #isStarted = false;
  readonly #salt = randomBytes(SALT_BYTES);

  constructor(
    readonly socket: AcceptedSocket,
    readonly account: NonNullable<PostgresServerSettings["account"]>,
    readonly isReplica: boolean,
    readonly value: string,
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

  /** Takes one message; false while none is complete. */
  #next(): boolean {
    const header = this.#isStarted ? 1 : 0;
    if (this.#received.length < header + 4) return false;
    const end = header + this.#received.readInt32BE(header);
    if (this.#received.length < end) return false;
    const message = this.#received.subarray(0, end);
    this.#received = this.#received.subarray(end);
    if (this.#isStarted) this.#answer(String.fromCharCode(message[0] as number), message.subarray(5));
    else this.#begin();
    return true;
  }

  #begin(): void {
    this.#isStarted = true;
    this.socket.write(encodeMessage("R", int32(MD5_REQUEST), this.#salt));
  }

  #answer(type: string, body: Buffer): void {
    switch (type) {
      case "p":
        this.#logIn(new FieldReader(body).text());
        break;
      case "Q":
        this.#query(new FieldReader(body).text());
        break;
      case "P":
        this.#send(encodeMessage("1"), encodeMessage("t", int16(0)), this.#columns(["value"]), READY);
        break;
      case "B":
        this.#send(encodeMessage("2"), row([this.value]), encodeMessage("C", "SELECT 1"), READY);
        break;
      default:
        if (type === "X") this.socket.end();
    }
  }

  #logIn(answer: string): void {
    const md5 = (...parts: readonly (string | Buffer)[]): string => parts.reduce((hash, part) => hash.update(part), createHash("md5")).digest("hex");
    const { username, password } = this.account;
    if (answer === `md5${md5(md5(password, username), this.#salt)}`)
      this.#send(encodeMessage("R", int32(0)), encodeMessage("S", "server_version", "15.8 (lab)"), READY);
    else this.socket.end(encodeMessage("E", "SFATAL", "VFATAL", "C28P01", `Mpassword authentication failed for user "${username}"`, 0));
  }

  #query(sql: string): void {
    const { isReplica } = this;
    const facts = [isReplica ? "t" : "f", "off", isReplica ? "42" : null, "0", String(Date.now()), "60", "1", "100", "lab"];
    if (sql === "") this.#send(encodeMessage("I"), READY);
    else if (sql.startsWith("SELECT")) this.#send(this.#columns(facts.map(() => "fact")), row(facts), encodeMessage("C", "SELECT 1"), READY);
    else this.#send(encodeMessage("C", "OK"), READY);
  }

  #columns(names: readonly string[]): Buffer {
    const columns = names.flatMap((name) => [name, int32(0), int16(0), int32(TEXT_TYPE), int16(-1), int32(-1), int16(0)]);
    return encodeMessage("T", int16(names.length), ...columns);
  }

  #send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }
}

function row(values: readonly (string | null)[]): Buffer {
  const fields = values.flatMap((value) => (value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)]));
  return encodeMessage("D", int16(values.length), ...fields);
}
