import { type BsonDocument, type CommandValue, decodeDocument } from "../net/mongodb/bson.js";
import { encodeMessage } from "../net/mongodb/message.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";
import { scramSha256 } from "./smtp/scram.js";

type Document = { readonly [key: string]: CommandValue };

export interface MongoServerSettings {
  readonly port?: number;
  /** A login is needed if there is an account. */
  readonly account?: { readonly username: string; readonly password: string };
  /** What takes the place of, or follows, the usual answer to hello. */
  readonly hello?: Document;
  /** The answer to replSetGetStatus. */
  readonly status?: Document;
  /** What every find gives. */
  readonly documents?: readonly Document[];
}

const HELLO = { isWritablePrimary: true, maxWireVersion: 21, minWireVersion: 0, readOnly: false };
const PUBLIC: ReadonlySet<string> = new Set(["hello", "saslStart", "saslContinue", "ping", "buildInfo"]);
const HEADER_BYTES = 16;

/** A small MongoDB server: hello, a login by SCRAM-SHA-256, and documents for any find. */
export function startMongoServer(settings: MongoServerSettings = {}): Promise<Listener> {
  return listen((socket) => new Client(socket, settings).start(), { port: settings.port ?? 0 });
}

class Client {
  #received = Buffer.alloc(0);
  #isLoggedIn: boolean;
  #login: Login | null = null;

  constructor(
    readonly socket: AcceptedSocket,
    readonly settings: MongoServerSettings,
  ) {
    this.#isLoggedIn = settings.account === undefined;
  }

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      // What cannot be read ends the connection.
      this.#next().catch(() => socket.destroy());
    });
  }

  async #next(): Promise<void> {
    if (this.#received.length < HEADER_BYTES) return;
    const length = this.#received.readInt32LE(0);
    if (this.#received.length < length) return;
    const message = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    const answer = await this.#answer(decodeDocument(message.subarray(HEADER_BYTES + 5)));
    this.socket.write(encodeMessage(1, message.readInt32LE(4), answer));
  }

  async #answer(command: BsonDocument): Promise<Document> {
    const name = [...command.keys()][0] ?? "";
    if (!this.#isLoggedIn && !PUBLIC.has(name)) return refused(13, "Unauthorized", `Command ${name} requires authentication`);
    switch (name) {
      case "hello":
        return { ...HELLO, ...this.settings.hello, ok: 1 };
      case "ping":
        return { ok: 1 };
      case "buildInfo":
        return { version: "7.0.14", ok: 1 };
      case "listDatabases":
        return { databases: [], ok: 1 };
      case "find":
        return { cursor: { firstBatch: this.settings.documents ?? [], id: 0, ns: "lab.documents" }, ok: 1 };
      case "replSetGetStatus":
        return this.settings.status === undefined ? refused(76, "NoReplicationEnabled", "not running with --replSet") : { ...this.settings.status, ok: 1 };
      case "saslStart":
        this.#login = new Login(this.settings.account ?? { username: "", password: "" });
        return this.#continue(command);
      case "saslContinue":
        return this.#continue(command);
      default:
        return refused(59, "CommandNotFound", `no such command: '${name}'`);
    }
  }

  async #continue(command: BsonDocument): Promise<Document> {
    const payload = command.get("payload");
    const step = await this.#login?.take(Buffer.isBuffer(payload) ? payload : Buffer.alloc(0));
    if (step === undefined || step === null) return refused(18, "AuthenticationFailed", "Authentication failed.");
    this.#isLoggedIn = step.isLast;
    return { conversationId: 1, done: step.isLast, payload: Buffer.from(step.text), ok: 1 };
  }
}

interface Step {
  readonly text: string;
  readonly isLast: boolean;
}

/** One login: the client's messages come in by take(), which gives the server's answer to each; null is a refusal. */
class Login {
  #give: ((message: Buffer) => void) | null = null;
  #answered: ((step: Step | null) => void) | null = null;

  constructor(account: { readonly username: string; readonly password: string }) {
    const message = (): Promise<Buffer> => new Promise((resolve) => (this.#give = resolve));
    const exchange = {
      first: message,
      ask: (text: string): Promise<Buffer> => {
        const isLast = text.startsWith("v=");
        this.#answered?.({ text, isLast });
        return isLast ? Promise.resolve(Buffer.alloc(0)) : message();
      },
    };
    const done = (): void => this.#answered?.(null);
    scramSha256(exchange, { ...account }).then(done, done);
  }

  take(message: Buffer): Promise<Step | null> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#give?.(message);
    });
  }
}

function refused(code: number, codeName: string, errmsg: string): Document {
  return { ok: 0, errmsg, code, codeName };
}
