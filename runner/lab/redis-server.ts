import { encodeCommand, RespDecoder } from "../net/redis/resp.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface RedisServerSettings {
  readonly port?: number;
  /** Nothing but AUTH is answered without it. */
  readonly password?: string;
  readonly values?: Readonly<Record<string, string>>;
  /** Lines of INFO that take the place of, or follow, the usual ones. */
  readonly info?: Readonly<Record<string, string>>;
}

const INFO = { redis_version: "7.0.15", redis_mode: "standalone", uptime_in_seconds: "60", connected_clients: "1", maxclients: "10000" };
const REPLICATION = { role: "master", connected_slaves: "0", used_memory: "1048576", maxmemory: "0", maxmemory_policy: "noeviction", loading: "0" };

/** A small Redis server of version 2 of the protocol: AUTH, PING, INFO, TIME and GET. */
export function startRedisServer({ port = 0, password, values = {}, info = {} }: RedisServerSettings = {}): Promise<Listener> {
  const lines = Object.entries({ ...INFO, ...REPLICATION, ...info }).map(([name, value]) => `${name}:${value}`);
  return listen((socket) => new Client(socket, password ?? null, values, lines.join("\r\n")).start(), { port });
}

class Client {
  readonly #decoder = new RespDecoder();
  #isLoggedIn: boolean;

  constructor(
    readonly socket: AcceptedSocket,
    readonly password: string | null,
    readonly values: Readonly<Record<string, string>>,
    readonly info: string,
  ) {
    this.#isLoggedIn = password === null;
  }

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      this.#decoder.push(bytes);
      try {
        for (let command = this.#decoder.next(); command !== null; command = this.#decoder.next())
          if (command.type === "list") socket.write(this.#answer(command.items.map((item) => (item.type === "bulk" ? item.bytes.toString("utf8") : ""))));
      } catch {
        // What cannot be read ends the connection.
        socket.destroy();
      }
    });
  }

  #answer([name = "", ...words]: readonly string[]): string | Buffer {
    if (name === "AUTH") return this.#logIn(words.at(-1) ?? "");
    if (!this.#isLoggedIn) return "-NOAUTH Authentication required.\r\n";
    switch (name) {
      case "PING":
        return "+PONG\r\n";
      case "INFO":
        return bulk(`# Server\r\n${this.info}\r\n`);
      case "TIME":
        // A command is a list of bulk texts, and so is the answer to TIME.
        return encodeCommand(String(Math.floor(Date.now() / 1000)), String((Date.now() % 1000) * 1000));
      case "GET":
        return Object.hasOwn(this.values, words[0] ?? "") ? bulk(this.values[words[0] as string] as string) : "$-1\r\n";
      default:
        return "-ERR unknown command\r\n";
    }
  }

  #logIn(password: string): string {
    if (this.password === null) return "-ERR AUTH called without any password configured\r\n";
    this.#isLoggedIn = password === this.password;
    return this.#isLoggedIn ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  }
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
