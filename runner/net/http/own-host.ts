import { isIP } from "node:net";
import { addressUse } from "../transport/address-policy.js";

/** What a server may be called: the Host field of its requests. */
export interface OwnHost {
  /** The name or address that it was started with. */
  readonly listening: string;
  /** The address of this side of the connection. */
  readonly address: string;
  /** Names it is served by, in lower-case A-labels. */
  readonly names: readonly string[];
}

/**
 * Whether the Host field of a request names this server. A page of any site can let its own name lead to 127.0.0.1 once it is loaded (DNS
 * rebinding): the browser then takes what a server there answers for a part of that site, and only the Host field tells the difference.
 * Browsers always send one, so a request without it comes from a program.
 *
 * On other addresses than the loopback, a server that has no names answers to any: a client that can reach it needs no browser in between.
 */
export function isOwnHost(written: string | undefined, { listening, address, names }: OwnHost): boolean {
  if (written === undefined) return true;
  if (names.length === 0 && !isLoopback(plainAddress(address))) return true;
  const [, bracketed, plain = ""] = HOST_FIELD.exec(written) ?? [];
  const host = (bracketed ?? plain.replace(/\.$/, "")).toLowerCase();
  if (host === "") return false;
  return isLoopback(host) || host === plainAddress(address) || host === listening.toLowerCase() || names.includes(host);
}

/** An address without the wrapping of IPv4 that a socket for both families gives it. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

/** RFC 9110, 7.2: the host, and a port. */
const HOST_FIELD = /^(?:\[([0-9a-f:.]{2,45})\]|([^:[\]/@\s]{1,254}))(?::\d{0,5})?$/i;

/** `localhost` and the names under it never lead elsewhere (RFC 6761, 6.3). */
function isLoopback(host: string): boolean {
  if (isIP(host) !== 0) return addressUse(host).scope === "loopback";
  return host === "localhost" || host.endsWith(".localhost");
}
