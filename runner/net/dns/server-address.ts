import { isIP } from "node:net";
import { failureError } from "../../run/failure-error.js";

/** Where a name server listens. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** As it is shown, and as part of a cache's key. */
  readonly text: string;
}

/** Reads `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`. */
export function parseServer(written: string): ServerAddress {
  const [, bracketed, plain, port = "53"] = FORM.exec(written) ?? [];
  const address = isIP(written) === 6 ? written : (bracketed ?? plain ?? "");
  const family = isIP(address);
  const number = isIP(written) === 6 ? 53 : Number(port);
  if (family === 0 || number < 1 || number > 65_535 || (family === 6 && plain === address)) {
    throw failureError("resolve", "not_permitted", `${JSON.stringify(written)} is not a name server: give its IP address, with :port if it is not 53`);
  }
  return serverAt(address, number);
}

export function serverAt(address: string, port = 53): ServerAddress {
  const family = isIP(address) === 6 ? 6 : 4;
  return { address, port, family, text: port === 53 ? address : family === 6 ? `[${address}]:${port}` : `${address}:${port}` };
}

const FORM = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;
