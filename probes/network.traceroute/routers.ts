import { reverseName } from "../../runner/mail/dns-plan/reverse-name.js";
import type { ResolverGrant } from "../../runner/net/dns/capability.js";
import { txtText } from "../../runner/net/dns/txt-text.js";
import type { Hop, Input, Router } from "./schema.js";

/** A trace has few addresses; a path that answers with others each time does not make us ask without end. */
const MAX_ROUTERS = 100;
const MAX_NAMES = 4;
/** Origin AS records as the zones of Team Cymru have them: numbers, then the prefix that they announce. */
const ORIGIN = /^(\d{1,10})(?: \d{1,10}){0,20} \| ([0-9a-f.:]{2,45}\/\d{1,3}) \|/i;

/** What name servers say of each address of a trace. What they do not know is null, and no failure. */
export async function routersOf(hops: readonly Hop[], { resolve_names, as_zones, resolver }: Input, names: ResolverGrant): Promise<Router[]> {
  if (!resolve_names && as_zones === undefined) return [];
  const asking = resolver === undefined ? {} : { resolver };
  const addresses = [...new Set(hops.flatMap((hop) => hop.addresses))].slice(0, MAX_ROUTERS);
  return Promise.all(
    addresses.map(async (written): Promise<Router> => {
      const address = written.split("%", 1)[0] as string;
      const zone = address.includes(":") ? as_zones?.ipv6 : as_zones?.ipv4;
      const reverse = reverseName(address);
      const [pointers, origins] = await Promise.all([
        resolve_names ? names.query(reverse, "PTR", asking) : null,
        zone === undefined ? null : names.query(`${reverse.replace(/\.(?:in-addr|ip6)\.arpa$/, "")}.${zone}`, "TXT", asking),
      ]);
      const [, number, prefix] = (origins?.records ?? []).map((record) => ORIGIN.exec(txtText(record))).find((found) => found !== null) ?? [];
      return {
        address: written,
        names: (pointers?.records ?? []).slice(0, MAX_NAMES).map(String),
        as_number: number === undefined ? null : Number(number),
        as_prefix: prefix ?? null,
      };
    }),
  );
}
