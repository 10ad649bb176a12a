import { isIP } from "node:net";
import { DNS_PORTS, type NameServer, parseNameServer } from "../../../schemas/name-server.js";
import { failureError } from "../../run/failure-error.js";

/** Where a name server listens, and how it is asked. */
export interface ServerAddress extends NameServer {
  readonly family: 4 | 6;
  /** As it is shown, and as part of a cache's key. */
  readonly text: string;
}

/** Reads a name server as inputs write it, and as this machine's configuration does: there an address may have a zone (fe80::1%eth0). */
export function parseServer(written: string): ServerAddress {
  if (isIP(written) !== 0) return serverAt(written);
  const server = parseNameServer(written);
  if (server === null)
    throw failureError(
      "resolve",
      "not_permitted",
      `${JSON.stringify(written)} is not a name server: give its IP address, with :port if it is not 53, or tls:// or https:// with its IP address`,
    );
  return withText(server);
}

/** A server that is asked without encryption. */
export function serverAt(address: string, port: number = DNS_PORTS.plain): ServerAddress {
  return withText({ transport: "plain", address, port, servername: null, path: null });
}

function withText(server: NameServer): ServerAddress {
  const { transport, address, port, servername, path } = server;
  const family = isIP(address) === 6 ? 6 : 4;
  const isUsual = port === DNS_PORTS[transport];
  const host = family === 6 && !(isUsual && transport === "plain") ? `[${address}]` : address;
  const scheme = transport === "plain" ? "" : `${transport}://`;
  const text = `${scheme}${host}${isUsual ? "" : `:${port}`}${path ?? ""}${servername === null ? "" : `#${servername}`}`;
  return { ...server, family, text };
}
