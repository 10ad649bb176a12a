import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { Address } from "./address.js";

/** What the system's resolver says of a host, outside of a run; an address is itself. Rejects with the system's error. */
export async function systemAddresses(host: string): Promise<Address[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family: family as 4 | 6 }];
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      if (error) reject(error);
      else resolve(found as Address[]);
    });
  });
}
