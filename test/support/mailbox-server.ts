import { createServer, type Socket } from "node:net";

export interface MailboxServerOptions {
  /** What RCPT is answered, by the whole address; null closes without an answer. */
  readonly answer: (address: string, server: MailboxServer) => string | null;
  readonly capabilities?: readonly string[];
  /** Closes after each 5yz to RCPT. */
  readonly closesAfterRefusal?: boolean;
  /** How many MAIL commands one connection may give: the next is refused with 451. */
  readonly transactionsPerConnection?: number;
  /** Awaited before QUIT is answered, with the number of the connection. */
  readonly beforeGoodbye?: (connection: number) => Promise<void>;
  readonly host?: string;
  readonly port?: number;
  /** Of each answer to RCPT. */
  readonly latencyMs?: number;
}

export interface MailboxServer {
  readonly host: string;
  readonly port: number;
  /** The commands of each connection, in order. */
  readonly connections: readonly (readonly string[])[];
  /** How many writes of the client arrived apart, over all connections. */
  readonly reads: number;
  /** The most connections that were open at one time. */
  readonly mostAtOnce: number;
  /** When each RCPT came, in milliseconds. */
  readonly askedAt: readonly number[];
  close(): Promise<void>;
}

/** A mail server for the loopback that knows some mailboxes, and notes what it hears. */
export async function startMailboxServer(options: MailboxServerOptions): Promise<MailboxServer> {
  const { host = "127.0.0.1" } = options;
  const sockets = new Set<Socket>();
  /** Who has not said goodbye yet. */
  const talkingNow = new Set<Socket>();
  const connections: string[][] = [];
  const askedAt: number[] = [];
  let reads = 0;
  let mostAtOnce = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    talkingNow.add(socket);
    mostAtOnce = Math.max(mostAtOnce, talkingNow.size);
    socket.on("close", () => {
      sockets.delete(socket);
      talkingNow.delete(socket);
    });
    socket.on("error", () => {});
    const commands: string[] = [];
    connections.push(commands);
    let rest = "";
    let talking = Promise.resolve();
    socket.write("220 mx.example.org ESMTP\r\n");
    socket.setEncoding("utf8").on("data", (text: string) => {
      reads += 1;
      const lines = (rest + text).split("\r\n");
      rest = lines.pop() as string;
      for (const line of lines) talking = talking.then(() => answer(line, socket, commands));
    });
  });
  const self: MailboxServer = {
    host,
    get port() {
      return (server.address() as { port: number }).port;
    },
    connections,
    askedAt,
    get reads() {
      return reads;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  async function answer(line: string, socket: Socket, commands: string[]): Promise<void> {
    if (socket.writableEnded || socket.destroyed) return;
    commands.push(line);
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "EHLO") socket.write(["mx.example.org", ...(options.capabilities ?? ["PIPELINING", "ENHANCEDSTATUSCODES"])].map(ehloLine).join(""));
    else if (verb === "QUIT") {
      talkingNow.delete(socket);
      await options.beforeGoodbye?.(connections.indexOf(commands));
      socket.end("221 2.0.0 bye\r\n");
    } else if (verb === "MAIL" && commands.filter((each) => each.startsWith("MAIL")).length > (options.transactionsPerConnection ?? Number.POSITIVE_INFINITY)) {
      socket.write("451 4.5.0 no further transaction in this session\r\n");
    } else if (verb !== "RCPT") socket.write("250 2.0.0 OK\r\n");
    else {
      askedAt.push(performance.now());
      if (options.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.latencyMs));
      const reply = options.answer(/<(.*)>/.exec(line)?.[1] ?? "", self);
      if (reply === null || (options.closesAfterRefusal && reply.startsWith("5"))) socket.end(reply === null ? "" : `${reply}\r\n`);
      else socket.write(`${reply}\r\n`);
    }
  }
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, host, resolve));
  return self;
}

function ehloLine(text: string, index: number, all: readonly string[]): string {
  return `250${index < all.length - 1 ? "-" : " "}${text}\r\n`;
}

/** Accepts ada, bob and cem only. */
export function knowsThree(address: string): string {
  return /^(ada|bob|cem)@/.test(address) ? "250 2.1.5 OK" : "550 5.1.1 User unknown";
}
