import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, TLSSocket } from "node:tls";

/** A key and its certificate chain, both PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

/** An accepted connection: plain, or TLS once it was upgraded. */
export type AcceptedSocket = Socket;

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** How many connections were accepted since the start. */
  readonly connections: number;
  /** How many of them are still open. */
  readonly openSockets: number;
  /** Stops listening, destroys open connections, and resolves when all are closed. */
  close(): Promise<void>;
}

/** Where a server of this process has been. */
const used = new Set<string>();

/**
 * Serves TCP, by default on the loopback address. Port 0 picks a free port that no earlier server of this process had: what the process
 * remembers of an address, such as answers of a name server or of a mail host, must not be taken for the later server's.
 */
export async function listen(accept: (socket: AcceptedSocket) => void, options: { host?: string; port?: number } = {}): Promise<Listener> {
  const listener = await listenAt(accept, options);
  const place = `${listener.host} ${listener.port}`;
  if ((options.port ?? 0) === 0 && used.has(place)) {
    // It stays open meanwhile, so that its port is not given again.
    const another = await listen(accept, options);
    await listener.close();
    return another;
  }
  used.add(place);
  return listener;
}

async function listenAt(accept: (socket: AcceptedSocket) => void, { host = "127.0.0.1", port = 0 }: { host?: string; port?: number }): Promise<Listener> {
  const open = new Set<Socket>();
  let connections = 0;
  // Half open: a peer that has said its last word may still wait for the answer.
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    connections += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    accept(socket);
  });
  await started(server, host, port);
  const address = server.address() as AddressInfo;
  let closing: Promise<void> | null = null;
  return {
    host: address.address,
    port: address.port,
    get connections() {
      return connections;
    },
    get openSockets() {
      return open.size;
    },
    close() {
      closing ??= stop(server, open);
      return closing;
    },
  };
}

function started(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off("error", reject);
      // An accept that fails for want of file descriptors concerns that connection, not the server.
      server.on("error", () => {});
      resolve();
    });
  });
}

function stop(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // The server counts a socket as gone before the socket itself says so: a caller that counts connections next must see none.
    const done = (): void => {
      if (open.size === 0 && !server.listening) resolve();
    };
    server.close(done);
    for (const socket of open) {
      socket.on("close", done);
      socket.destroy();
    }
  });
}

/** What a server of the lab allows: old versions and suites too, for scans to find. */
export type ServedTls = Pick<SecureContextOptions, "minVersion" | "maxVersion" | "ciphers" | "ecdhCurve" | "honorCipherOrder" | "ticketKeys"> & {
  /** Application protocols, the preferred one first (RFC 7301). */
  readonly alpn?: readonly string[];
};

/** The server's side of a TLS upgrade, of a new connection or after STARTTLS. What the socket has buffered is taken as TLS. */
export function serveTls(socket: AcceptedSocket, { certificate, key }: Certificate, { alpn, ...allowed }: ServedTls = {}): TLSSocket {
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({ cert: certificate, key, ...allowed }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  });
  // A failed handshake destroys the socket; the client reports why it failed.
  secure.on("error", () => secure.destroy());
  // What waits for a handshake that will not be finished is never sent, and would keep the socket open.
  const giveUp = (): void => void secure.destroy();
  secure.once("end", giveUp);
  secure.once("secure", () => secure.off("end", giveUp));
  return secure;
}
