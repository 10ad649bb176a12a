import { type Reply, replyText } from "./reply.js";

/** Where the server waits for the data connection. The address is null in a reply to EPSV, which has a port only. */
export interface DataEndpoint {
  readonly address: string | null;
  readonly port: number;
}

/** RFC 2428, section 3: `229 Entering Extended Passive Mode (|||6446|)`, with any character in place of the bars. Null for anything else. */
export function readExtendedPassive(reply: Reply): DataEndpoint | null {
  const [, , port] = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(replyText(reply)) ?? [];
  return endpoint(null, Number(port));
}

/** RFC 959, section 4.1.2: six numbers below 256. RFC 1123, section 4.1.2.6: some servers leave out the parentheses. */
export function readPassive(reply: Reply): DataEndpoint | null {
  const [, ...numbers] = /(?<![\d,])(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?![\d,])/.exec(replyText(reply)) ?? [];
  const bytes = numbers.map(Number);
  if (bytes.length !== 6 || bytes.some((byte) => byte > 255)) return null;
  const [high, low] = bytes.slice(4) as [number, number];
  return endpoint(bytes.slice(0, 4).join("."), high * 256 + low);
}

function endpoint(address: string | null, port: number): DataEndpoint | null {
  return port >= 1 && port <= 65_535 ? { address, port } : null;
}
