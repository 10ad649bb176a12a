import { type Failure, failure } from "../../../schemas/failure.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import type { WireRun } from "../../run/run-state.js";
import type { Connection } from "../transport/connection.js";
import { tcpGrant } from "../transport/dial.js";
import type { SecureOptions } from "../transport/secure-options.js";
import { requireTrusted, tlsGrant } from "../transport/tls.js";
import type { ServerAddress } from "./server-address.js";
import { framed } from "./tcp-framing.js";
import type { ReadReply } from "./udp.js";

export type TlsOptions = Omit<SecureOptions, "host"> & { readonly servername?: string; readonly verify: "ignore" | "report" | "require" };

/** Sends a query over TLS (RFC 7858). The certificate is judged by the caller, but for `require`, which sends nothing to a stranger. */
export async function exchangeByTls<Reply extends object>(
  state: WireRun,
  server: ServerAddress,
  query: Buffer,
  { tls: { verify, servername, ...secure }, timeoutMs }: { readonly tls: TlsOptions; readonly timeoutMs: number },
  read: ReadReply<Reply>,
): Promise<{ reply: Reply | Failure; tls: TlsFacts }> {
  const host = servername ?? server.address;
  const target = { host: server.address, port: server.port, address_family: "any", connect_timeout_ms: timeoutMs, isUntimed: true } as const;
  const connection = await tcpGrant(state).connect(target);
  try {
    const tls = await tlsGrant(state).secure(connection, { ...secure, host }, timeoutMs);
    if (verify === "require") requireTrusted(tls, host);
    return { reply: await replyOn(connection, query, read, timeoutMs), tls };
  } finally {
    connection.close();
  }
}

function replyOn<Reply extends object>(connection: Connection, query: Buffer, read: ReadReply<Reply>, timeoutMs: number): Promise<Reply | Failure> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    connection.readBy({
      received(text) {
        received = Buffer.concat([received, Buffer.from(text, "latin1")]);
        // A length before each message (RFC 1035, section 4.2.2) bounds what is kept: 64 KiB.
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const reply = read(received.subarray(2, 2 + received.readUInt16BE(0)));
        resolve(typeof reply === "string" ? failure("query", "protocol_violation", "a reply over TLS that cannot be read") : reply);
      },
      broken: ({ code, message }) => resolve(failure("query", code, message)),
    });
    connection.waitAtMost(timeoutMs);
    connection.write(framed(query));
  });
}
